"""Answers against the truth, as a table of counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from include.adapters.plots.canvas import short

_ROOM_FOR_NUMBERS = 12


def draw_counts(axes: Axes, counts: NDArray[np.int64], names: Sequence[str]) -> None:
    """Draw a confusion matrix: shaded by the share of its row, and labelled with counts where there is room.

    Parameters
    ----------
    axes
        Empty axes.
    counts
        Shape (classes, classes), the truth by rows and the answers by columns.
    names
        The classes.
    """
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    places = range(len(names))
    axes.set_xticks(places, [short(name, 12) for name in names], rotation=45 if len(names) > 4 else 0)
    axes.set_yticks(places, [short(name, 12) for name in names])
    axes.set(xlabel="answer", ylabel="truth")
    if len(names) > _ROOM_FOR_NUMBERS:
        return
    for row in places:
        for column in places:
            color = "white" if share[row, column] > 0.5 else "black"
            text = f"{counts[row, column]:,}\n{share[row, column]:.0%}"
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=9)
