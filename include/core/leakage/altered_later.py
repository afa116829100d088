"""A feature that is altered in later revisions of partitions: what trains is not what was known first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from include.contracts import RowChanges
from include.core.leakage.finding import Finding
from include.specs.leakage import Leakage, LeakageCheck


@dataclass(frozen=True)
class Alterations:
    """What revisions after the first changed in the partitions of a window.

    Attributes
    ----------
    rows
        Rows of all partitions.
    partitions
        Partitions with an altered row.
    columns
        Altered rows of each column.
    """

    rows: int
    partitions: int
    columns: Mapping[str, int]


def add_up_changes(rows: int, partitions: Iterable[Sequence[RowChanges]]) -> Alterations:
    """Add up what the later revisions of each partition changed.

    A row that two revisions altered counts twice.
    """
    columns: Counter[str] = Counter()
    touched = 0
    for revisions in partitions:
        touched += any(changes.altered for changes in revisions)
        for changes in revisions:
            columns.update(changes.altered_columns)
    return Alterations(rows, touched, dict(columns))


def altered_later(alterations: Alterations, features: list[str], limits: Leakage) -> list[Finding]:
    """Find features of which more rows were altered than the spec allows."""
    found = [(name, alterations.columns.get(name, 0)) for name in features]
    return [
        Finding(
            LeakageCheck.ALTERED_LATER,
            name,
            f"{name} was altered in {altered} of {alterations.rows} rows"
            f" ({altered / alterations.rows:.1%}) after their partition was first written, more than the"
            f" {limits.altered_share:.1%} that leakage.altered_share allows",
            {"rows": alterations.rows, "altered_rows": altered, "partitions": alterations.partitions},
        )
        for name, altered in found
        if altered > limits.altered_share * alterations.rows
    ]
