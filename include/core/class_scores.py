"""Scores of two versions that may know different classes, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def union_of(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return the classes of the first version in their order, then those only the second knows."""
    return list(dict.fromkeys([*first, *second]))


def spread_scores(
    scores: NDArray[np.float64], own: Sequence[str], together: Sequence[str]
) -> NDArray[np.float64]:
    """Bring a version's scores into the order of other classes; those it does not know get 0.

    Parameters
    ----------
    scores
        Shape (rows, classes of its own).
    own
        The version's classes.
    together
        All of them, and maybe more.

    Returns
    -------
    np.ndarray
        Shape (rows, all classes).
    """
    spread = np.zeros((len(scores), len(together)))
    spread[:, [together.index(name) for name in own]] = scores
    return spread
