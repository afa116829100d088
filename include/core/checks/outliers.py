"""Outliers: how far from the middle a number may lie, learned from earlier days.

The bounds are median ± k deviations. The deviation is the median absolute one, scaled so that it equals
the standard deviation of normal values; where more than half of the values are equal it is zero, and the
mean absolute deviation takes its place (Iglewicz and Hoaglin, «How to detect and handle outliers», 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.contracts import Decision, Verdict
from include.specs.checks import OutliersCheck

_NORMAL_MAD = 1.4826
_NORMAL_MEAN_DEVIATION = 1.2533


@dataclass(frozen=True)
class Bounds:
    """Where a number must lie, ends included, and what that was learned from."""

    low: float
    high: float
    median: float
    deviation: float


def robust_bounds(values: np.ndarray, deviations: float) -> Bounds | None:
    """Learn bounds from earlier values.

    Parameters
    ----------
    values
        Floats of any order, shape `(n,)`; infinities are left aside.
    deviations
        How many scaled deviations the bounds lie from the median.

    Returns
    -------
    Bounds or None
        None where all values are equal, so that they say nothing about how far one may stray.
    """
    finite = np.sort(values[np.isfinite(values)])  # sorted: a sum must not depend on the order of rows
    if not len(finite):
        return None
    middle = float(np.median(finite))
    distances = np.sort(np.abs(finite - middle))
    deviation = _NORMAL_MAD * float(np.median(distances))
    if deviation == 0:
        deviation = _NORMAL_MEAN_DEVIATION * float(np.mean(distances))
    if deviation == 0 or not np.isfinite(deviation):
        return None
    reach = deviations * deviation
    return Bounds(middle - reach, middle + reach, middle, deviation)


def decide_outliers(
    check: OutliersCheck, values: np.ndarray, days: int
) -> tuple[Bounds | None, Decision | None]:
    """Learn the bounds, or say why that is not possible.

    Parameters
    ----------
    check
        Names the column and what it takes.
    values
        Earlier values, or an even sample of them.
    days
        How many earlier days they come from.

    Returns
    -------
    tuple
        Bounds and None, or None and the decision that there is not enough evidence.
    """
    found = f"{len(values):,} values of {days} earlier day(s)"
    if len(values) < check.min_history:
        return None, _unknown(check, len(values), f"{found}, {check.min_history:,} are needed to judge")
    bounds = robust_bounds(values, check.mads)
    if bounds is None:
        return None, _unknown(
            check, len(values), f"{found} are all equal, so nothing says how far is too far"
        )
    return bounds, None


def describe_bounds(check: OutliersCheck, bounds: Bounds, values: int, days: int) -> str:
    """Say what the bounds are and where they come from."""
    return (
        f"{check.rule}: {values:,} values of {days} earlier day(s), median {bounds.median:g}, deviation"
        f" {bounds.deviation:g}: {bounds.low:g} to {bounds.high:g}"
    )


def _unknown(check: OutliersCheck, values: int, reason: str) -> Decision:
    return Decision(
        gate=check.rule,
        verdict=Verdict.NOT_ENOUGH_EVIDENCE,
        reasons=[reason],
        observed={"values": values},
        thresholds={"min_history": check.min_history, "mads": check.mads},
    )
