"""The four-fifths rule: no group is answered 1 less than four fifths as often as the group most often is.

A ratio of two shares that were counted in few rows is far from the true one by chance. So a group breaks
the rule only where the upper bound of its ratio lies below four fifths. The bound is Katz's for a ratio of
risks, on the logarithm, with Walter's half a case for shares of 0 and 1. Which group is answered 1 most
often is itself seen in the data; bounds therefore hold for all ordered pairs of groups at once
(Bonferroni), and the chance that any group breaks the rule without reason is at most (1 - confidence) / 2.

References
----------
Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D (1978).
D. Katz et al., Obtaining Confidence Intervals for the Risk Ratio in Cohort Studies, Biometrics 34, 1978.
S. D. Walter, The Distribution of Levin's Measure of Attributable Risk, Biometrika 62, 1975.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FOUR_FIFTHS = 0.8


@dataclass(frozen=True)
class Selection:
    """How often a group is answered 1.

    Attributes
    ----------
    rate
        The share of its rows.
    ratio, upper
        That share over the one of the group that is most often, and the upper bound of the true ratio;
        None where no group is ever answered 1, and `upper` for the group that is most often.
    """

    rate: float
    ratio: float | None
    upper: float | None

    @property
    def breaks_the_rule(self) -> bool:
        """Whether the whole interval lies below four fifths."""
        return self.upper is not None and self.upper < FOUR_FIFTHS


def compare_selection(
    selected: NDArray[np.int64], rows: NDArray[np.int64], confidence: float
) -> list[Selection]:
    """Compare how often groups are answered 1.

    Parameters
    ----------
    selected, rows
        Shape (groups,): how many rows of each group are answered 1, and how many there are, at least one.
    confidence
        Of all comparisons together.
    """
    if not len(rows):
        return []
    rates = selected / rows
    most = int(np.argmax(rates))
    if rates[most] == 0:
        return [Selection(0.0, None, None) for _ in rates]
    pairs = len(rows) * (len(rows) - 1)
    z = float(stats.norm.isf((1 - confidence) / 2 / max(1, pairs)))
    logs = np.log((selected + 0.5) / (rows + 0.5))
    variances = 1 / (selected + 0.5) - 1 / (rows + 0.5)
    uppers = np.exp(logs - logs[most] + z * np.sqrt(variances + variances[most]))
    return [
        Selection(float(rate), float(rate / rates[most]), None if group == most else float(upper))
        for group, (rate, upper) in enumerate(zip(rates, uppers, strict=True))
    ]
