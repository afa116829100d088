"""A model card says what is on record, as a page and as Markdown alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from markupsafe import escape

from include.contracts import CandidateRef, Decision, EvaluationRef, MetricEstimate, SnapshotRef, Verdict
from include.contracts.ledger import LedgerEntry, LedgerKind
from include.core.model_card import ModelCard, Section, build_card
from include.core.model_card_text import card_markdown
from include.core.model_info import Holdout, ModelInfo
from include.pages.render import render_page
from include.specs import ModelSpec
from tests.support.churn import model_document

AS_OF = date(2024, 3, 1)
LIMIT = "Do not use it for <business> customers | see *policy*."
SNAPSHOT = SnapshotRef(
    model="churn", as_of=AS_OF, tag="churn/2024-02-29-abc", commit="c", content_hash="h", listings={},
    partitions=30, rows=12_345,
)  # fmt: skip
EVIDENCE = EvaluationRef(
    candidate=CandidateRef(
        model="churn", version=3, run_id="run", as_of=AS_OF, artifact_sha256="a" * 64, snapshot=SNAPSHOT
    ),
    champion_version=2,
    holdout_first=date(2024, 2, 1),
    holdout_last=date(2024, 2, 28),
    holdout_rows=4_210,
    metrics={
        "roc_auc_score": MetricEstimate(value=0.8421, lower=0.8312, upper=0.853),
        "log_loss": MetricEstimate(value=0.44),
    },
    champion_metrics={"roc_auc_score": MetricEstimate(value=0.8308, lower=0.8196, upper=0.842)},
    decisions=[
        Decision(gate="absolute.roc_auc_score", verdict=Verdict.PASSED, reasons=["0.8421 is enough"]),
        Decision(gate="slice.country", verdict=Verdict.NOT_ENOUGH_EVIDENCE, reasons=["12 rows of FRA"]),
    ],
)


def entry(actor: str | None = "ada", **body: Any) -> LedgerEntry:
    facts = {
        "effective_from": "2024-03-01", "semantic_version": "1.1.0", "raised": "minor",
        "changed": ["features"], "requested_by": "ben", "approval_reason": "looks right",
        "evidence_sha256": "e" * 64,
    }  # fmt: skip
    return LedgerEntry(
        number=7, kind=LedgerKind.PROMOTION, model="churn", key="k", actor=actor, reason="r",
        recorded_at="2024-03-01T08:00:00.000000Z", body=facts | body,
    )  # fmt: skip


def card(promotion: LedgerEntry | None = None, **words: Any) -> ModelCard:
    spec = ModelSpec.model_validate(model_document("churn") | words)
    info = ModelInfo(
        model="churn", entity_key=["id"], features=spec.features, threshold=0.4,
        threshold_rule="the best F1 score", holdout=Holdout(first=date(2024, 2, 1), last=date(2024, 2, 28)),
        rows={"used": 11_000}, estimator="linear", params={"C": 0.5}, seed=7,
        spec=spec.model_dump(mode="json"),
    )  # fmt: skip
    return build_card(spec, info, EVIDENCE, promotion or entry(), {"code_commit": "f" * 40})


def section(found: ModelCard, heading: str) -> Section:
    return next(one for one in found.sections if one.heading == heading)


def test_every_part_of_a_card_is_there() -> None:
    assert [one.heading for one in card().sections] == [
        "Purpose", "Data", "Fit", "Metrics", "Groups", "Gates", "Limits", "Who agreed", "Lineage",
    ]  # fmt: skip
    assert (card().title, card().subtitle) == ("churn 1.1.0", "Version 3, champion from 2024-03-01 on")


def test_metrics_stand_beside_the_version_before_with_their_intervals() -> None:
    table = section(card(), "Metrics").table
    assert table is not None
    assert table.head == ["Metric", "Better", "This version", "Version 2 before it"]
    assert table.rows == [
        ["roc_auc_score", "higher", "0.8421 (0.8312 to 0.8530)", "0.8308 (0.8196 to 0.8420)"],
        ["log_loss", "lower", "0.4400", "–"],
    ]


def test_groups_are_apart_from_the_other_gates() -> None:
    groups, gates = section(card(), "Groups").table, section(card(), "Gates").table
    assert groups is not None
    assert gates is not None
    assert groups.rows == [["slice.country", "not enough evidence", "12 rows of FRA"]]
    assert [row[0] for row in gates.rows] == ["absolute.roc_auc_score"]


@pytest.mark.parametrize(
    ("promotion", "facts"),
    [
        (entry(), {"Approved by": "ada: looks right", "Training asked for by": "ben",
                   "Semantic version": "1.1.0: minor (features changed)"}),
        (entry(None, requested_by=None, raised="patch", changed=[]),
         {"Approved by": "nobody had to agree",
          "Training asked for by": "a schedule or the weekly check",
          "Semantic version": "1.1.0: patch (the data alone changed)"}),
        (entry(None, raised=None, semantic_version="1.0.0"),
         {"Semantic version": "1.0.0: the first version"}),
    ],
    ids=["a person", "nobody", "the first"],
)  # fmt: skip
def test_who_agreed_is_said(promotion: LedgerEntry, facts: dict[str, str]) -> None:
    assert facts.items() <= dict(section(card(promotion), "Who agreed").facts).items()


def test_the_owner_s_words_stand_first_among_the_limits() -> None:
    assert section(card(limits=[LIMIT]), "Limits").sentences[0] == LIMIT
    assert "has not written down" in section(card(), "Limits").sentences[-1]


def test_page_and_markdown_say_all_of_it_and_run_none_of_it() -> None:
    found = card(limits=[LIMIT], intended_use="Letters to those at risk.")
    page = render_page("model_card.html", title=found.title, subtitle=found.subtitle, card=found)
    text = card_markdown(found)
    assert "&lt;business&gt;" in page
    assert "\\<business\\> customers \\| see \\*policy\\*" in text
    for one in found.sections:
        for name, _ in one.facts:
            assert escape(name) in page
            assert f"- **{name}:**" in text
    assert "| roc\\_auc\\_score | higher | 0.8421 (0.8312 to 0.8530) | 0.8308 (0.8196 to 0.8420) |" in text
