"""What is in a dataset's quarantine, reason by reason and day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Example:
    """One row in quarantine: its day, its key and what its rule saw."""

    ds: date
    key: str
    observed: str


@dataclass(frozen=True)
class Reason:
    """The rows that broke one rule."""

    rule: str
    rows: int
    first: date
    last: date
    days: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class ReviewedDay:
    """One day's clean partition, and the run that put its rows into quarantine.

    `damaged` says that the quarantined rows cannot be shown, because their file is not what was recorded.
    """

    ds: date
    rows: int
    quarantined_rows: int
    run_id: str | None
    report: str
    damaged: bool = False

    @property
    def share(self) -> float:
        """Quarantined rows as a share of all, 0 where there are none."""
        read = self.rows + self.quarantined_rows
        return self.quarantined_rows / read if read else 0.0


def sum_up_reasons(
    counts: Sequence[tuple[str, date, int]], examples: Sequence[tuple[str, Example]]
) -> list[Reason]:
    """Bring counts by rule and day together with examples, the most frequent rule first.

    Parameters
    ----------
    counts
        Rule, day and number of rows, one entry a rule and day.
    examples
        Rows by rule, in the order they are to be shown.
    """
    by_rule: dict[str, dict[date, int]] = defaultdict(dict)
    for rule, ds, rows in counts:
        by_rule[rule][ds] = rows
    shown: dict[str, list[Example]] = defaultdict(list)
    for rule, example in examples:
        shown[rule].append(example)
    reasons = [
        Reason(rule, sum(days.values()), min(days), max(days), len(days), tuple(shown[rule]))
        for rule, days in by_rule.items()
    ]
    return sorted(reasons, key=lambda reason: (-reason.rows, reason.rule))
