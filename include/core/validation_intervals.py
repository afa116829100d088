"""How sure the metrics of the validation part are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from include.core.bootstrap import Interval, Scored, metric_intervals
from include.specs.task import Metric, Task

CONFIDENCE = 0.95
RESAMPLES = 400


def validation_intervals(
    task: Task, labels: NDArray[np.int64] | NDArray[np.float64], scores: NDArray[np.float64], seed: int
) -> dict[Metric, Interval]:
    """Bound every metric by 95 %; those that are not defined are left out.

    Fewer draws than the evidence for a promotion takes: nothing is decided by these.

    Parameters
    ----------
    task
        What kind of answer is given.
    labels
        Shape (rows,).
    scores
        Shape (rows,) or (rows, classes).
    seed
        Equal seeds draw equal rows.
    """
    return metric_intervals(task, labels, Scored(scores), CONFIDENCE, seed, resamples=RESAMPLES)


def as_metrics(intervals: dict[Metric, Interval]) -> dict[str, float]:
    """Name the bounds `validation_<metric>_lower` and `_upper`, for those metrics that have them."""
    bounds = {
        f"validation_{metric}_{end}": value
        for metric, one in intervals.items()
        for end, value in (("lower", one.lower), ("upper", one.upper))
    }
    return {name: value for name, value in bounds.items() if value is not None}
