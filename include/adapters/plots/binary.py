"""Figures of a model with two classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from include.adapters.plots.canvas import INK, SOFT, diagonal
from include.adapters.plots.counts import draw_counts

Labels = NDArray[np.int64]
Scores = NDArray[np.float64]


def figures(labels: Labels, scores: Scores, threshold: float) -> dict[str, Callable[[Axes], None]]:
    """Return what draws each figure, by its name.

    Parameters
    ----------
    labels, scores
        Shape (rows,), of the validation part, with both classes.
    threshold
        From which score on the answer is 1.
    """
    return {
        "roc": lambda axes: _roc(axes, labels, scores, threshold),
        "precision_recall": lambda axes: _precision_recall(axes, labels, scores, threshold),
        "calibration": lambda axes: _calibration(axes, labels, scores),
        "scores": lambda axes: _scores(axes, labels, scores, threshold),
        "confusion_matrix": lambda axes: _confusion(axes, labels, scores, threshold),
    }


def _roc(axes: Axes, labels: Labels, scores: Scores, threshold: float) -> None:
    false_positive, true_positive, _ = roc_curve(labels, scores)
    diagonal(axes, "chance")
    area = roc_auc_score(labels, scores)
    axes.plot(false_positive, true_positive, color=INK, label=f"validation, area {area:.3f}")
    answers = scores >= threshold
    axes.plot(
        answers[labels == 0].mean(), answers[labels == 1].mean(),
        "o", color="black", label=f"threshold {threshold:.2f}",
    )  # fmt: skip
    axes.set(title="ROC curve", xlabel="false positive rate", ylabel="true positive rate")
    axes.legend()


def _precision_recall(axes: Axes, labels: Labels, scores: Scores, threshold: float) -> None:
    precision, recall, _ = precision_recall_curve(labels, scores)
    axes.axhline(labels.mean(), color=SOFT, linestyle="--", label="share of class 1")
    axes.plot(recall, precision, color=INK, label="validation")
    answers = scores >= threshold
    if answers.any():
        axes.plot(
            answers[labels == 1].mean(), labels[answers].mean(),
            "o", color="black", label=f"threshold {threshold:.2f}",
        )  # fmt: skip
    axes.set(title="Precision and recall", xlabel="recall", ylabel="precision", ylim=(0, 1.02))
    axes.legend()


def _calibration(axes: Axes, labels: Labels, scores: Scores) -> None:
    observed, predicted = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    diagonal(axes, "perfect")
    axes.plot(predicted, observed, color=INK, marker="o", label="validation, ten equal groups")
    axes.set(title="Calibration", xlabel="mean score", ylabel="observed share of class 1")
    axes.legend()


def _scores(axes: Axes, labels: Labels, scores: Scores, threshold: float) -> None:
    bins = np.linspace(0, 1, 41).tolist()
    axes.hist(scores[labels == 0], bins=bins, color=SOFT, alpha=0.8, label="class 0")
    axes.hist(scores[labels == 1], bins=bins, color=INK, alpha=0.6, label="class 1")
    axes.axvline(threshold, color="black", linestyle=":", label=f"threshold {threshold:.2f}")
    axes.set(title="Scores of the validation part", xlabel="score", ylabel="rows")
    axes.legend()


def _confusion(axes: Axes, labels: Labels, scores: Scores, threshold: float) -> None:
    counts = confusion_matrix(labels, scores >= threshold, labels=[0, 1])
    draw_counts(axes, counts, ["0", "1"])
    axes.set_title(f"Answers at threshold {threshold:.2f}")
