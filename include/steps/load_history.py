"""Bring years of a source into the lake in one job: few queries, few validations, resumable."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest, RawManifest
from include.adapters.sources import Source, open_source
from include.contracts import HistoryResult
from include.core.partition import ONE_DAY, plan_chunks
from include.errors import MAX_NAMED, ContractError, FatalError, name_some
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.steps.history_chunks import write_chunk
from include.steps.read_days import WatchedSource
from include.steps.validate_partition import judge_partitions

log = logging.getLogger(__name__)

CHUNK_DAYS = 60
CHUNK_ROWS = 500_000
"""A chunk is read and judged at once; a single day is never cut, and need not fit into memory."""


@dataclass
class _Load:
    """A load under way: what it works with and what has been done so far."""

    settings: Settings
    specs: Specs
    source: WatchedSource
    lake: Lake
    only: frozenset[date] | None
    run_id: str | None
    waiting: list[RawManifest] = field(default_factory=list)
    standing: list[CleanManifest] = field(default_factory=list)
    refused: list[ContractError] = field(default_factory=list)
    written: int = 0
    left_out: int = 0


def run(
    settings: Settings,
    specs: Specs,
    dataset: str,
    first: date,
    last: date,
    only: frozenset[date] | None = None,
    run_id: str | None = None,
) -> HistoryResult:
    """Ingest and validate a range of days; each partition becomes what its own nightly run would make it.

    Days are committed chunk by chunk, so a run that was killed goes on where it stopped when it is
    started again. A refused day does not stop the others. A day without rows becomes an empty
    partition if the budget allows none, otherwise it is left out.

    Parameters
    ----------
    settings
        Where lake and reports lie and how to reach the source.
    specs
        All specs.
    dataset
        What to load.
    first, last
        First and last day, both inclusive.
    only
        The days of the range that are written, by default all.
    run_id
        The Airflow run, recorded with what it writes.

    Returns
    -------
    HistoryResult
        Counts over the whole range; `written` are partitions that got a new revision.

    Raises
    ------
    FatalError
        Where the range is empty or leaves the days the dataset has rows for, or the source holds only its
        present state.
    ContractError
        At the end, where days were refused; names them and why.
    SourceError, SourceUnavailableError, SettingsError, SpecError, ConcurrentWriteError
        As for `ingest_partition` and `validate_partition`.
    """
    started = perf_counter()
    spec, days = specs.dataset(dataset), (last - first).days + 1
    _require_past(spec, first, last)
    with open_source(settings, spec) as source:
        lake = Lake(settings.lake_root)
        load = _Load(settings, specs, WatchedSource(source, lake), lake, only, run_id)
        judged = first
        for low, high in _chunks(source, first, last + ONE_DAY):
            _write(load, low, high)
            if high > last or _is_enough(load, judged, high):
                _judge(load, judged, high)
                judged = high
                _log_progress(load, (high - first).days, days, perf_counter() - started)
    result = _summarize(dataset, first, last, load)
    log.info(
        "loaded %s %s to %s: %d partitions, %d written, %d rows, %d quarantined,"
        " %d days left out, %d refused, %.2f s",
        dataset, first, last, result.partitions, result.written, result.rows, result.quarantined_rows,
        load.left_out, len(load.refused), perf_counter() - started,
    )  # fmt: skip
    if load.refused:
        raise _refusal(dataset, load.refused)
    return result


def _require_past(spec: DatasetSpec, first: date, last: date) -> None:
    spec.require_days(first, last)
    if spec.holds_only_present:
        raise FatalError(
            "the source holds only its present state, so its past cannot be loaded",
            where=f"dataset {spec.dataset}",
            next_step="let the daily runs collect it; if the source keeps its history, write source.query"
            " with the parameter :ds, and any day can be read",
        )


def _chunks(source: Source, first: date, last_exclusive: date) -> Iterator[tuple[date, date]]:
    def count(low: date, high: date) -> int:
        rows = source.count_rows(low, high)
        return CHUNK_ROWS + 1 if rows is None else rows  # unknown: day by day

    return plan_chunks(first, last_exclusive, count_rows=count, most_days=CHUNK_DAYS, most_rows=CHUNK_ROWS)


def _write(load: _Load, low: date, high: date) -> None:
    raws = write_chunk(load.settings.work_root, load.lake, load.source, low, high, load.only)
    load.waiting += raws
    load.left_out += (high - low).days - len(raws)


def _is_enough(load: _Load, judged: date, high: date) -> bool:
    """Say whether the days written wait in such a number that they are judged at once."""
    rows = sum(manifest.rows for manifest in load.waiting)
    return (high - judged).days >= CHUNK_DAYS or rows >= CHUNK_ROWS


def _judge(load: _Load, low: date, high: date) -> None:
    dataset = load.source.spec.dataset
    before = {manifest.ds: manifest for manifest in load.lake.clean_manifests(dataset, low, high)}
    for answer in judge_partitions(load.settings, load.specs, load.waiting, load.run_id):
        if isinstance(answer, ContractError):
            load.refused.append(answer)
        else:
            load.standing.append(answer)
            load.written += answer != before.get(answer.ds)
    load.waiting = []


def _log_progress(load: _Load, done: int, days: int, seconds: float) -> None:
    log.info(
        "%d of %d days of %s: %d rows read, %d partitions written, %d refused, %.1f days/s, %.0f s to go",
        done, days, load.source.spec.dataset, load.source.rows, load.written, len(load.refused),
        done / seconds, (days - done) * seconds / done,
    )  # fmt: skip


def _summarize(dataset: str, first: date, last: date, load: _Load) -> HistoryResult:
    return HistoryResult(
        dataset=dataset,
        first=first,
        last=last,
        partitions=len(load.standing),
        written=load.written,
        rows=sum(manifest.rows for manifest in load.standing),
        quarantined_rows=sum(manifest.quarantined_rows for manifest in load.standing),
    )


def _refusal(dataset: str, refused: list[ContractError]) -> ContractError:
    days = [error.facts["ds"] for error in refused]
    reasons = "; ".join(f"{error.facts['ds']}: {error.what}" for error in refused[:MAX_NAMED])
    return ContractError(
        f"{len(refused)} day(s) refused, all others are committed: {name_some(days)}. {reasons}",
        where=dataset,
        next_step=f"open the result page of a day, such as {refused[0].facts['report']}; mend the source or"
        " the contract and start the load again: it redoes only what changed",
        dataset=dataset,
        days=days,
        reports=[error.facts["report"] for error in refused],
    )
