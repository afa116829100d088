"""How sure a metric is, and how sure the difference between two models on the same rows.

Rows are drawn with replacement, the same rows for every metric and for both models, and everything is
measured again on each draw. The percentiles of what was measured bound the true value.

Beyond `BOOTSTRAP_ROWS` rows nothing is drawn: there the influences of rows (see
`include.core.resampling.statistic`) give the same interval as value ± z · standard error, for the price of
one sort. Time and memory then grow as those of measuring once.

References
----------
B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993, chapter 13
(percentile intervals).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from include.core.resampling.draws import draw_weights
from include.core.resampling.metrics import statistics_of
from include.core.resampling.statistic import Floats, Labels, Statistic
from include.specs.task import METRICS, Metric, Task

RESAMPLES = 1000
BOOTSTRAP_ROWS = 20_000
_MIN_DEFINED_SHARE = 0.95


@dataclass(frozen=True)
class Interval:
    """A value and its two-sided confidence interval; the bounds are None where too few rows give none."""

    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class PairedDifference:
    """By how much a candidate is better than the champion on the same rows.

    Attributes
    ----------
    metric
        In which metric.
    difference, lower, upper
        Positive where the candidate is better, also of errors and losses; with its interval.
    standard_error
        Of the difference, by the influences of the rows.
    p_value
        Of the two-sided paired test that both models are equally good: Student's t of the difference over
        its standard error. For means of losses this is the paired t test, for ROC AUC the test of DeLong,
        DeLong and Clarke-Pearson.
    rows
        How many rows both scored.
    """

    metric: Metric
    difference: float
    lower: float
    upper: float
    standard_error: float
    p_value: float
    rows: int


@dataclass(frozen=True)
class Scored:
    """What one model answered: scores, and the threshold that makes answers of binary scores."""

    scores: Floats
    threshold: float = 0.5


@dataclass(frozen=True)
class Compared:
    """Both models, and their differences; a metric that is not defined for a model is left out."""

    candidate: dict[Metric, Interval]
    champion: dict[Metric, Interval]
    differences: dict[Metric, PairedDifference]


def metric_intervals(
    task: Task,
    labels: Labels,
    scored: Scored,
    confidence: float,
    seed: int,
    metrics: Sequence[Metric] | None = None,
    resamples: int = RESAMPLES,
) -> dict[Metric, Interval]:
    """Measure one model and say how sure each metric is.

    Parameters
    ----------
    task
        What kind of answer is given.
    labels
        Shape (rows,): 0 or 1, codes of classes, or values.
    scored
        Scores of shape (rows,), or (rows, classes) for several classes.
    confidence
        Share of such intervals that hold the true value, for example 0.95.
    seed
        Equal seeds draw equal rows.
    metrics
        Which; all of the task if None.
    resamples
        How many draws.

    Returns
    -------
    dict
        A metric that is not defined, because there are no rows, one class, or scores that are not finite,
        is left out; its interval is None where more than 5 % of the draws leave it undefined.
    """
    wanted = METRICS[task] if metrics is None else metrics
    [measured], _ = _measure(task, labels, [scored], wanted, seed, resamples)
    return _intervals(measured, confidence)


def compare_models(
    task: Task,
    labels: Labels,
    candidate: Scored,
    champion: Scored,
    confidence: float,
    seed: int,
    metrics: Sequence[Metric] | None = None,
    resamples: int = RESAMPLES,
) -> Compared:
    """Measure two models that scored the same rows, and bound the differences of their metrics.

    Parameters are those of `metric_intervals`; both models are measured on the same draws.
    """
    wanted = METRICS[task] if metrics is None else metrics
    [first, second], rows = _measure(task, labels, [candidate, champion], wanted, seed, resamples)
    paired = (_difference(first[metric], second[metric], confidence, rows) for metric in wanted
              if metric in first and metric in second)  # fmt: skip
    return Compared(
        candidate=_intervals(first, confidence),
        champion=_intervals(second, confidence),
        differences={found.metric: found for found in paired if found is not None},
    )


@dataclass(frozen=True)
class _Measured:
    """A metric on all rows, on each draw (none where nothing is drawn), and each row's influence on it."""

    metric: Metric
    value: float
    drawn: Floats
    influence: Floats

    def bounds(self, confidence: float) -> tuple[float, float] | None:
        """Return the interval, or None where too many draws leave the metric undefined."""
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        if not len(self.drawn):
            lower, upper = self.value + stats.norm.ppf(tails) * _standard_error(self.influence)
            return float(lower), float(upper)
        defined = self.drawn[np.isfinite(self.drawn)]
        if len(defined) < _MIN_DEFINED_SHARE * len(self.drawn):
            return None
        lower, upper = np.quantile(defined, tails)
        return float(lower), float(upper)


def _measure(
    task: Task, labels: Labels, models: list[Scored], metrics: Sequence[Metric], seed: int, resamples: int
) -> tuple[list[dict[Metric, _Measured]], int]:
    rows = len(labels)
    sound = [rows > 0 and bool(np.isfinite(model.scores).all()) for model in models]
    with (
        np.errstate(over="ignore", invalid="ignore"),  # the square of a huge error is no number, and left out
        threadpool_limits(limits=1, user_api="blas"),  # sums in one order, on every machine
    ):
        prepared = [
            statistics_of(task, labels, model.scores, metrics, model.threshold) if fine else []
            for model, fine in zip(models, sound, strict=True)
        ]
        return _draw_all(prepared, rows, seed, resamples), rows


def _draw_all(
    prepared: list[list[Statistic]], rows: int, seed: int, resamples: int
) -> list[dict[Metric, _Measured]]:
    """Draw once for all models and metrics."""
    once = [_together(statistics, np.ones((1, rows))) for statistics in prepared]
    drawn: list[dict[Metric, list[Floats]]] = [{metric: [] for metric in values} for values in once]
    if any(prepared) and rows <= BOOTSTRAP_ROWS:
        for weights in draw_weights(rows, resamples, seed):
            for kept, statistics in zip(drawn, prepared, strict=True):
                for metric, values in _together(statistics, weights).items():
                    kept[metric].append(values)
    return [
        {
            metric: _Measured(metric, float(value[0]), _joined(kept[metric]), influence[metric])
            for metric, value in values.items()
            if np.isfinite(value[0])
        }
        for values, kept, influence in zip(once, drawn, map(_influences, prepared), strict=True)
    ]


def _together(statistics: Iterable[Statistic], weights: Floats) -> dict[Metric, Floats]:
    return {metric: values for one in statistics for metric, values in one.measure(weights).items()}


def _influences(statistics: Iterable[Statistic]) -> dict[Metric, Floats]:
    return {metric: values for one in statistics for metric, values in one.influence().items()}


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)


def _intervals(measured: dict[Metric, _Measured], confidence: float) -> dict[Metric, Interval]:
    return {
        metric: Interval(one.value, *(one.bounds(confidence) or (None, None)))
        for metric, one in measured.items()
    }


def _difference(
    candidate: _Measured, champion: _Measured, confidence: float, rows: int
) -> PairedDifference | None:
    """Subtract in the direction in which more is better; None where the difference has no interval."""
    sign = 1.0 if candidate.metric.higher_is_better else -1.0
    gain = _Measured(
        candidate.metric,
        sign * (candidate.value - champion.value),
        sign * (candidate.drawn - champion.drawn),
        sign * (candidate.influence - champion.influence),
    )
    bounds = gain.bounds(confidence)
    if bounds is None:
        return None
    error = _standard_error(gain.influence)
    p_value = _p_value(gain.value, error, rows)
    return PairedDifference(gain.metric, gain.value, *bounds, error, p_value, rows)


def _standard_error(influence: Floats) -> float:
    rows = len(influence)
    return float(np.sqrt(np.square(influence).sum() / (rows * (rows - 1)))) if rows > 1 else float("nan")


def _p_value(difference: float, error: float, rows: int) -> float:
    if difference == 0:
        return 1.0
    if error == 0:  # every row says the same
        return 0.0
    return float(2 * stats.t.sf(abs(difference) / error, rows - 1))
