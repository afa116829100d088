"""Figures of a model with several classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from include.adapters.plots.canvas import COLORS, INK, diagonal, short
from include.adapters.plots.counts import draw_counts

_MOST_CLASSES = 25
_GROUPS = 10
Labels = NDArray[np.int64]
Scores = NDArray[np.float64]


def figures(labels: Labels, scores: Scores, classes: Sequence[str]) -> dict[str, Callable[[Axes], None]]:
    """Return what draws each figure, by its name.

    Parameters
    ----------
    labels
        Shape (rows,), codes into `classes`.
    scores
        Shape (rows, classes), probabilities.
    classes
        Their names.
    """
    frequent = np.argsort(-np.bincount(labels, minlength=len(classes)), kind="stable")
    return {
        "confusion_matrix": lambda axes: _confusion(axes, labels, scores, classes, frequent),
        "roc": lambda axes: _roc(axes, labels, scores, classes, frequent),
        "calibration": lambda axes: _calibration(axes, labels, scores),
    }


def _confusion(
    axes: Axes, labels: Labels, scores: Scores, classes: Sequence[str], frequent: NDArray[np.intp]
) -> None:
    shown = np.sort(frequent[:_MOST_CLASSES])
    counts = confusion_matrix(labels, scores.argmax(axis=1), labels=np.arange(len(classes)))
    draw_counts(axes, counts[np.ix_(shown, shown)], [classes[place] for place in shown])
    rest = len(classes) - len(shown)
    axes.set_title("Answers" + (f", without {rest} rarer classes" if rest else ""))


def _roc(
    axes: Axes, labels: Labels, scores: Scores, classes: Sequence[str], frequent: NDArray[np.intp]
) -> None:
    diagonal(axes, "chance")
    for place, color in zip(frequent, COLORS, strict=False):
        own = labels == place
        if own.any() and not own.all():
            false_positive, true_positive, _ = roc_curve(own, scores[:, place])
            area = roc_auc_score(own, scores[:, place])
            axes.plot(
                false_positive, true_positive, color=color, label=f"{short(classes[place])}, {area:.3f}"
            )
    axes.set(
        title="ROC curves, each class against the rest",
        xlabel="false positive rate",
        ylabel="true positive rate",
    )
    axes.legend(title="area", fontsize=8)


def _calibration(axes: Axes, labels: Labels, scores: Scores) -> None:
    """Of the answer's probability: how often an answer given with such a probability is right."""
    probability, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    groups = [
        group for group in np.array_split(np.argsort(probability, kind="stable"), _GROUPS) if len(group)
    ]
    diagonal(axes, "perfect")
    axes.plot(
        [probability[group].mean() for group in groups],
        [right[group].mean() for group in groups],
        color=INK, marker="o", label="validation, ten equal groups",
    )  # fmt: skip
    axes.set(title="Calibration", xlabel="mean probability of the answer", ylabel="share of right answers")
    axes.legend()
