"""Write the model card of a version that was promoted."""

from __future__ import annotations

from include.adapters import mlflow_registry, mlflow_runs, warehouse
from include.adapters.files import write_atomically
from include.adapters.warehouse import ledger
from include.adapters.work_folders import work_folder
from include.contracts import EvaluationRef
from include.core.model_card import build_card
from include.core.model_card_text import card_markdown
from include.pages.render import render_page
from include.settings import Settings
from include.specs import ModelSpec
from include.steps.scorer import read_info

PAGE = "model_card.html"
TEXT = "model_card.md"


def write_card(settings: Settings, spec: ModelSpec, evaluation: EvaluationRef, entry_number: int) -> str:
    """Put the card, as a page and as Markdown, below the reports' root and into the version's run.

    It is made of what is on record: writing it again gives the same card.

    Parameters
    ----------
    settings
        The installation.
    spec
        The model's spec.
    evaluation
        How the version was judged.
    entry_number
        The ledger's entry of its promotion.

    Returns
    -------
    str
        Where the page lies, relative to the reports' root.
    """
    candidate = evaluation.candidate
    with warehouse.transaction(settings) as conn:
        promotion = ledger.read(conn, entry_number)
    tags = mlflow_registry.read_tags(settings, candidate.model, candidate.version)
    card = build_card(spec, read_info(settings, candidate), evaluation, promotion, tags)
    page = render_page("model_card.html", title=card.title, subtitle=card.subtitle, card=card)
    text = card_markdown(card)
    with work_folder(settings.work_root, "card-") as folder:
        (folder / PAGE).write_text(page, encoding="utf-8")
        (folder / TEXT).write_text(text, encoding="utf-8")
        mlflow_runs.log_files(settings, candidate.run_id, folder)
    shown = f"{candidate.model}/cards/version-{candidate.version}"
    write_atomically(settings.reports_root / f"{shown}.md", text.encode())
    write_atomically(settings.reports_root / f"{shown}.html", page.encode())
    return f"{shown}.html"
