"""Figures of a model that answers with numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from include.adapters.plots.canvas import INK, SOFT

_POINTS = 2000
_GROUPS = 10
Values = NDArray[np.float64]


def figures(labels: Values, scores: Values) -> dict[str, Callable[[Axes], None]]:
    """Return what draws each figure, by its name.

    Parameters
    ----------
    labels, scores
        Shape (rows,), true values and answers of the validation part.
    """
    return {
        "predicted_and_true": lambda axes: _predicted_and_true(axes, labels, scores),
        "residuals": lambda axes: _residuals(axes, labels, scores),
        "residuals_by_answer": lambda axes: _residuals_by_answer(axes, labels, scores),
    }


def _some(rows: int) -> NDArray[np.int64]:
    """Return evenly spread places: a cloud of more points shows no more."""
    return np.linspace(0, rows - 1, min(rows, _POINTS)).astype(np.int64)


def _predicted_and_true(axes: Axes, labels: Values, scores: Values) -> None:
    chosen = _some(len(labels))
    axes.plot(scores[chosen], labels[chosen], ".", color=INK, alpha=0.4, markersize=4, label="validation")
    middle = float(np.median(labels))
    axes.axline((middle, middle), slope=1, color=SOFT, linestyle="--", label="perfect")
    axes.set(title="Answers and truth", xlabel="answer", ylabel="true value")
    axes.legend()


def _residuals(axes: Axes, labels: Values, scores: Values) -> None:
    errors = labels - scores
    shown = np.clip(errors, *np.quantile(errors, [0.005, 0.995]))  # a few rows would hide all others
    axes.hist(shown, bins=40, color=INK)
    axes.axvline(0, color="black", linestyle=":")
    axes.axvline(errors.mean(), color=SOFT, linestyle="--", label=f"mean {errors.mean():.3g}")
    axes.set(title="Residuals, the outer 1 % drawn in", xlabel="true value minus answer", ylabel="rows")
    axes.legend()


def _residuals_by_answer(axes: Axes, labels: Values, scores: Values) -> None:
    errors, chosen = labels - scores, _some(len(labels))
    axes.plot(scores[chosen], errors[chosen], ".", color=SOFT, alpha=0.4, markersize=4)
    groups = [group for group in np.array_split(np.argsort(scores, kind="stable"), _GROUPS) if len(group)]
    axes.plot(
        [scores[group].mean() for group in groups],
        [errors[group].mean() for group in groups],
        color=INK, marker="o", label="mean of ten equal groups",
    )  # fmt: skip
    axes.axhline(0, color="black", linestyle=":")
    axes.set(title="Residuals by answer", xlabel="answer", ylabel="true value minus answer")
    axes.legend()
