"""A registered version, loaded with all that scoring needs; whoever scores, scores with this."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from include.adapters import mlflow_documents, mlflow_models
from include.contracts import CandidateRef, ChampionRef
from include.core.model_info import ModelInfo
from include.core.pipeline import answers, score
from include.settings import Settings


@dataclass(frozen=True)
class Scorer:
    """A version's verified pipeline, and what was recorded with it.

    Attributes
    ----------
    version
        Its number in the registry.
    pipeline
        Fitted; its bytes were those that were registered.
    info
        What its run recorded.
    """

    version: int
    pipeline: Pipeline
    info: ModelInfo

    def score(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """Score rows as read, which hold at least the version's features.

        Returns
        -------
        np.ndarray
            float64. Binary: shape (rows,), the probability of class 1. Multiclass: shape (rows, classes),
            probabilities in the order of `info.classes`. Regression: shape (rows,), values. Whether they
            are finite numbers is for the caller to judge.

        Raises
        ------
        DataError
            When a feature holds what the version cannot take.
        """
        return score(self.pipeline, rows, self.info.features, self.info.task)

    def answers(self, scores: NDArray[np.float64]) -> NDArray[np.int64] | NDArray[np.float64]:
        """Turn scores into answers.

        Returns
        -------
        np.ndarray
            Shape (rows,). Binary: int64, 1 from the version's own threshold on, else 0. Multiclass: int64,
            places in `info.classes`. Regression: the float64 scores.
        """
        return answers(self.info.task, scores, self.info.threshold)


def load_scorer(settings: Settings, which: CandidateRef | ChampionRef) -> Scorer:
    """Load a version, if its bytes are those that were registered.

    Parameters
    ----------
    settings
        The installation.
    which
        The version.

    Raises
    ------
    IntegrityError
        When the version or its records are gone or altered; nothing was loaded.
    SourceUnavailableError
        When MLflow does not answer.
    """
    pipeline = mlflow_models.load_version(
        settings, which.model, which.version, which.run_id, which.artifact_sha256
    )
    return Scorer(which.version, pipeline, read_info(settings, which))


def read_info(settings: Settings, which: CandidateRef | ChampionRef) -> ModelInfo:
    """Return what a version's run recorded, without loading its pipeline; errors as `load_scorer`'s."""
    document = mlflow_documents.read_model_info(settings, which.run_id)
    return ModelInfo.read(document, f"model {which.model}, version {which.version}")
