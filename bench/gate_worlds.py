"""Made-up worlds in which the truth about two models is known: for `bench.gate`.

Both models see the same signal, each through noise of its own; more noise makes a worse model, by an amount
that has a closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from include.specs.task import Metric, Task

Floats = NDArray[np.float64]

_CLASS_DISTANCE = 2.0
_POSITIVE_SHARE = 0.4
_LABEL_NOISE = 0.5


@dataclass(frozen=True)
class World:
    """Where rows come from, and how good a model of so much noise is.

    Attributes
    ----------
    task, metric
        What is asked, and what the gate judges by.
    draw
        From a generator, rows and the noise of two models to labels and both models' scores.
    noise_for
        The noise with which a model has this true value of the metric.
    """

    task: Task
    metric: Metric
    champion_value: float
    draw: Callable[
        [np.random.Generator, int, float, float], tuple[NDArray[np.int64] | Floats, Floats, Floats]
    ]
    noise_for: Callable[[float], float]

    def noise_of_gain(self, gain: float) -> float:
        """Return the noise of a candidate that is better than the champion by `gain`."""
        sign = 1 if self.metric.higher_is_better else -1
        return self.noise_for(self.champion_value + sign * gain)

    @property
    def champion_noise(self) -> float:
        """The noise of the champion."""
        return self.noise_for(self.champion_value)


def _two_classes(
    generator: np.random.Generator, rows: int, first: float, second: float
) -> tuple[NDArray[np.int64], Floats, Floats]:
    labels = (generator.random(rows) < _POSITIVE_SHARE).astype(np.int64)
    signal = _CLASS_DISTANCE * labels + generator.normal(size=rows)
    noise = generator.normal(size=(2, rows))
    return labels, signal + first * noise[0], signal + second * noise[1]


def _noise_of_auc(auc: float) -> float:
    """Scores of each class are normal with variance 1 + noise²: AUC = Φ(distance / √(2 (1 + noise²)))."""
    return float(sqrt((_CLASS_DISTANCE / stats.norm.ppf(auc)) ** 2 / 2 - 1))


def _numbers(
    generator: np.random.Generator, rows: int, first: float, second: float
) -> tuple[Floats, Floats, Floats]:
    signal, wobble = generator.normal(size=(2, rows))
    noise = generator.normal(size=(2, rows))
    return signal + _LABEL_NOISE * wobble, signal + first * noise[0], signal + second * noise[1]


def _noise_of_error(error: float) -> float:
    """Errors are normal with variance label noise² + noise²: MAE = √(2/π · variance)."""
    return sqrt(error**2 * pi / 2 - _LABEL_NOISE**2)


WORLDS = (
    World(Task.BINARY_CLASSIFICATION, Metric.ROC_AUC, 0.84, _two_classes, _noise_of_auc),
    World(Task.REGRESSION, Metric.MEAN_ABSOLUTE_ERROR, 0.56, _numbers, _noise_of_error),
)
