"""How many labels it takes to show what some labels left open.

The standard error of a difference falls with the square root of the number of rows. So its interval clears
a limit with probability `POWER`, if the difference is what was seen, from

    rows = rows seen · ((z₁₋α/₂ + z_power) · standard error seen / (difference − limit))²

on, where 1 − α is the confidence of the two-sided interval.

References
----------
S. A. Julious, «Sample sizes for clinical trials with Normal data», Statistics in Medicine 23 (2004)
1921-1986, sections 3 (superiority) and 5 (non-inferiority).
"""

from __future__ import annotations

from math import ceil, isfinite, sqrt

from scipy import stats

POWER = 0.8
MOST = 1_000_000_000
"""More labels than anybody waits for: the difference seen is as good as at the limit."""


def labels_needed(
    difference: float, standard_error: float, rows: int, limit: float, confidence: float
) -> int | None:
    """Return how many more labels show that the difference lies above the limit.

    Parameters
    ----------
    difference, standard_error
        As seen on `rows` rows.
    rows
        At least one.
    limit
        What the interval's lower end must exceed: 0 for better, minus the margin for not worse.
    confidence
        Of the two-sided interval.

    Returns
    -------
    int or None
        At least 1. None where no number of labels shows it, because the difference seen is not above the
        limit, or where it takes more than `MOST`.
    """
    distance = difference - limit
    if not (distance > 0 and isfinite(standard_error)):
        return None
    z = float(stats.norm.ppf((1 + confidence) / 2) + stats.norm.ppf(POWER))
    ratio = z * standard_error / distance
    if ratio >= sqrt(MOST / rows + 1):
        return None
    return max(1, ceil(rows * (ratio**2 - 1)))
