"""Judge partitions by their contract: clean rows stay, broken ones go to quarantine or refuse the day."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from time import perf_counter

import pyarrow as pa

from include.adapters.files import write_atomically
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest, RawManifest, RuleResult
from include.contracts import CleanPartitionRef, PartitionRef
from include.core.judgement import Judgement, contract_sha256, judge_rows
from include.errors import ContractError, MissingPartitionError, SourceError
from include.pages import render_page
from include.settings import Settings
from include.specs import DatasetSpec, Specs

log = logging.getLogger(__name__)


def run(settings: Settings, specs: Specs, partition: PartitionRef) -> CleanPartitionRef:
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
    SpecError
        Where a rule cannot be evaluated.
    ConcurrentWriteError
        Where another run committed the partition meanwhile.
    """
    started = perf_counter()
    spec = specs.dataset(partition.dataset)
    raw = Lake(settings.lake_root).raw_manifest(partition.dataset, partition.ds)
    if raw is None:
        raise _never_ingested(partition)
    if raw.revision != partition.revision:
        log.info("revision %d was asked for, judging the newer %d", partition.revision, raw.revision)
    (outcome,) = judge_partitions(settings, spec, [raw])
    if isinstance(outcome, ContractError):
        raise outcome
    log.info(
        "validated %s %s: %d clean, %d quarantined, %d warned rows, revision %d, %.2f s",
        outcome.dataset, outcome.ds, outcome.rows, outcome.quarantined_rows, outcome.warned_rows,
        outcome.revision, perf_counter() - started,
    )  # fmt: skip
    return _clean_ref(outcome)


def judge_partitions(
    settings: Settings, spec: DatasetSpec, raws: Sequence[RawManifest]
) -> list[CleanManifest | ContractError]:
    """Judge many partitions of one dataset at once; each gets the answer it would get alone.

    Parameters
    ----------
    settings
        Where lake and reports lie.
    spec
        The dataset.
    raws
        The revisions to judge, one a day.

    Returns
    -------
    list
        For each partition its current clean revision, or why it is refused.
    """
    lake = Lake(settings.lake_root)
    standing = {raw.ds: lake.clean_manifest(raw.dataset, raw.ds) for raw in raws}
    answers: dict[object, CleanManifest | ContractError] = {}
    pending = []
    for raw in raws:
        manifest = standing[raw.ds]
        if manifest is not None and _still_stands(settings, lake, spec, raw, manifest):
            answers[raw.ds] = manifest
        else:
            pending.append(raw)
    for raw, judgement in _judge(lake, spec, pending):
        before = standing[raw.ds]
        answers[raw.ds] = _conclude(settings, lake, spec, raw, judgement, before.revision if before else 0)
    return [answers[raw.ds] for raw in raws]


def _still_stands(
    settings: Settings, lake: Lake, spec: DatasetSpec, raw: RawManifest, manifest: CleanManifest
) -> bool:
    same = (manifest.raw_sha256, manifest.contract_sha256) == (raw.content_sha256, contract_sha256(spec))
    return same and lake.is_intact(manifest) and (settings.reports_root / manifest.report).is_file()


def _judge(
    lake: Lake, spec: DatasetSpec, raws: Sequence[RawManifest]
) -> Iterator[tuple[RawManifest, Judgement]]:
    if not raws:
        return
    # Here and not above: importing Great Expectations takes seconds that a mere rerun need not spend.
    from include.adapters.gx_contract import failing_rows

    tables = [_read(lake, spec, raw) for raw in raws]
    for raw, table, failing in zip(raws, tables, failing_rows(tables, spec.contract), strict=True):
        yield raw, judge_rows(table, failing, spec)


def _read(lake: Lake, spec: DatasetSpec, raw: RawManifest) -> pa.Table:
    if raw.columns != spec.columns:
        raise SourceError(
            "the partition was ingested with other columns than the spec declares now",
            where=f"{raw.dataset} {raw.ds}",
            next_step="run ingest for this partition again",
        )
    return lake.read_raw(raw)


def _conclude(
    settings: Settings, lake: Lake, spec: DatasetSpec, raw: RawManifest, judgement: Judgement, after: int
) -> CleanManifest | ContractError:
    """Write the result page, then the clean rows, unless the partition is refused."""
    contract = contract_sha256(spec)
    # Named by what the answer follows from, so the page a manifest names never changes under it.
    report = f"{raw.dataset}/validation/{raw.ds}-{raw.content_sha256[:8]}-{contract[:8]}.html"
    page = render_page(
        "validation.html",
        title=f"{raw.dataset}, {raw.ds}",
        subtitle=spec.description,
        spec=spec,
        raw=raw,
        judgement=judgement,
        contract_sha256=contract,
    )
    write_atomically(settings.reports_root / report, page.encode())
    if judgement.refusals:
        return _refusal(raw, judgement, report)
    rules = [
        RuleResult(rule=o.expectation.rule, severity=o.expectation.severity, failed_rows=o.failed_rows)
        for o in judgement.outcomes
    ]
    with lake.draft_clean(raw, judgement.clean.schema, judgement.quarantine.schema) as draft:
        draft.clean.write(judgement.clean)
        draft.quarantine.write(judgement.quarantine)
        return lake.commit_clean(
            draft,
            contract_sha256=contract,
            warned_rows=judgement.warned_rows,
            rules=rules,
            report=report,
            after=after,
        )


def _refusal(raw: RawManifest, judgement: Judgement, report: str) -> ContractError:
    return ContractError(
        "; ".join(judgement.refusals),
        where=f"{raw.dataset} {raw.ds}",
        next_step=f"open the result page {report}; mend the rows in the source and run ingest again,"
        f" or change the contract in include/datasets/{raw.dataset}.yaml",
        dataset=raw.dataset,
        ds=raw.ds,
        report=report,
        refusals=judgement.refusals,
    )


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
