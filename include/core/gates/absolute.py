"""What a candidate must reach whoever serves: one threshold a metric."""

from __future__ import annotations

from collections.abc import Mapping

from include.contracts import Decision, MetricEstimate, Verdict
from include.specs.task import Metric

MIN_ROWS = 30
"""Fewer rows judge nobody: the percentiles of so few are not those of the true value."""


def decide_absolute(
    estimates: Mapping[str, MetricEstimate], thresholds: Mapping[Metric, float], rows: int
) -> list[Decision]:
    """Judge each metric of the holdout against its threshold, one decision a metric.

    Reaching the threshold passes: scores at least, errors and losses at most. What misses it has failed
    if its interval lies beyond the threshold too; otherwise there is not enough evidence.

    Parameters
    ----------
    estimates
        Measured on the holdout, by the metrics' names; what is not defined is left out.
    thresholds
        From the spec.
    rows
        Of the holdout.
    """
    return [_reaches(metric, estimates.get(metric), limit, rows) for metric, limit in thresholds.items()]


def _reaches(metric: Metric, estimate: MetricEstimate | None, threshold: float, rows: int) -> Decision:
    verdict, reason = _judge(metric, estimate, threshold, rows)
    seen: dict[str, float | int | str | None] = {str(metric): None, "lower": None, "upper": None}
    if estimate is not None and estimate.value == estimate.value:
        seen = {str(metric): estimate.value, "lower": estimate.lower, "upper": estimate.upper}
    return Decision(
        gate=f"absolute.{metric}",
        verdict=verdict,
        reasons=[reason],
        observed={**seen, "rows": rows},
        thresholds={str(metric): threshold},
    )


def _judge(
    metric: Metric, estimate: MetricEstimate | None, threshold: float, rows: int
) -> tuple[Verdict, str]:
    unsure = Verdict.NOT_ENOUGH_EVIDENCE
    if rows < MIN_ROWS:
        return unsure, f"the holdout has {rows} rows; fewer than {MIN_ROWS} judge nobody"
    if estimate is None or estimate.value != estimate.value:
        return (
            unsure,
            f"{metric} is not defined on the holdout: it has one class only, or a score is no number",
        )
    if estimate.lower is None or estimate.upper is None:
        return unsure, f"{metric} is {estimate.value:.4f}, of unknown precision: too few rows of one class"
    seen = f"{metric} is {estimate.value:.4f} ({estimate.lower:.4f} to {estimate.upper:.4f})"
    more = metric.higher_is_better
    if estimate.value >= threshold if more else estimate.value <= threshold:
        return Verdict.PASSED, f"{seen}, {'at least' if more else 'at most'} the required {threshold:g}"
    missed = f"{seen}, {'below' if more else 'above'} the required {threshold:g}"
    if estimate.upper < threshold if more else estimate.lower > threshold:
        return Verdict.FAILED, missed
    return unsure, f"{missed}, which its interval holds: it may yet be reached"
