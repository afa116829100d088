"""Whether a version is about as good for each group of rows as for all of them.

The gap of a group is by how much its metric is worse than that of all rows. Both are measured on rows that
overlap, so the standard error of the gap is taken from what each row adds to the difference (its influence,
see `include.core.resampling.statistic`), which counts a row of the group on both sides; the quantiles are
Student's with as many degrees of freedom as the group has rows, less one. All groups of a column are judged
at once: the intervals of their gaps hold together with the confidence of the spec (Bonferroni). So a column
whose gaps all lie within the limit fails with a chance of about (1 - confidence) / 2 at most, however many
groups it has. The interval of a group's own metric holds by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from include.contracts import Decision, Verdict
from include.core.gates.four_fifths import FOUR_FIFTHS, compare_selection
from include.core.gates.groups import Groups, split_groups
from include.core.gates.slice_group import MAX_SHOWN, SliceGroup, in_order, show_groups
from include.core.resampling.metrics import statistics_of
from include.errors import DataError, name_some
from include.specs.gates import Slice
from include.specs.task import Metric, Task

SLICE = "slice."
"""What the names of these gates begin with; the column follows."""

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class ScoredRows:
    """What a version answered on rows whose truth is known.

    Attributes
    ----------
    task
        What kind of answer.
    labels, scores, answers
        Shape (rows,); scores of several classes (rows, classes).
    threshold
        From which score on a binary answer is 1.
    """

    task: Task
    labels: NDArray[Any]
    scores: Floats
    answers: NDArray[Any]
    threshold: float | None

    def measure(self, metric: Metric, places: NDArray[np.int64]) -> tuple[float, Floats] | None:
        """Measure some rows; the influence of each of them beside it. None where it is not defined."""
        if not len(places) or not np.isfinite(self.scores[places]).all():
            return None
        threshold = 0.5 if self.threshold is None else self.threshold
        labels, scores = self.labels[places], self.scores[places]
        [statistic] = statistics_of(self.task, labels, scores, [metric], threshold)
        value = float(statistic.measure(np.ones((1, len(places))))[metric][0])
        if not np.isfinite(value):
            return None
        influence = statistic.influence()[metric]
        return (value, influence) if np.isfinite(influence).all() else None


def decide_slices(slices: Sequence[Slice], scored: ScoredRows, rows: pd.DataFrame) -> list[Decision]:
    """Judge each slice of a spec.

    Parameters
    ----------
    slices
        Those of the spec.
    scored
        The answers of the version that is judged.
    rows
        The same rows, with the columns of all slices.

    Raises
    ------
    DataError
        When the rows lack the column of a slice.
    """
    return [_decide(one, scored, rows) for one in slices]


def _decide(gate: Slice, scored: ScoredRows, rows: pd.DataFrame) -> Decision:
    if gate.column not in rows.columns:
        raise DataError(
            f"the holdout has no column {gate.column!r}",
            where=f"gates.slices.{gate.column}",
            next_step="keep it in the dataset's spec, or take the slice out of `gates`",
        )
    whole = scored.measure(gate.metric, np.arange(len(rows)))
    if whole is None:
        return _undecided(gate, f"{gate.metric} is not defined on the holdout's {len(rows)} rows")
    groups = split_groups(rows[gate.column])
    found = in_order(_with_selection(gate, scored, groups, _judge_groups(gate, scored, groups, whole)))
    return _decision(gate, whole[0], len(rows), found)


def _judge_groups(
    gate: Slice, scored: ScoredRows, groups: Groups, whole: tuple[float, Floats]
) -> list[SliceGroup]:
    """Measure groups that are large enough, and their gaps with intervals that hold together."""
    found = [SliceGroup(name, int(size)) for name, size in zip(groups.names, groups.sizes, strict=True)]
    measured, squares = {}, float(np.sum(np.square(whole[1])))
    for group, places in groups.members(np.flatnonzero(groups.sizes >= gate.minimum_rows)):
        if (one := scored.measure(gate.metric, places)) is not None:
            measured[group] = (
                one[0],
                _error(float(np.sum(np.square(one[1]))), len(places)),
                _error(squares + _change_of_squares(whole[1], one[1], places), len(whole[1])),
            )
    tail = (1 - gate.confidence) / 2
    for group, (value, error, gap_error) in measured.items():
        freedom = int(groups.sizes[group]) - 1
        lower, upper = _within(gate.metric, value, float(stats.t.isf(tail, freedom)) * error)
        gap = whole[0] - value if gate.metric.higher_is_better else value - whole[0]
        reach = float(stats.t.isf(tail / len(measured), freedom)) * gap_error
        found[group] = replace(
            found[group], value=value, lower=lower, upper=upper, gap=gap, gap_lower=gap - reach,
            gap_upper=gap + reach, falls_behind=gap - reach > gate.maximum_gap,
        )  # fmt: skip
    return found


def _change_of_squares(whole: Floats, group: Floats, places: NDArray[np.int64]) -> float:
    """Return how the sum of squared influences changes from that of all rows' metric to that of the gap.

    Only rows of the group have another influence on the gap than on the metric of all rows.
    """
    before = whole[places]
    after = before - group * (len(whole) / len(places))
    return float(np.sum(np.square(after) - np.square(before)))


def _error(squares: float, rows: int) -> float:
    """Return the standard error of a metric by the squared influences of its rows."""
    return float(np.sqrt(max(squares, 0.0))) / rows


def _within(metric: Metric, value: float, reach: float) -> tuple[float, float]:
    """Return the bounds of a value, no further than the metric itself goes."""
    least, most = metric.bounds
    lower, upper = value - reach, value + reach
    return (lower if least is None else max(lower, least)), (upper if most is None else min(upper, most))


def _with_selection(
    gate: Slice, scored: ScoredRows, groups: Groups, found: list[SliceGroup]
) -> list[SliceGroup]:
    """Add how often each large group is answered 1, where the spec asks for the four-fifths rule."""
    large = np.flatnonzero(groups.sizes >= gate.minimum_rows)
    if not gate.four_fifths or not len(large):
        return found
    selected = np.bincount(groups.codes, weights=scored.answers == 1, minlength=len(groups.names))
    compared = compare_selection(selected[large].astype(np.int64), groups.sizes[large], gate.confidence)
    for group, selection in zip(large, compared, strict=True):
        found[group] = replace(found[group], selection=selection)
    return found


def _decision(gate: Slice, whole: float, rows: int, found: list[SliceGroup]) -> Decision:
    judged = sorted((one for one in found if one.gap is not None), key=lambda one: -(one.gap or 0.0))
    failed = [one for one in found if one.fails]
    if not judged and not failed:
        return _undecided(gate, f"no group of {gate.column} can be judged: {_left_out(gate, found)}", found)
    reasons = [_said(gate, whole, one) for one in failed] or [_said(gate, whole, judged[0])]
    if len(failed) > MAX_SHOWN:
        reasons = [*reasons[:MAX_SHOWN], f"{len(failed) - MAX_SHOWN} more groups fail"]
    return Decision(
        gate=f"{SLICE}{gate.column}",
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        reasons=[*reasons, _summary(gate, found, judged)],
        observed={
            "metric": gate.metric,
            "all": whole,
            "rows": rows,
            "groups": len(found),
            "judged": len(judged),
            "worst_group": judged[0].name if judged else None,
            "worst_gap": judged[0].gap if judged else None,
            **show_groups(found),
        },
        thresholds=_thresholds(gate),
    )


def _said(gate: Slice, whole: float, one: SliceGroup) -> str:
    """Say what was found of one group; of one that fails, what it fails by."""
    who = f"{gate.column} {one.name} ({one.rows} rows)"
    parts = []
    if one.value is not None and one.gap is not None and (one.falls_behind or not one.fails):
        side = "behind" if one.gap >= 0 else "ahead of"
        limit = "more than" if one.falls_behind else "not shown to be more than"
        limit = "within" if (one.gap_upper or 0.0) <= gate.maximum_gap else limit
        parts.append(
            f"{gate.metric} {one.value:.4f} is {abs(one.gap):.4f} {side} all rows' {whole:.4f},"
            f" the gap between {one.gap_lower:+.4f} and {one.gap_upper:+.4f}:"
            f" {limit} the maximum {gate.maximum_gap:g}"
        )
    if one.selection is not None and one.selection.breaks_the_rule:
        parts.append(
            f"answered 1 in {one.selection.rate:.1%}, {one.selection.ratio:.2f} times as often as the group"
            f" that is most often, at most {one.selection.upper:.2f} times: less than {FOUR_FIFTHS:g}"
        )
    return f"{who}: {'; '.join(parts)}"


def _summary(gate: Slice, found: list[SliceGroup], judged: list[SliceGroup]) -> str:
    left = f"; {_left_out(gate, found)}" if len(judged) < len(found) else ""
    return f"{len(judged)} of {len(found)} groups judged, together at {gate.confidence:.0%} confidence{left}"


def _left_out(gate: Slice, found: list[SliceGroup]) -> str:
    small = [one.name for one in found if one.rows < gate.minimum_rows]
    undefined = [one.name for one in found if one.rows >= gate.minimum_rows and one.value is None]
    said = []
    if small:
        said.append(f"fewer than {gate.minimum_rows} rows in {name_some(small)}")
    if undefined:
        said.append(f"{gate.metric} is not defined in {name_some(undefined)}")
    return "; ".join(said) or "there are no rows"


def _undecided(gate: Slice, reason: str, found: Sequence[SliceGroup] = ()) -> Decision:
    return Decision(
        gate=f"{SLICE}{gate.column}",
        verdict=Verdict.NOT_ENOUGH_EVIDENCE,
        reasons=[reason],
        observed={"metric": gate.metric, "groups": len(found), "judged": 0, **show_groups(found)},
        thresholds=_thresholds(gate),
    )


def _thresholds(gate: Slice) -> dict[str, float | int | str | None]:
    limits: dict[str, float | int | str | None] = {
        "maximum_gap": gate.maximum_gap,
        "minimum_rows": gate.minimum_rows,
        "confidence": gate.confidence,
    }
    return limits | ({"four_fifths": FOUR_FIFTHS} if gate.four_fifths else {})
