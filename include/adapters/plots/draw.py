"""Which figures a version gets: those of its task, and two that every task has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from include.adapters.plots import binary, multiclass, regression
from include.adapters.plots.canvas import INK, SOFT, draw, short

_TOP = 20
Figures = dict[str, Callable[[Axes], None]]


@dataclass(frozen=True)
class Seen:
    """What the figures of a version show; labels and scores are the validation part's.

    Attributes
    ----------
    labels
        Shape (rows,): 0 or 1, codes into `classes`, or values.
    scores
        Shape (rows,); of several classes shape (rows, classes).
    classes
        The names of the classes; empty unless there are several.
    threshold
        From which score on a binary version answers 1; None in other tasks.
    importance
        By how much the version gets worse when a feature is shuffled, by name.
    metric
        By which the learning curve judges.
    learning
        Rows fitted on and the metric's value.
    interval
        Of the metric's value of the version itself; None where there is none.
    """

    labels: NDArray[np.int64] | NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: Sequence[str]
    threshold: float | None
    importance: Mapping[str, float]
    metric: str
    learning: Sequence[tuple[int, float]] = field(default_factory=list)
    interval: tuple[float, float] | None = None


def draw_plots(folder: Path, seen: Seen) -> list[str]:
    """Write the figures of a version as PNG files and return their names.

    Parameters
    ----------
    folder
        Where they go; it must exist.
    seen
        What they show.
    """
    figures = {**_of_task(seen), "importance": lambda axes: _importance(axes, seen.importance)}
    if len(seen.learning) > 1:
        figures["learning_curve"] = lambda axes: _learning_curve(axes, seen)
    for name, fill in figures.items():
        draw(folder / f"{name}.png", fill)
    return sorted(figures)


def _of_task(seen: Seen) -> Figures:
    if seen.scores.ndim == 2:
        return multiclass.figures(seen.labels.astype(np.int64), seen.scores, seen.classes)
    if seen.threshold is None:
        return regression.figures(seen.labels.astype(np.float64), seen.scores)
    return binary.figures(seen.labels.astype(np.int64), seen.scores, seen.threshold)


def _importance(axes: Axes, importance: Mapping[str, float]) -> None:
    shown = sorted(importance.items(), key=lambda item: (item[1], item[0]))[-_TOP:]
    axes.barh([short(name) for name, _ in shown], [value for _, value in shown], color=INK)
    axes.tick_params(axis="y", labelsize=8)
    axes.set(title="Permutation importance", xlabel="how much worse when the feature is shuffled")


def _learning_curve(axes: Axes, seen: Seen) -> None:
    rows, values = zip(*seen.learning, strict=True)
    axes.plot(rows, values, color=INK, marker="o", label="fits on the newest days")
    if seen.interval is not None:
        lower, upper = seen.interval
        middle = values[-1]
        around = [[max(middle - lower, 0)], [max(upper - middle, 0)]]
        axes.errorbar(rows[-1], middle, around, color=SOFT, linewidth=5, alpha=0.7, label="95 % interval")
    axes.set_xscale("log", base=2)
    axes.set_xticks(rows, [f"{count:,}" for count in rows])
    axes.minorticks_off()
    axes.set(title="Learning curve", xlabel="rows fitted on", ylabel=f"{seen.metric}, validation")
    axes.legend(loc="upper left" if values[-1] >= values[0] else "lower left")  # the interval is right
