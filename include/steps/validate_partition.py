"""Judge partitions by their contract: clean rows stay, broken ones go to quarantine or refuse the day."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from time import perf_counter

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest, RawManifest
from include.adapters.neighbours import Neighbours
from include.contracts import CleanPartitionRef, PartitionRef
from include.core.judgement import contract_sha256
from include.errors import ContractError, MissingPartitionError
from include.settings import Settings
from include.specs import DatasetSpec, Specs

log = logging.getLogger(__name__)


def run(
    settings: Settings, specs: Specs, partition: PartitionRef, run_id: str | None = None
) -> CleanPartitionRef:
    """Judge a partition's newest revision and commit its clean rows.

    The result page is written in any case. Where the same rows were judged by the same contract
    before, that answer is returned without judging again.

    Parameters
    ----------
    settings
        Where lake and reports lie.
    specs
        All specs.
    partition
        What ingest wrote. Where a newer revision has been ingested since, the newer one is judged.
    run_id
        The Airflow run, recorded with what it writes.

    Returns
    -------
    CleanPartitionRef
        The current clean revision.

    Raises
    ------
    ContractError
        Where a `block` rule fails or a budget is broken; no clean row is written. Its facts name the
        result page (`report`).
    MissingPartitionError
        Where the partition was never ingested.
    SourceError
        Where it was ingested with other columns than the spec declares.
    SpecError
        Where a rule cannot be evaluated.
    NotReadyError
        Where a check needs another dataset's partition that is not there yet.
    VerdictError, IntegrityError
        Where the two engines that judge rows disagree; where stored bytes are damaged.
    ConcurrentWriteError
        Where another run committed the partition meanwhile.
    """
    started = perf_counter()
    raw = Lake(settings.lake_root).raw_manifest(partition.dataset, partition.ds)
    if raw is None:
        raise _never_ingested(partition)
    if raw.revision != partition.revision:
        log.info("revision %d was asked for, judging the newer %d", partition.revision, raw.revision)
    (outcome,) = judge_partitions(settings, specs, [raw], run_id)
    if isinstance(outcome, ContractError):
        raise outcome
    log.info(
        "validated %s %s: %d clean, %d quarantined, %d warned rows, revision %d, %.2f s",
        outcome.dataset, outcome.ds, outcome.rows, outcome.quarantined_rows, outcome.warned_rows,
        outcome.revision, perf_counter() - started,
    )  # fmt: skip
    return _clean_ref(outcome)


def judge_partitions(
    settings: Settings, specs: Specs, raws: Sequence[RawManifest], run_id: str | None = None
) -> list[CleanManifest | ContractError]:
    """Judge many partitions of one dataset; each gets the answer it would get alone.

    Parameters
    ----------
    settings
        Where lake and reports lie.
    specs
        All specs.
    raws
        The revisions to judge: one dataset, one a day, days ascending.
    run_id
        The Airflow run, recorded with what it writes.

    Returns
    -------
    list
        For each partition its current clean revision, or why it is refused.
    """
    if not raws:
        return []
    lake, spec = Lake(settings.lake_root), specs.dataset(raws[0].dataset)
    neighbours = Neighbours(lake, spec.dataset, raws[0].ds)
    answers: dict[date, CleanManifest | ContractError] = {}
    pending: list[RawManifest] = []
    for raw in raws:
        manifest = None if pending and spec.checks else lake.clean_manifest(raw.dataset, raw.ds)
        if manifest is not None and _still_stands(settings, lake, spec, raw, manifest, neighbours):
            answers[raw.ds] = manifest
        else:
            pending.append(raw)
    if pending:
        # Here and not above: a mere rerun need not load the engines that judge.
        from include.steps.judge_rows import judge_rows

        answers |= judge_rows(settings, specs, spec, pending, neighbours, run_id)
    return [answers[raw.ds] for raw in raws]


def _still_stands(
    settings: Settings,
    lake: Lake,
    spec: DatasetSpec,
    raw: RawManifest,
    manifest: CleanManifest,
    neighbours: Neighbours,
) -> bool:
    same = (manifest.raw_sha256, manifest.contract_sha256) == (raw.content_sha256, contract_sha256(spec))
    return (
        same
        and manifest.context_sha256 == _context_sha256(spec, raw, neighbours)
        and lake.is_intact(manifest)
        and (settings.reports_root / manifest.report).is_file()
    )


def _context_sha256(spec: DatasetSpec, raw: RawManifest, neighbours: Neighbours) -> str | None:
    if not spec.checks:
        return None
    from include.steps.context_checks import context_sha256

    return context_sha256(neighbours, spec, raw.ds)


def _never_ingested(partition: PartitionRef) -> MissingPartitionError:
    return MissingPartitionError(
        "the partition was never ingested",
        where=f"{partition.dataset} {partition.ds}",
        next_step="run ingest for this day first",
    )


def _clean_ref(manifest: CleanManifest) -> CleanPartitionRef:
    return CleanPartitionRef(
        dataset=manifest.dataset,
        ds=manifest.ds,
        revision=manifest.revision,
        rows=manifest.rows,
        quarantined_rows=manifest.quarantined_rows,
        warned_rows=manifest.warned_rows,
        content_sha256=manifest.content_sha256,
        content_md5=manifest.content_md5,
        report=manifest.report,
    )
