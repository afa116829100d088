"""Take a model out of service: no predictions, no weekly check, no champion; its record stays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import perf_counter

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import RetirementResult
from include.contracts.ledger import LedgerEntry, LedgerKind
from include.errors import FatalError, NoChampionError
from include.settings import Settings
from include.steps.archive_model import archive_model, archive_path
from include.steps.champion_aliases import follow_warehouse

log = logging.getLogger(__name__)


def run(
    settings: Settings, model: str, *, request: str, reason: str, actor: str | None, dry_run: bool = True
) -> RetirementResult:
    """Retire a model, or only say what that would change.

    First the files of all versions that ever served are copied into an archive below the reports' root;
    then, in one transaction, the retirement goes on record; then the alias `champion` is taken away.
    Nothing is deleted: registry, predictions and snapshots stay. A later promotion, or a rollback, puts
    the model back into service. Repeating a request changes nothing but what a killed run left undone.

    Parameters
    ----------
    settings
        The installation.
    model
        Which model.
    request
        Names this wish: the run that asked.
    reason, actor
        Why, and who asked.
    dry_run
        Whether nothing is to change.

    Raises
    ------
    NoChampionError
        When the model never served.
    FatalError
        When no reason is given, or the model is retired already.
    """
    started, reason = perf_counter(), reason.strip()
    key = f"{LedgerKind.RETIREMENT}:{model}:{request}"
    with warehouse.transaction(settings) as conn:
        entry = ledger.find(conn, key)
        served = warehouse.first_promotions(conn, model)
        retired = warehouse.retirement(conn, model)
    if entry is None:
        _refuse(model, reason, served=bool(served), retired=retired)
    versions, archive = sorted(served), archive_path(model, key)
    if dry_run and entry is None:
        log.info(
            "dry run: %s would be retired: no predictions, no weekly check, no champion; versions %s would be"
            " kept in %s. Nothing was changed",
            model, ", ".join(map(str, versions)), archive,
        )  # fmt: skip
        return RetirementResult(model=model, dry_run=True, versions=versions, archive=archive, reason=reason)
    if entry is None:
        sha256 = archive_model(settings, model, archive)
        details = {"versions": versions, "archive_sha256": sha256}
        entry = _record(settings, model, key, reason, actor, archive, details)
    follow_warehouse(settings, model)
    log.info("%s is retired: %s; archived in %s; %.1f s", model, reason, archive, perf_counter() - started)
    return RetirementResult(
        model=model, dry_run=False, versions=entry.body["versions"], archive=entry.body["archive"],
        reason=entry.reason, ledger_entry=entry.number,
    )  # fmt: skip


def _record(
    settings: Settings, model: str, key: str, reason: str, actor: str | None, archive: str,
    details: Mapping[str, object],
) -> LedgerEntry:  # fmt: skip
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        if ledger.find(conn, key) is None:
            _refuse(model, reason, served=True, retired=warehouse.retirement(conn, model))
        return warehouse.record_retirement(
            conn, model, key=key, reason=reason, actor=actor, archive=archive, details=details
        )


def _refuse(model: str, reason: str, *, served: bool, retired: warehouse.Retirement | None) -> None:
    where = f"model {model}"
    if not reason:
        raise FatalError(
            "a retirement needs a reason: it stays on record",
            where=f"{where}, parameter `reason`",
            next_step="trigger again and say why",
        )
    if not served:
        raise NoChampionError("it never served", where=where, next_step="nothing is to be done")
    if retired is not None:
        raise FatalError(
            f"it is retired already: {retired.reason}",
            where=f"{where}, ledger entry {retired.ledger_number}",
            next_step="nothing is to be done",
        )
