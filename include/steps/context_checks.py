"""Hold a partition against others: what a dataset's `checks` ask, and what they found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from include.adapters import context_rows
from include.adapters.arrow_columns import ARROW_TYPES
from include.adapters.context_rows import OtherFile
from include.adapters.lake_manifests import CleanManifest, RawManifest
from include.adapters.neighbours import Neighbours
from include.adapters.row_rules import RowRule
from include.adapters.spilling_duckdb import open_duckdb
from include.core.checks.finding import Finding
from include.core.checks.freshness import decide_freshness
from include.core.checks.lookback import describe_orphans, describe_repeats, nothing_before
from include.core.checks.outliers import decide_outliers, describe_bounds
from include.core.checks.volume import decide_volume, same_weekdays
from include.core.partition import ONE_DAY
from include.errors import NotReadyError
from include.specs import DatasetSpec, Severity, Specs
from include.specs.checks import (
    Check,
    ForeignKeyCheck,
    FreshnessCheck,
    OutliersCheck,
    UniqueAcrossPartitionsCheck,
    VolumeCheck,
)

_NEVER = "false"


@dataclass(frozen=True)
class Context:
    """What a dataset's checks have to say about one partition.

    Attributes
    ----------
    rules
        Conditions on its rows, to be judged with those of the contract.
    findings
        Verdicts on the partition as a whole, and on checks that could not judge.
    notes
        What was looked at, in words.
    sha256
        Of everything looked at in other partitions; None where the dataset has no checks.
    """

    rules: tuple[RowRule, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    sha256: str | None = None


@dataclass
class _Around:
    """A partition, what lies around it, and what is being found out."""

    spec: DatasetSpec
    raw: RawManifest
    path: Path
    neighbours: Neighbours
    connection: duckdb.DuckDBPyConnection
    rules: list[RowRule]
    findings: list[Finding]
    notes: list[str]


def context_sha256(neighbours: Neighbours, spec: DatasetSpec, ds: date) -> str | None:
    """Hash what the checks of a partition would look at in others, by the manifests as they are now.

    Returns
    -------
    str or None
        None where the dataset has no checks.
    """
    if not spec.checks:
        return None
    looked_at = [[check.rule, *_evidence(check, neighbours, spec, ds)] for check in spec.checks]
    return hashlib.sha256(json.dumps(looked_at).encode()).hexdigest()


def look_around(
    work_root: Path, neighbours: Neighbours, specs: Specs, spec: DatasetSpec, raw: RawManifest, path: Path
) -> Context:
    """Carry out the checks of a dataset on one partition.

    Parameters
    ----------
    work_root
        Where DuckDB may spill.
    neighbours
        The partitions around it.
    specs
        All specs: a referenced dataset's own days are in its spec.
    spec
        The dataset.
    raw, path
        The revision to judge and where its rows lie.

    Raises
    ------
    NotReadyError
        Where a foreign key's dataset has no clean partition of the day yet.
    IntegrityError
        Where the bytes of another partition are not those recorded.
    """
    if not spec.checks:
        return Context()
    sha256 = context_sha256(neighbours, spec, raw.ds)
    with open_duckdb(work_root) as connection:
        around = _Around(spec, raw, path, neighbours, connection, [], [], [])
        for number, check in enumerate(spec.checks):
            _carry_out(check, around, specs, f"#check{number}")
    return Context(tuple(around.rules), tuple(around.findings), tuple(around.notes), sha256)


def _carry_out(check: Check, around: _Around, specs: Specs, table: str) -> None:
    match check:
        case VolumeCheck():
            _volume(check, around)
        case FreshnessCheck():
            _freshness(check, around)
        case UniqueAcrossPartitionsCheck():
            _unique(check, around, table)
        case ForeignKeyCheck():
            _foreign_key(check, around, specs, table)
        case OutliersCheck():
            _outliers(check, around)


def _volume(check: VolumeCheck, around: _Around) -> None:
    history = [_rows_as_read(m) for m in _looked_at(check, around.neighbours, around.spec, around.raw.ds)]
    decision = decide_volume(check, around.raw.ds, around.raw.rows, history)
    around.findings.append(Finding(Severity(check.severity), decision))


def _freshness(check: FreshnessCheck, around: _Around) -> None:
    newest = context_rows.newest_value(around.connection, around.path, check.column)
    decision = decide_freshness(check, around.raw.ds, newest)
    around.findings.append(Finding(Severity(check.severity), decision))


def _unique(check: UniqueAcrossPartitionsCheck, around: _Around, table: str) -> None:
    files = _files(check, around, check.columns)
    if not files:
        around.findings.append(Finding(Severity(check.severity), nothing_before(check)))
    repeats = context_rows.repeats_by_day(around.connection, around.path, check.columns, files)
    around.notes.append(describe_repeats(check, len(files), repeats))
    seen = [file for file in files if file.ds in repeats]
    setup = [context_rows.repeated_keys(around.path, check.columns, seen, table)] if seen else []
    around.rules.append(_rule(check, check.columns, setup, table))


def _foreign_key(check: ForeignKeyCheck, around: _Around, specs: Specs, table: str) -> None:
    _require_same_day(check, around, specs.dataset(check.dataset))
    files = _files(check, around, check.references)
    orphans = context_rows.count_orphans(
        around.connection, around.path, check.columns, files, check.references
    )
    around.notes.append(describe_orphans(check, len(files), orphans))
    statement = context_rows.orphaned_keys(around.path, check.columns, files, check.references, table)
    around.rules.append(_rule(check, check.columns, [statement] if orphans else [], table))


def _outliers(check: OutliersCheck, around: _Around) -> None:
    files = _files(check, around, check.columns)
    values = context_rows.sample_values(around.connection, files, check.column)
    bounds, unknown = decide_outliers(check, values, len(files))
    fails = _NEVER
    if unknown is not None:
        around.findings.append(Finding(Severity(check.severity), unknown))
    if bounds is not None:
        around.notes.append(describe_bounds(check, bounds, len(values), len(files)))
        fails = context_rows.lies_outside(check.column, bounds.low, bounds.high)
    around.rules.append(RowRule(check.rule, Severity(check.severity), (check.column,), fails))


def _rule(
    check: UniqueAcrossPartitionsCheck | ForeignKeyCheck,
    columns: Sequence[str],
    setup: Sequence[str],
    table: str,
) -> RowRule:
    fails = context_rows.stands_in(columns, table) if setup else _NEVER
    return RowRule(check.rule, Severity(check.severity), tuple(columns), fails, tuple(setup))


def _require_same_day(check: ForeignKeyCheck, around: _Around, other: DatasetSpec) -> None:
    """Rows must not be refused because the day they point to has not been read yet."""
    ds = around.raw.ds
    if other.has_day(ds) and around.neighbours.on(other.dataset, ds) is None:
        raise NotReadyError(
            f"check `{check.rule}` needs {other.dataset} of the same day, which has no clean partition yet",
            where=f"{around.spec.dataset} {ds}",
            next_step=f"let {other.dataset}__ingest write {ds} first, or {other.dataset}__load_history many"
            " days; then clear this task",
        )


def _evidence(check: Check, neighbours: Neighbours, spec: DatasetSpec, ds: date) -> Iterator[list[Any]]:
    for manifest in _looked_at(check, neighbours, spec, ds):
        seen = _rows_as_read(manifest) if isinstance(check, VolumeCheck) else manifest.content_sha256
        yield [manifest.dataset, manifest.ds.isoformat(), seen]


def _files(check: Check, around: _Around, columns: Sequence[str]) -> list[OtherFile]:
    """Return the files a check looks at; one written before `columns` were declared so has nothing to say."""
    types = [ARROW_TYPES[around.spec.columns[name]] for name in check.columns]
    files = [
        OtherFile(manifest.dataset, manifest.ds, around.neighbours.path(manifest), manifest.rows)
        for manifest in _looked_at(check, around.neighbours, around.spec, around.raw.ds)
    ]
    wanted = dict(zip(columns, types, strict=True))
    return [file for file in files if context_rows.has_columns(file.path, wanted)]


def _looked_at(check: Check, neighbours: Neighbours, spec: DatasetSpec, ds: date) -> list[CleanManifest]:
    """Return the revisions in other partitions that a check looks at, days ascending."""
    match check:
        case VolumeCheck():
            days = [day for day in same_weekdays(ds, check.weeks) if day >= spec.start]
            return [manifest for day in days if (manifest := neighbours.on(spec.dataset, day))]
        case ForeignKeyCheck():
            return neighbours.between(check.dataset, _back(ds, check.days - 1), ds + ONE_DAY)
        case UniqueAcrossPartitionsCheck() | OutliersCheck():
            return neighbours.between(spec.dataset, max(_back(ds, check.days), spec.start), ds)
        case FreshnessCheck():
            return []


def _back(ds: date, days: int) -> date:
    return ds - timedelta(days=min(days, (ds - date.min).days))


def _rows_as_read(manifest: CleanManifest) -> int:
    return manifest.rows + manifest.quarantined_rows
