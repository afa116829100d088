"""Say which version served a model on a day, trained on what, approved by whom, and why."""

from __future__ import annotations

from datetime import date, timedelta

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import PublicationRef
from include.contracts.ledger import LedgerEntry, LedgerKind
from include.core.ledger import serving_entry
from include.errors import NoChampionError
from include.settings import Settings


def run(settings: Settings, model: str, day: date) -> str:
    """Return the answer as lines of text, from the ledger alone; the night's publication stands beside it.

    Parameters
    ----------
    settings
        The installation; only the warehouse is asked.
    model
        Which model.
    day
        Which day.

    Raises
    ------
    NoChampionError
        When no version served it.
    """
    with warehouse.transaction(settings) as conn:
        entry = serving_entry(ledger.entries(conn, model), day)
        retired = warehouse.retirement(conn, model)
        published = warehouse.current_publications(conn, model, day, day + timedelta(days=1))
    if entry is None:
        raise NoChampionError(
            f"the ledger knows no version that serves {day}",
            where=f"model {model}",
            next_step="check the name of the model; nights before the first promotion have no champion",
        )
    lines = [("served by", _version(entry)), *_facts(entry), ("night", _night(published))]
    if retired is not None:
        lines.append(("retired", f"by {retired.actor or 'nobody named'}, entry {retired.ledger_number}"))
    width = max(len(name) for name, _ in lines)
    return "\n".join([f"{model} on {day}", *(f"  {name:<{width}}  {said}" for name, said in lines)])


def _version(entry: LedgerEntry) -> str:
    named = entry.body.get("semantic_version")
    return f"version {entry.body['version']}" + (f" ({named})" if named else "")


def _facts(entry: LedgerEntry) -> list[tuple[str, str]]:
    body = entry.body
    return [
        ("since", f"{body['effective_from']}, by {entry.kind}"),
        ("trained on", f"snapshot {body['snapshot_tag']}, content {body['snapshot_hash']}"),
        ("MLflow run", f"{body['run_id']}, files {body['artifact_sha256']}"),
        ("approved by", _approval(entry)),
        ("why", entry.reason),
        ("recorded", f"{entry.recorded_at} as entry {entry.number}"),
    ]


def _approval(entry: LedgerEntry) -> str:
    if entry.kind is LedgerKind.ROLLBACK:
        return f"rolled back by {entry.actor or 'nobody named'}"
    if entry.actor is None:
        return "nobody had to: its gates decided"
    return f"{entry.actor}: {entry.body.get('approval_reason')}"


def _night(published: list[PublicationRef]) -> str:
    if not published:
        return "not published"
    night = published[0]
    return f"revision {night.revision}, {night.rows:,} rows, scored by version {night.model_version}"
