"""The gates before production: what a candidate must show."""

from __future__ import annotations

from collections.abc import Mapping

from include.contracts import Decision, Verdict
from include.core.bootstrap import Interval
from include.specs.gates import VersusChampion
from include.specs.task import Metric


def decide_absolute(metrics: Mapping[str, float], thresholds: Mapping[Metric, float]) -> list[Decision]:
    """Judge each metric of the holdout against its threshold; reaching it passes."""
    return [_reaches(metric, metrics.get(metric), threshold) for metric, threshold in thresholds.items()]


def decide_versus_champion(
    gate: VersusChampion, interval: Interval | None, champion_version: int, rows: int
) -> Decision:
    """Judge a candidate against the champion by the interval of their difference on the same rows.

    Passed when the whole interval lies above zero (better) or above minus the margin (not worse),
    failed when it lies below minus the margin, and otherwise there is not enough evidence.
    """
    thresholds = {"margin": gate.margin, "confidence": gate.confidence}
    if interval is None:
        return Decision(
            gate="versus_champion",
            verdict=Verdict.NOT_ENOUGH_EVIDENCE,
            reasons=[
                f"{gate.metric} cannot be compared with champion version {champion_version} on {rows}"
                " rows: they hold too few of one class, or a score is not a number; the champion stays"
            ],
            observed={"champion_version": champion_version, "rows": rows},
            thresholds=thresholds,
        )
    verdict, meaning = _compare(interval, gate.margin)
    return Decision(
        gate="versus_champion",
        verdict=verdict,
        reasons=[
            f"{gate.metric} differs from champion version {champion_version} by {interval.difference:+.4f}"
            f" on the same {rows} rows, {gate.confidence:.0%} interval {interval.lower:+.4f} to"
            f" {interval.upper:+.4f}: {meaning}"
        ],
        observed={
            "champion_version": champion_version,
            "rows": rows,
            "difference": interval.difference,
            "lower": interval.lower,
            "upper": interval.upper,
        },
        thresholds=thresholds,
    )


def decide_without_comparison(reason: str) -> Decision:
    """Pass the comparison with the champion where there is nobody to compare with."""
    return Decision(gate="versus_champion", verdict=Verdict.PASSED, reasons=[reason])


def _reaches(metric: Metric, value: float | None, threshold: float) -> Decision:
    gate = f"absolute.{metric}"
    if value is None or value != value:
        return Decision(
            gate=gate,
            verdict=Verdict.NOT_ENOUGH_EVIDENCE,
            reasons=[f"{metric} is not defined on the holdout: it is empty or holds only one class"],
            observed={str(metric): None},
            thresholds={str(metric): threshold},
        )
    passed = value >= threshold
    return Decision(
        gate=gate,
        verdict=Verdict.PASSED if passed else Verdict.FAILED,
        reasons=[f"{metric} is {value:.4f}, {'at least' if passed else 'below'} the required {threshold:g}"],
        observed={str(metric): value},
        thresholds={str(metric): threshold},
    )


def _compare(interval: Interval, margin: float) -> tuple[Verdict, str]:
    if interval.lower > 0:
        return Verdict.PASSED, "better than the champion"
    if interval.lower > -margin:
        return Verdict.PASSED, f"not worse than the champion by more than the margin {margin:g}"
    if interval.upper < -margin:
        return Verdict.FAILED, f"worse than the champion by more than the margin {margin:g}"
    return (
        Verdict.NOT_ENOUGH_EVIDENCE,
        f"the interval reaches below the margin {-margin:g}, so it may be worse; the champion stays",
    )
