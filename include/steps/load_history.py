"""Bring years of a source into the lake in one job: few queries, few validations, resumable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter

import pyarrow as pa

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest, RawManifest
from include.adapters.sources import Source, open_source
from include.contracts import HistoryResult
from include.core.partition import ONE_DAY, days_between, order_rows, plan_chunks, split_by_day
from include.errors import MAX_NAMED, ContractError, name_some
from include.settings import Settings
from include.specs import Specs
from include.steps.validate_partition import judge_partitions

log = logging.getLogger(__name__)

CHUNK_DAYS = 60
CHUNK_ROWS = 500_000
"""A chunk is read, judged and held in memory at once; a single day is never cut."""


@dataclass
class _Tally:
    """What has been done so far."""

    standing: list[CleanManifest] = field(default_factory=list)
    written: int = 0
    empty: int = 0
    refused: list[ContractError] = field(default_factory=list)


def run(
    settings: Settings,
    specs: Specs,
    dataset: str,
    first: date,
    last: date,
    report_progress: Callable[[int, int], None],
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
    report_progress
        Called after each chunk with days done and days in all.

    Returns
    -------
    HistoryResult
        Counts over the whole range; `written` are partitions that got a new revision.

    Raises
    ------
    FatalError
        Where the range is empty or leaves the days the dataset has rows for.
    ContractError
        At the end, where days were refused; names them and why.
    SourceError, SourceUnavailableError, SettingsError, SpecError, ConcurrentWriteError
        As for `ingest_partition` and `validate_partition`.
    """
    started = perf_counter()
    spec, tally, days = specs.dataset(dataset), _Tally(), (last - first).days + 1
    spec.require_days(first, last)
    with open_source(settings, spec) as source:
        for low, high in _chunks(source, first, last + ONE_DAY):
            _load_chunk(settings, specs, source, low, high, tally)
            report_progress((high - first).days, days)
    result = _summarize(dataset, first, last, tally)
    log.info(
        "loaded %s %s to %s: %d partitions, %d written, %d rows, %d quarantined,"
        " %d days empty, %d refused, %.2f s",
        dataset, first, last, result.partitions, result.written, result.rows, result.quarantined_rows,
        tally.empty, len(tally.refused), perf_counter() - started,
    )  # fmt: skip
    if tally.refused:
        raise _refusal(dataset, tally.refused)
    return result


def _chunks(source: Source, first: date, last_exclusive: date) -> Iterator[tuple[date, date]]:
    def count(low: date, high: date) -> int:
        rows = source.count_rows(low, high)
        return CHUNK_ROWS + 1 if rows is None else rows  # unknown: day by day

    return plan_chunks(first, last_exclusive, count_rows=count, most_days=CHUNK_DAYS, most_rows=CHUNK_ROWS)


def _load_chunk(
    settings: Settings, specs: Specs, source: Source, low: date, high: date, tally: _Tally
) -> None:
    spec, lake = source.spec, Lake(settings.lake_root)
    before = {manifest.ds: manifest for manifest in lake.clean_manifests(spec.dataset, low, high)}
    raws = _ingest_chunk(lake, source, low, high)
    tally.empty += (high - low).days - len(raws)
    for answer in judge_partitions(settings, specs, raws):
        if isinstance(answer, ContractError):
            tally.refused.append(answer)
        else:
            tally.standing.append(answer)
            tally.written += answer != before.get(answer.ds)


def _ingest_chunk(lake: Lake, source: Source, low: date, high: date) -> list[RawManifest]:
    spec = source.spec
    before = {manifest.ds: manifest.revision for manifest in lake.raw_manifests(spec.dataset, low, high)}
    rows = pa.Table.from_batches(source.read(low, high), source.schema)
    by_day = split_by_day(order_rows(rows, spec.key), spec.event_time)
    if not spec.budgets.min_rows:
        none: pa.Table = source.schema.empty_table()
        by_day = {day: by_day.get(day, none) for day in days_between(low, high)}
    return [
        lake.commit_raw(
            spec.dataset, day, table, spec.columns, source.describe(day), after=before.get(day, 0)
        )
        for day, table in by_day.items()
    ]


def _summarize(dataset: str, first: date, last: date, tally: _Tally) -> HistoryResult:
    return HistoryResult(
        dataset=dataset,
        first=first,
        last=last,
        partitions=len(tally.standing),
        written=tally.written,
        rows=sum(manifest.rows for manifest in tally.standing),
        quarantined_rows=sum(manifest.quarantined_rows for manifest in tally.standing),
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
