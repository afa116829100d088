"""What was found of one group of a slice, and how it stands in a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from include.core.gates.four_fifths import Selection

MAX_SHOWN = 20

Cells: TypeAlias = dict[str, float | int | str | None]


@dataclass(frozen=True)
class SliceGroup:
    """One group; what is None was not judged, because the group is too small or the metric not defined.

    Attributes
    ----------
    name, rows
        Which, and how many rows.
    value, lower, upper
        Its metric with the interval of its true value.
    gap, gap_lower, gap_upper
        By how much it is worse than all rows, with the interval of the true gap.
    falls_behind
        Whether that interval lies beyond the limit.
    selection
        How often it is answered 1, where that is judged.
    """

    name: str
    rows: int
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    gap: float | None = None
    gap_lower: float | None = None
    gap_upper: float | None = None
    falls_behind: bool = False
    selection: Selection | None = None

    @property
    def fails(self) -> bool:
        """Whether the group makes the gate fail."""
        return self.falls_behind or (self.selection is not None and self.selection.breaks_the_rule)


def in_order(groups: Iterable[SliceGroup]) -> list[SliceGroup]:
    """Sort: those that fail first, then by their gap, the worst first; then those not judged, by size."""
    return sorted(
        groups, key=lambda one: (not one.fails, one.gap is None, -(one.gap or 0.0), -one.rows, one.name)
    )


def show_groups(groups: Sequence[SliceGroup]) -> Cells:
    """Flatten the first groups for a decision as `<group>.<field>`, and count the rest."""
    cells: Cells = {}
    for one in groups[:MAX_SHOWN]:
        cells |= {f"{one.name}.{field}": value for field, value in _fields(one).items()}
    return cells | ({"groups_not_shown": len(groups) - MAX_SHOWN} if len(groups) > MAX_SHOWN else {})


def read_groups(observed: Mapping[str, float | int | str | None]) -> dict[str, Cells]:
    """Return the groups of a slice's decision with their fields, in the order in which they are shown.

    Fields are `rows` and `verdict` (passed, failed, not judged); of groups that were judged also `value`,
    `lower`, `upper`, `gap`, `gap_lower`, `gap_upper`; and with the four-fifths rule `selection_rate`,
    `selection_ratio`, `selection_ratio_upper`.
    """
    groups: dict[str, Cells] = {}
    for key, value in observed.items():
        name, dot, field = key.rpartition(".")
        if dot:
            groups.setdefault(name, {})[field] = value
    return groups


def _fields(one: SliceGroup) -> Cells:
    seen: Cells = {"rows": one.rows, "verdict": "not judged"}
    if one.gap is not None or one.fails:
        seen["verdict"] = "failed" if one.fails else "passed"
    if one.value is not None:
        seen |= {"value": one.value, "lower": one.lower, "upper": one.upper}
        seen |= {"gap": one.gap, "gap_lower": one.gap_lower, "gap_upper": one.gap_upper}
    if one.selection is not None:
        seen |= {"selection_rate": one.selection.rate, "selection_ratio": one.selection.ratio}
        seen["selection_ratio_upper"] = one.selection.upper
    return seen
