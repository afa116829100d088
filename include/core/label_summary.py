"""What the labels of a part are like, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from include.core.labels import LabelArray
from include.specs.task import Task

_CLASSES = 5


def describe_labels(labels: LabelArray, task: Task, classes: Sequence[str] = ()) -> str:
    """Return the share of class 1, the shares of the commonest classes, or mean and spread."""
    if not len(labels):
        return "none"
    if task is Task.REGRESSION:
        return f"mean {labels.mean():.4g}, standard deviation {labels.std():.4g}"
    if task is Task.BINARY_CLASSIFICATION:
        return f"{labels.mean():.1%} label 1"
    counts = np.bincount(labels.astype(np.int64), minlength=len(classes))
    order = np.argsort(-counts, kind="stable")
    shown = [f"{classes[code]} {counts[code] / len(labels):.1%}" for code in order[:_CLASSES]]
    more = len(classes) - _CLASSES
    return ", ".join(shown) + (f", {more} more classes" if more > 0 else "")
