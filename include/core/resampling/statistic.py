"""What resampling needs of a metric: its value on weighted rows, and the influence of each row.

The influence of row i on a metric θ is n · dθ/dwᵢ at equal weights: by how much the metric moves as the row
gains weight. Influences add up to zero; the mean of their squares over n is the variance of the metric, and
the same of the differences between two models' influences is the variance of the paired difference. For
means that is the paired t statistic, for ROC AUC the variance of DeLong, DeLong and Clarke-Pearson.

References
----------
B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans, SIAM 1982, chapter 6 (infinitesimal
jackknife).
E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, «Comparing the Areas under Two or More Correlated Receiver
Operating Characteristic Curves», Biometrics 44 (1988) 837-845.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from include.specs.task import Metric

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64] | NDArray[np.float64]


class Statistic(Protocol):
    """Some metrics of one model on some rows."""

    def measure(self, weights: Floats) -> dict[Metric, Floats]:
        """Return each metric under each row of weights, shape (draws, rows) → (draws,).

        NaN where a draw leaves a metric undefined, such as one that holds one class only.
        """

    def influence(self) -> dict[Metric, Floats]:
        """Return the influence of each row on each metric, shape (rows,)."""
