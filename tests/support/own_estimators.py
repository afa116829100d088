"""Estimators as users write them, sound and broken."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier


class OwnMedian(RegressorMixin, BaseEstimator):
    """Answers the median of the labels, shifted."""

    def __init__(self, shift: float = 0.0) -> None:
        self.shift = shift

    def fit(self, matrix: np.ndarray, labels: np.ndarray) -> Self:
        self.answer_ = float(np.median(labels)) + self.shift
        return self

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        return np.full(len(matrix), self.answer_)


class Odd(ClassifierMixin, BaseEstimator):
    """A classifier whose scores are all `score`."""

    def __init__(self, score: float) -> None:
        self.score_given = score

    def fit(self, matrix: np.ndarray, labels: np.ndarray) -> Self:
        self.classes_ = np.unique(labels)
        return self

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        return np.full((len(matrix), len(self.classes_)), self.score_given)


class Failing(ClassifierMixin, BaseEstimator):
    """Cannot be fitted."""

    def fit(self, matrix: np.ndarray, labels: np.ndarray) -> Self:
        raise ArithmeticError("the optimiser diverged")

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        raise NotImplementedError


def median(task: str, params: dict[str, Any], seed: int) -> BaseEstimator:
    return OwnMedian(**params)


def prior(task: str, params: dict[str, Any], seed: int) -> BaseEstimator:
    return DummyClassifier(strategy="stratified", random_state=seed)


def odd(task: str, params: dict[str, Any], seed: int) -> BaseEstimator:
    return Odd(score=float(params.get("score", "nan")))


def failing(task: str, params: dict[str, Any], seed: int) -> BaseEstimator:
    return Failing()


def nothing(task: str, params: dict[str, Any], seed: int) -> None:
    return None


def throwing(task: str, params: dict[str, Any], seed: int) -> BaseEstimator:
    raise KeyError("depth")


no_function = 3
