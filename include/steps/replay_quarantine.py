"""Put rows that a person mended back into their partitions, as new revisions."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.arrow_columns import arrow_schema
from include.adapters.correction_store import CorrectionStore
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CorrectionsManifest, RawManifest
from include.adapters.parquet_files import ROW_GROUP_ROWS, read_batches
from include.adapters.replay_file import file_sha256, read_replay_file
from include.contracts import CleanPartitionRef, ReplayedDay, ReplayResult
from include.core.corrections import (
    Correction,
    Row,
    corrections_table,
    join_corrections,
    key_holders,
    read_corrections,
    replay_overlay,
    row_sha256,
)
from include.core.replay import DayPlan, MendedRow, mended_rows, plan_replay
from include.errors import ContractError, FatalError, MissingPartitionError, ReplayError, name_some
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.steps import validate_partition
from include.steps.ingest_partition import comparison, partition_ref

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Replay:
    """What all steps of one replay need."""

    settings: Settings
    specs: Specs
    spec: DatasetSpec
    lake: Lake
    store: CorrectionStore
    file_sha256: str
    reason: str
    run_id: str | None

    def recorded(self, ds: date) -> bool:
        """Whether the file's corrections of a day are kept already."""
        manifest = self.store.manifest(self.spec.dataset, ds)
        return manifest is not None and self.file_sha256 in manifest.files

    def raw(self, ds: date) -> RawManifest:
        """Return the current revision of a day as read."""
        manifest = self.lake.raw_manifest(self.spec.dataset, ds)
        if manifest is None:
            raise MissingPartitionError(
                "no partition of this day was ever written, so no row can be put into it",
                where=f"{self.spec.dataset} {ds}",
                next_step="run ingest for this day first",
            )
        if manifest.columns != self.spec.columns:
            raise ReplayError(
                "the partition was ingested with other columns than the spec declares now",
                where=f"{self.spec.dataset} {ds}",
                next_step="run ingest for this partition, export its quarantine again and mend that file",
            )
        return manifest


def run(
    settings: Settings,
    specs: Specs,
    dataset: str,
    first: date,
    last: date,
    file: str,
    reason: str,
    *,
    dry_run: bool,
    run_id: str | None = None,
) -> ReplayResult:
    """Replay a file of mended rows.

    The corrections are kept beside their partitions and put over them whenever they are read, until the
    source changes the rows. Replaying a file again changes nothing; a replay that was killed goes on when
    it is started again with the same file.

    Parameters
    ----------
    settings
        Where lake and reports lie.
    specs
        All specs.
    dataset, first, last
        Whose rows, and the days that the file may be about, both inclusive.
    file
        What `export_quarantine` wrote, mended: CSV or Parquet.
    reason
        Why, for the record.
    dry_run
        Only say what would be done.
    run_id
        The Airflow run, recorded with what it writes.

    Returns
    -------
    ReplayResult
        What became of each partition concerned.

    Raises
    ------
    ReplayError
        Where the file does not fit what is in quarantine; nothing is written.
    ContractError
        At the end, where a partition is refused with its mended rows; the others are committed.
    FatalError
        Where no reason is given or days are impossible.
    MissingPartitionError, IntegrityError, ConcurrentWriteError, SpecError
        As for `validate_partition`.
    """
    started = perf_counter()
    spec = specs.dataset(dataset)
    spec.require_days(first, last)
    if not reason.strip():
        raise FatalError("a replay needs a reason", where=dataset, next_step="say why the rows were changed")
    path = Path(file)
    lake, store = Lake(settings.lake_root), CorrectionStore(settings.lake_root)
    replay = _Replay(settings, specs, spec, lake, store, file_sha256(path), reason.strip(), run_id)
    rows = list(mended_rows(read_replay_file(path, spec.columns), list(spec.columns)))
    _require_days_of_the_run(rows, first, last, path)
    plans, unchanged = _plan(replay, rows)
    _require_room(replay, plans, rows)
    result = ReplayResult(
        dataset=dataset,
        file_sha256=replay.file_sha256,
        dry_run=dry_run,
        unchanged=unchanged,
        days=[ReplayedDay(ds=ds, **plan.counts()) for ds, plan in plans.items()],
    )
    if not dry_run:
        result = result.model_copy(update={"days": _carry_out(replay, plans, result.days)})
    _log(result, perf_counter() - started)
    return result


def _plan(replay: _Replay, rows: Sequence[MendedRow]) -> tuple[dict[date, DayPlan], int]:
    """Plan the corrections; days that have them already keep them, and are gone through again."""
    days = sorted({row.ds for row in rows})
    recorded = [ds for ds in days if replay.recorded(ds)]
    quarantined = {ds: _quarantined(replay, ds) for ds in days if ds not in recorded}
    plans, unchanged = plan_replay(
        rows, quarantined, replay.spec.event_time, replay.reason, replay.file_sha256
    )
    return dict(sorted({**{ds: DayPlan() for ds in recorded}, **plans}.items())), unchanged


def _quarantined(replay: _Replay, ds: date) -> list[Row]:
    manifest = replay.lake.clean_manifest(replay.spec.dataset, ds)
    if manifest is None or manifest.raw_sha256 != replay.raw(ds).content_sha256:
        raise ReplayError(
            "the partition was read again and not judged since, so its quarantine is out of date",
            where=f"{replay.spec.dataset} {ds}",
            next_step="let validation finish, export the quarantine again and mend that file",
        )
    table = replay.lake.read_quarantine(manifest)
    rows: list[Row] = [] if table is None else table.select(list(replay.spec.columns)).to_pylist()
    return rows


def _require_days_of_the_run(rows: Sequence[MendedRow], first: date, last: date, path: Path) -> None:
    if outside := [row for row in rows if not first <= row.ds <= last]:
        named = name_some(f"row {row.number} ({row.ds})" for row in outside)
        raise ReplayError(
            f"{len(outside)} row(s) are of other days than {first} to {last}: {named}",
            where=str(path),
            next_step="name the days that the file was exported for",
        )


def _require_room(replay: _Replay, plans: Mapping[date, DayPlan], rows: Sequence[MendedRow]) -> None:
    """Refuse rows that would arrive on a day that is not there, or that has another row of their key."""
    for ds, plan in plans.items():
        raw = replay.raw(ds)
        if not plan.arriving or replay.recorded(ds):
            continue
        replay.spec.require_days(ds, ds)
        arriving = [correction.row for correction in plan.arriving if correction.row is not None]
        leaving = {row.name for row in rows if row.ds == ds}
        key = replay.spec.key
        holders = key_holders(_batches(replay.lake.verified_raw(raw)), key, arriving)
        if taken := [holder for holder in holders if row_sha256(holder) not in leaving]:
            named = name_some(", ".join(f"{name}={row[name]}" for name in key) for row in taken)
            raise ReplayError(
                f"{len(taken)} row(s) cannot be moved to {ds}, which has rows of the same key: {named}",
                where=f"{replay.spec.dataset} {ds}",
                next_step="leave them out, or mend their event time or key",
            )


def _carry_out(
    replay: _Replay, plans: Mapping[date, DayPlan], days: Sequence[ReplayedDay]
) -> list[ReplayedDay]:
    """Keep all corrections, then make the new revisions, then judge them.

    In each of these a row arrives on its new day before it leaves the old one, where it is in quarantine:
    a replay killed in between has lost nothing and put nothing twice into clean rows.
    """
    arrivals_first = sorted(plans, key=lambda ds: not plans[ds].arriving)
    for ds in arrivals_first:
        _keep(replay, ds, plans[ds].corrections)
    raws = {ds: _revise(replay, ds) for ds in arrivals_first}
    answers = {ds: _judge(replay, raws[ds]) for ds in arrivals_first}
    # Once more in the order of days: a check may look at an earlier one that was judged later just now.
    answers |= {ds: _judge(replay, raws[ds]) for ds in plans if len(plans) > 1}
    if refused := [error for error in answers.values() if isinstance(error, ContractError)]:
        raise _refusal(replay.spec.dataset, refused)
    return [day.model_copy(update=_after(answers[day.ds])) for day in days]


def _judge(replay: _Replay, raw: RawManifest) -> CleanPartitionRef | ContractError:
    try:
        return validate_partition.run(replay.settings, replay.specs, partition_ref(raw), replay.run_id)
    except ContractError as error:
        return error


def _after(answer: CleanPartitionRef | ContractError) -> dict[str, int]:
    if isinstance(answer, ContractError):
        return {}
    return {"revision": answer.revision, "rows": answer.rows, "quarantined_rows": answer.quarantined_rows}


def _keep(replay: _Replay, ds: date, corrections: Sequence[Correction]) -> None:
    """Record a day's corrections with those made before; a file that is recorded already adds nothing."""
    before = replay.store.manifest(replay.spec.dataset, ds)
    if before is not None and replay.file_sha256 in before.files:
        return
    joined = join_corrections(_kept(replay, before), corrections)
    table = corrections_table(joined, arrow_schema(replay.spec.columns))
    files = [*(before.files if before else []), replay.file_sha256]
    replay.store.write(replay.spec.dataset, ds, table, replay.spec.columns, files, before)


def _kept(replay: _Replay, manifest: CorrectionsManifest | None) -> list[Correction]:
    if manifest is None or manifest.columns != replay.spec.columns:
        return []  # corrections of other columns stay in their own revision's file
    return read_corrections(replay.store.read(manifest))


def _revise(replay: _Replay, ds: date) -> RawManifest:
    """Put the file's corrections over the rows as they are; a file that was put over them changes nothing."""
    raw, spec, work_root = replay.raw(ds), replay.spec, replay.settings.work_root
    manifest = replay.store.manifest(spec.dataset, ds)
    schema = arrow_schema(spec.columns)
    overlay = replay_overlay(_kept(replay, manifest), replay.file_sha256, schema, spec.key)
    # The file may be older than the order in which the spec lists its columns today.
    rows = (batch.select(schema.names) for batch in _batches(replay.lake.verified_raw(raw)))
    corrected = overlay.apply(rows)
    with replay.lake.draft_raw(spec.dataset, ds, corrected, schema, spec.key, work_root) as draft:
        return replay.lake.commit_raw(
            spec.dataset,
            ds,
            draft,
            spec.columns,
            {
                **raw.source,
                "corrections": manifest.content_sha256 if manifest else "",
                "replayed_file": replay.file_sha256,
                "replay_reason": replay.reason,
            },
            source_columns=raw.source_columns,
            compare=comparison(spec, work_root),
            after=raw.revision,
        )


def _batches(path: Path) -> Iterable[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from read_batches(file, ROW_GROUP_ROWS)


def _refusal(dataset: str, refused: Sequence[ContractError]) -> ContractError:
    reasons = "; ".join(f"{error.facts['ds']}: {error.what}" for error in refused)
    return ContractError(
        f"{len(refused)} day(s) refused with their mended rows, all others are committed: {reasons}",
        where=dataset,
        next_step=f"open the result page of a day, such as {refused[0].facts['report']}; export, mend and"
        " replay again, or change the contract",
        dataset=dataset,
        days=[error.facts["ds"] for error in refused],
        report=refused[0].facts["report"],
    )


def _log(result: ReplayResult, seconds: float) -> None:
    verb = "would change" if result.dry_run else "changed"
    for day in result.days:
        log.info(
            "%s %s %s: %d rows replaced, %d left out, %d moved away, %d arrived",
            verb, result.dataset, day.ds, day.replaced, day.left_out, day.moved_away, day.arrived,
        )  # fmt: skip
    log.info(
        "replay of %s: %d partition(s), %d row(s) of the file unchanged, %.2f s",
        result.dataset, len(result.days), result.unchanged, seconds,
    )  # fmt: skip
