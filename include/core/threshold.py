"""The score from which on a binary model answers 1, chosen on the validation part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.errors import TrainingDataError
from include.specs.training import Costs, Threshold

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chosen:
    """A threshold, and what it was chosen for in words."""

    value: float
    rule: str


@dataclass(frozen=True)
class _Answers:
    """What follows from each threshold, from the highest to the lowest.

    Attributes
    ----------
    thresholds
        Shape (thresholds,): just above all scores, where nothing is answered 1, then each score.
    hits, false_alarms
        Shape (thresholds,): rows answered 1 that are 1, and that are 0.
    ones
        Rows that are 1.
    """

    thresholds: Floats
    hits: Floats
    false_alarms: Floats
    ones: int

    @property
    def recall(self) -> Floats:
        return self.hits / max(self.ones, 1)

    @property
    def precision(self) -> Floats:
        answered = self.hits + self.false_alarms
        return np.divide(self.hits, answered, out=np.zeros_like(answered), where=answered > 0)

    @property
    def f1(self) -> Floats:
        return 2 * self.hits / np.maximum(self.hits + self.false_alarms + self.ones, 1)


def choose_threshold(rule: Threshold, labels: NDArray[np.int64], scores: Floats, model: str) -> Chosen:
    """Choose the threshold by a spec's rule; of equals, the highest.

    A row is answered with class 1 when its score is at least the threshold.

    Parameters
    ----------
    rule
        Costs, a least recall, a least precision, or none: then the best F1, the harmonic mean of precision
        and recall, which needs no costs.
    labels
        Shape (rows,), 0 or 1, both there.
    scores
        Shape (rows,), as the version gives them, calibrated if it is.
    model
        Its name, for the message.

    Raises
    ------
    TrainingDataError
        When no threshold reaches the precision; says how much can be reached.
    """
    found = _answers(labels, scores)
    if rule.costs is not None:
        return _least_costs(found, rule.costs, len(labels))
    if rule.recall is not None:
        return _best(found, found.precision, found.recall >= rule.recall, f"recall at least {rule.recall:g}")
    if rule.precision is not None:
        reached = found.precision >= rule.precision
        if not reached.any():
            raise _unreachable(found, rule.precision, model)
        return _best(found, found.recall, reached, f"precision at least {rule.precision:g}")
    return _best(found, found.f1, found.thresholds <= scores.max(), "the best F1")


def _answers(labels: NDArray[np.int64], scores: Floats) -> _Answers:
    distinct, place = np.unique(-scores, return_inverse=True)
    ones = np.bincount(place, weights=labels)
    zeros = np.bincount(place, weights=1 - labels)
    return _Answers(
        thresholds=np.concatenate([[np.nextafter(-distinct[0], np.inf)], -distinct]),
        hits=np.concatenate([[0.0], np.cumsum(ones)]),
        false_alarms=np.concatenate([[0.0], np.cumsum(zeros)]),
        ones=int(labels.sum()),
    )


def _best(found: _Answers, value: Floats, allowed: NDArray[np.bool_], rule: str) -> Chosen:
    at = int(np.argmax(np.where(allowed, value, -1.0)))  # the first of equals is the highest threshold
    return Chosen(
        float(found.thresholds[at]),
        f"{rule}: recall {found.recall[at]:.3f}, precision {found.precision[at]:.3f} on validation",
    )


def _least_costs(found: _Answers, costs: Costs, rows: int) -> Chosen:
    total = costs.false_positive * found.false_alarms + costs.false_negative * (found.ones - found.hits)
    at = int(np.argmin(total))
    return Chosen(
        float(found.thresholds[at]),
        f"the least costs, {costs.false_positive:g} a false positive and {costs.false_negative:g} a false"
        f" negative: {total[at] / rows:.4g} a row on validation",
    )


def _unreachable(found: _Answers, asked: float, model: str) -> TrainingDataError:
    at = int(np.argmax(found.precision))
    return TrainingDataError(
        f"no threshold reaches the precision {asked:g} that training.threshold asks for: on validation the"
        f" best is {found.precision[at]:.3f}, with recall {found.recall[at]:.3f}",
        where=f"model {model}",
        next_step="lower training.threshold.precision, or give the model features that tell more",
    )
