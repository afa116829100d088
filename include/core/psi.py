"""Population stability index (PSI), with the distribution it has when nothing changed.

Applies to counts of two samples in the same bins; 0 when the shares agree, larger the more they
differ. PSI = Σ (q_i - p_i) · ln(q_i / p_i) over the shares p of the reference and q of the current
sample: the symmetric Kullback-Leibler divergence.

A fixed threshold such as 0.1 or 0.25 ignores how many rows and bins there are: at 140 rows and 20
bins an unchanged feature often exceeds it. Under no change, PSI · n·m / (n + m) is approximately
chi-squared with (bins - 1) degrees of freedom for samples of n and m independent rows, which gives
each comparison a critical value of its own. Where rows are not independent, the design effect
widens it (`include.core.design_effect`).

References
----------
B. Yurdakul, "Statistical Properties of Population Stability Index", Western Michigan University,
2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

SMOOTHING = 0.5
"""Added to every count, so that an empty bin has a logarithm."""

MIN_EXPECTED = 5.0
"""Rows a bin is expected to hold in the smaller sample; rarer bins are pooled into one."""


@dataclass(frozen=True)
class PsiTest:
    """A PSI and what chance alone makes of it.

    Attributes
    ----------
    value
        The index over the pooled bins.
    critical_value
        What the index exceeds with probability `alpha` when nothing changed.
    bins
        How many bins were compared after pooling.
    """

    value: float
    critical_value: float
    bins: int


def psi_test(
    reference: Sequence[int], current: Sequence[int], alpha: float, design_effect: float = 1.0
) -> PsiTest:
    """Compare two samples counted in the same bins.

    Parameters
    ----------
    reference, current
        Counts, equally long. Samples without rows, or with all rows in one bin, compare as equal.
    alpha
        Probability of a false alarm, in (0, 1).
    design_effect
        How much larger than for independent rows the index of unchanged samples is on average.
    """
    counts = _pool_rare(np.array([reference, current], dtype=np.float64))
    n, m = counts.sum(axis=1)
    bins = counts.shape[1]
    if bins < 2 or n == 0 or m == 0:
        return PsiTest(value=0.0, critical_value=0.0, bins=bins)
    critical = float(chdtri(bins - 1, alpha)) * (1 / n + 1 / m) * design_effect
    return PsiTest(value=float(psi_terms(counts[0], counts[1]).sum()), critical_value=critical, bins=bins)


def expected_psi(bins: int, reference_rows: int, current_rows: int) -> float:
    """Return the mean of the index of unchanged samples of independent rows: 0 for fewer than two bins."""
    if bins < 2:
        return 0.0
    return (bins - 1) * (1 / reference_rows + 1 / current_rows)


def psi_terms(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
) -> npt.NDArray[np.float64]:
    """Return what each bin adds to the index; no term is negative."""
    p, q = _shares(reference), _shares(current)
    return np.asarray((q - p) * np.log(q / p), dtype=np.float64)


def _shares(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    smoothed = np.asarray(counts, dtype=np.float64) + SMOOTHING
    return np.asarray(smoothed / smoothed.sum(), dtype=np.float64)


def _pool_rare(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Pool bins too rare for the approximation, judged by both samples together.

    Given the totals of each bin, which sample a row belongs to is chance alone when nothing changed:
    choosing bins by these totals does not favour either verdict.
    """
    totals = counts.sum(axis=0)
    everything = totals.sum()
    if everything == 0:
        return counts[:, :0]
    expected = totals * counts.sum(axis=1).min() / everything
    rare = expected < MIN_EXPECTED
    pooled = counts[:, rare].sum(axis=1, keepdims=True)
    kept = counts[:, ~rare]
    return np.hstack([kept, pooled]) if pooled.sum() > 0 else kept
