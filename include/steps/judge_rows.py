"""The work behind a validation: two engines look at the rows, and partitions are split if they agree.

Great Expectations says which rules hold, DuckDB finds the rows that fail. Both see all rows, at the same
time, and neither is told what the other found.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from threading import Event

import pyarrow as pa

from include.adapters.contract_scan import Findings, RowScan, open_scan
from include.adapters.files import write_atomically
from include.adapters.lake import CleanDraft, Lake
from include.adapters.lake_manifests import CleanManifest, RawManifest, RuleResult
from include.adapters.neighbours import Neighbours
from include.adapters.row_rules import RowRule, contract_rules
from include.core.judgement import Judgement, RuleOutcome, contract_sha256, judge_partition
from include.core.observed import key_texts, observed_texts
from include.core.quarantine import BrokenRows, quarantine_schema, split_rows
from include.errors import ContractError, SourceError, VerdictError, name_some
from include.pages import render_page
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.steps.context_checks import Context, look_around


@dataclass(frozen=True)
class _Trial:
    """A partition being judged; `before` is its clean revision when that began, 0 for none."""

    raw: RawManifest
    path: Path
    found: Findings
    before: int


@dataclass(frozen=True)
class _Court:
    """What all partitions are judged with."""

    settings: Settings
    specs: Specs
    spec: DatasetSpec
    lake: Lake
    neighbours: Neighbours
    scan: RowScan
    rules: list[RowRule]
    run_id: str | None


def judge_rows(
    settings: Settings,
    specs: Specs,
    spec: DatasetSpec,
    raws: Sequence[RawManifest],
    neighbours: Neighbours,
    run_id: str | None,
) -> dict[date, CleanManifest | ContractError]:
    """Judge partitions anew, days ascending, so that each can look at those before it.

    Parameters
    ----------
    settings, specs, run_id
        As for `judge_partitions`.
    spec
        The dataset.
    raws
        The revisions to judge, one a day.
    neighbours
        The partitions around them.

    Returns
    -------
    dict
        By day, the current clean revision or why the partition is refused.

    Raises
    ------
    VerdictError
        Where the engines disagree; nothing of these partitions was written then.
    """
    lake = Lake(settings.lake_root)
    before = [_revision(lake.clean_manifest(raw.dataset, raw.ds)) for raw in raws]
    paths = [_path_of(lake, spec, raw) for raw in raws]
    asked = [path for raw, path in zip(raws, paths, strict=True) if raw.rows]
    rules = contract_rules(spec.contract, spec.columns)
    with open_scan(settings.work_root) as scan, _verdict(settings, spec, asked) as verdict:
        court = _Court(settings, specs, spec, lake, neighbours, scan, rules, run_id)
        found = [scan.find(path, rules) for path in paths]
        trials = [_Trial(*parts) for parts in zip(raws, paths, found, before, strict=True)]
        agreement = _Agreement(spec, rules, found, verdict)
        return {trial.raw.ds: _conclude(court, trial, agreement) for trial in trials}


def _revision(manifest: CleanManifest | None) -> int:
    return manifest.revision if manifest else 0


def _path_of(lake: Lake, spec: DatasetSpec, raw: RawManifest) -> Path:
    if raw.columns != spec.columns:
        raise SourceError(
            "the partition was ingested with other columns than the spec declares now",
            where=f"{raw.dataset} {raw.ds}",
            next_step="run ingest for this partition again",
        )
    return lake.verified_raw(raw)


@contextmanager
def _verdict(settings: Settings, spec: DatasetSpec, paths: list[Path]) -> Iterator[Future[list[bool]]]:
    """Ask Great Expectations on a thread of its own: importing it alone takes seconds."""
    abandoned = Event()
    with ThreadPoolExecutor(1, "great-expectations") as pool:
        try:
            yield pool.submit(_ask_great_expectations, settings.work_root, spec, paths, abandoned)
        finally:
            abandoned.set()  # or what fails here would wait for an answer that it does not need


def _ask_great_expectations(
    work_root: Path, spec: DatasetSpec, paths: list[Path], abandoned: Event
) -> list[bool]:
    if not paths:
        return [True] * len(spec.contract)
    gc.disable()  # an import leaves nothing to collect, and searching for it takes a sixth of its time
    try:
        from include.adapters import gx_contract
    finally:
        gc.enable()
    return gx_contract.judge_contract(paths, spec.contract, work_root, abandoned)


@dataclass(frozen=True)
class _Agreement:
    """What both engines found over all partitions."""

    spec: DatasetSpec
    rules: list[RowRule]
    found: list[Findings]
    verdict: Future[list[bool]]

    def require(self) -> None:
        """Wait for the verdict; raise `VerdictError` unless it is what the scan found."""
        scanned = [not any(counts) for counts in zip(*(f.failed_rows for f in self.found), strict=True)]
        pairs = zip(self.rules, self.verdict.result(), scanned, strict=True)
        if disputed := [rule.name for rule, holds, clean in pairs if holds is not clean]:
            raise VerdictError(
                "Great Expectations and the scan for failing rows disagree whether these rules hold:"
                f" {name_some(disputed)}",
                where=f"dataset {self.spec.dataset}",
                next_step="nothing was written; say the rule in another way, and report the rule and its"
                " column's values as a bug of this project",
                rules=disputed,
            )


def _conclude(court: _Court, trial: _Trial, agreement: _Agreement) -> CleanManifest | ContractError:
    """Refuse a partition or commit its rows; the result page is written in either case."""
    raw, path = trial.raw, trial.path
    context = look_around(court.settings.work_root, court.neighbours, court.specs, court.spec, raw, path)
    if context.rules:
        trial.found.drop()
        trial = replace(trial, found=court.scan.find(path, [*court.rules, *context.rules]))
    judgement = _judge(court.spec, raw, trial.found, context)
    if judgement.refusals:
        agreement.require()
        return _refusal(raw, judgement, _write_page(court, raw, judgement, context))
    return _commit(court, trial, judgement, context, agreement)


def _commit(
    court: _Court, trial: _Trial, judgement: Judgement, context: Context, agreement: _Agreement
) -> CleanManifest:
    """Split the rows while Great Expectations may still be judging; record the split once it agrees."""
    schema = trial.found.schema
    with court.lake.draft_clean(trial.raw, schema, quarantine_schema(schema)) as draft:
        _split(trial.found, draft)
        agreement.require()
        trial.found.drop()
        return court.lake.commit_clean(
            draft,
            contract_sha256=contract_sha256(court.spec),
            warned_rows=judgement.warned_rows,
            rules=_results(judgement),
            report=_write_page(court, trial.raw, judgement, context),
            context_sha256=context.sha256,
            checks=[finding.decision for finding in context.findings],
            run_id=court.run_id,
            after=trial.before,
        )


def _judge(spec: DatasetSpec, raw: RawManifest, found: Findings, context: Context) -> Judgement:
    return judge_partition(
        spec,
        rows=raw.rows,
        quarantined_rows=found.quarantined_rows,
        warned_rows=found.warned_rows,
        outcomes=_outcomes(spec, found),
        findings=context.findings,
        notes=context.notes,
    )


def _outcomes(spec: DatasetSpec, found: Findings) -> list[RuleOutcome]:
    found_by_rule = list(zip(found.rules, found.failed_rows, found.first_rows, strict=True))
    shown = (name for rule, count, _ in found_by_rule if count for name in rule.columns)
    rows, places = found.example_rows(list(dict.fromkeys([*spec.key, *shown])))
    outcomes = []
    for rule, count, first in found_by_rule:
        failing = rows.take(pa.array([places[position] for position in first], pa.int64()))
        examples = _examples(failing, spec.key, rule.columns) if count else []
        outcomes.append(RuleOutcome(rule.name, rule.severity, count, examples, rule.note))
    return outcomes


def _examples(rows: pa.Table, key: Sequence[str], columns: Sequence[str]) -> list[tuple[str, str]]:
    keys, observed = key_texts(rows, key), observed_texts(rows, columns)
    return list(zip(keys.to_pylist(), observed.to_pylist(), strict=True))


def _split(found: Findings, draft: CleanDraft) -> None:
    for batch, positions, flags in found.batches():
        clean, quarantine = split_rows(batch, BrokenRows(positions, flags), found.rules)
        draft.clean.write(clean)
        draft.quarantine.write(quarantine)


def _write_page(court: _Court, raw: RawManifest, judgement: Judgement, context: Context) -> str:
    """Write the page, named by what the answer follows from: what a manifest names never changes under it."""
    contract = contract_sha256(court.spec)
    around = f"-{context.sha256[:8]}" if context.sha256 else ""
    report = f"{raw.dataset}/validation/{raw.ds}-{raw.content_sha256[:8]}-{contract[:8]}{around}.html"
    page = render_page(
        "validation.html",
        title=f"{raw.dataset}, {raw.ds}",
        subtitle=court.spec.description,
        spec=court.spec,
        raw=raw,
        judgement=judgement,
        contract_sha256=contract,
    )
    write_atomically(court.settings.reports_root / report, page.encode())
    return report


def _results(judgement: Judgement) -> list[RuleResult]:
    return [
        RuleResult(rule=outcome.rule, severity=outcome.severity, failed_rows=outcome.failed_rows)
        for outcome in judgement.outcomes
    ]


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
