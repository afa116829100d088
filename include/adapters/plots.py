"""Figures that show how a model version behaves, drawn without a screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

_INK = "#2457b3"
_SOFT = "#9aa5b4"
_TOP = 20


def draw_plots(
    folder: Path,
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    threshold: float,
    importance: Mapping[str, float],
) -> None:
    """Write `roc.png`, `precision_recall.png`, `calibration.png`, `scores.png` and `importance.png`.

    Parameters
    ----------
    folder
        Where they go; it must exist.
    labels, scores
        Shape (rows,), of the validation part.
    threshold
        The score from which the answer is class 1.
    importance
        By how much ROC AUC falls when a feature is shuffled.
    """
    _draw(folder / "roc.png", lambda axes: _roc(axes, labels, scores))
    _draw(folder / "precision_recall.png", lambda axes: _precision_recall(axes, labels, scores))
    _draw(folder / "calibration.png", lambda axes: _calibration(axes, labels, scores))
    _draw(folder / "scores.png", lambda axes: _scores(axes, labels, scores, threshold))
    _draw(folder / "importance.png", lambda axes: _importance(axes, importance))


def _draw(path: Path, fill: Callable[[Axes], None]) -> None:
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    fill(figure.add_subplot())
    figure.savefig(path, dpi=100, metadata={"Software": None})


def _roc(axes: Axes, labels: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
    false_positive, true_positive, _ = roc_curve(labels, scores)
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--", label="chance")
    axes.plot(false_positive, true_positive, color=_INK, label="validation")
    axes.set(title="ROC curve", xlabel="false positive rate", ylabel="true positive rate")
    axes.legend()


def _precision_recall(axes: Axes, labels: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
    precision, recall, _ = precision_recall_curve(labels, scores)
    axes.axhline(labels.mean(), color=_SOFT, linestyle="--", label="share of class 1")
    axes.plot(recall, precision, color=_INK, label="validation")
    axes.set(title="Precision and recall", xlabel="recall", ylabel="precision", ylim=(0, 1.02))
    axes.legend()


def _calibration(axes: Axes, labels: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
    observed, predicted = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--", label="perfect")
    axes.plot(predicted, observed, color=_INK, marker="o", label="validation, ten equal groups")
    axes.set(title="Calibration", xlabel="mean score", ylabel="observed share of class 1")
    axes.legend()


def _scores(axes: Axes, labels: NDArray[np.int64], scores: NDArray[np.float64], threshold: float) -> None:
    bins = np.linspace(0, 1, 41).tolist()
    axes.hist(scores[labels == 0], bins=bins, color=_SOFT, alpha=0.8, label="class 0")
    axes.hist(scores[labels == 1], bins=bins, color=_INK, alpha=0.6, label="class 1")
    axes.axvline(threshold, color="black", linestyle=":", label=f"threshold {threshold:.2f}")
    axes.set(title="Scores of the validation part", xlabel="score", ylabel="rows")
    axes.legend()


def _importance(axes: Axes, importance: Mapping[str, float]) -> None:
    shown = sorted(importance.items(), key=lambda item: (item[1], item[0]))[-_TOP:]
    axes.barh([name for name, _ in shown], [value for _, value in shown], color=_INK)
    axes.set(title="Permutation importance", xlabel="loss of ROC AUC when shuffled")
