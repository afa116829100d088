"""Estimators of a user's own that misbehave; a spec names them as `module:factory`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin


class Throwing(ClassifierMixin, BaseEstimator):
    """Fails half-way through its fit."""

    def fit(self, rows: Any, labels: NDArray[Any]) -> Self:
        """Fail."""
        raise ZeroDivisionError("the learning rate became 0 in round 7")

    def predict_proba(self, rows: Any) -> NDArray[np.float64]:
        """Never come to this."""
        raise NotImplementedError


class Nonsense(ClassifierMixin, BaseEstimator):
    """Answers every third row with NaN."""

    def fit(self, rows: Any, labels: NDArray[Any]) -> Self:
        """Learn the share of ones."""
        self.classes_ = np.unique(labels)
        self.share_ = float(np.mean(labels))
        return self

    def predict_proba(self, rows: Any) -> NDArray[np.float64]:
        """Return shape (rows, 2)."""
        ones = np.full(len(rows), self.share_)
        ones[::3] = np.nan
        return np.column_stack([1 - ones, ones])


class Fragile(Nonsense):
    """Sound on what it has seen: answers NaN for rows whose first feature is beyond that."""

    def fit(self, rows: Any, labels: NDArray[Any]) -> Self:
        """Learn the share of ones, and how far the first feature goes."""
        self.most_ = float(np.asarray(rows)[:, 0].max())
        super().fit(rows, labels)
        return self

    def predict_proba(self, rows: Any) -> NDArray[np.float64]:
        """Return shape (rows, 2)."""
        ones = np.where(np.asarray(rows)[:, 0] > 10 * self.most_, np.nan, self.share_)
        return np.column_stack([1 - ones, ones])


def throwing(task: str, params: Mapping[str, Any], seed: int) -> Throwing:
    return Throwing()


def nonsense(task: str, params: Mapping[str, Any], seed: int) -> Nonsense:
    return Nonsense()


def fragile(task: str, params: Mapping[str, Any], seed: int) -> Fragile:
    return Fragile()
