"""Design effect: how much more weeks vary than samples of independent rows would.

Rows of one week resemble each other (a tour operator's group, a campaign), so the index of an
unchanged week is larger than chance alone makes it. The reference holds several weeks of its own:
each is compared with the others, and the mean of index over expectation says by how much. It
multiplies the critical value. 1 for independent rows, larger for clustered ones, never below 1.

References
----------
J. N. K. Rao, A. J. Scott, "The analysis of categorical data from complex sample surveys", Journal of
the American Statistical Association 76 (1981), 221-230: the first-order correction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from include.core.psi import expected_psi, psi_test


def design_effect(weekly_counts: Sequence[Sequence[int]]) -> float:
    """Estimate the design effect of one feature.

    Parameters
    ----------
    weekly_counts
        The counts of each week in the same bins; 1 is answered for fewer than two weeks.
    """
    weeks = np.array(weekly_counts, dtype=np.int64)
    if len(weeks) < 2:
        return 1.0
    together = weeks.sum(axis=0)
    ratios = [_ratio((together - week).tolist(), week.tolist()) for week in weeks]
    known = [ratio for ratio in ratios if ratio is not None]
    return max(1.0, float(np.mean(known))) if known else 1.0


def _ratio(others: list[int], week: list[int]) -> float | None:
    test = psi_test(others, week, alpha=0.5)
    expected = expected_psi(test.bins, sum(others), sum(week))
    return test.value / expected if expected > 0 else None
