"""A few rows with the scores they got at training: whoever loads the version must score them alike.

Training writes the sample beside the model, and the gate `servability` scores it again in a clean process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.prepare import prepare
from include.errors import DataError
from include.specs.model import Features

SAMPLE_ROWS = 200


@dataclass(frozen=True)
class ScoredSample:
    """Rows and the scores they were given.

    Attributes
    ----------
    rows
        Shape (rows, features), as `prepare` gives them; to prepare them once more changes nothing.
    scores
        Shape (rows,), or (rows, classes) in a multiclass task.
    """

    rows: pd.DataFrame
    scores: NDArray[np.float64]


def build_sample(rows: pd.DataFrame, features: Features, scores: NDArray[np.float64]) -> dict[str, Any]:
    """Take the first rows of the validation part and their scores into a JSON document.

    Parameters
    ----------
    rows
        As read; at most the first `SAMPLE_ROWS` are taken.
    features
        Those of the model.
    scores
        Shape (rows,) or (rows, classes), finite: what the pipeline that is registered gave these rows.
    """
    prepared = prepare(rows.head(SAMPLE_ROWS), features)
    return {
        "numeric": {name: [_number(value) for value in prepared[name]] for name in features.numeric},
        "categorical": {name: prepared[name].tolist() for name in features.categorical},
        "scores": scores[:SAMPLE_ROWS].tolist(),
    }


def read_sample(document: Mapping[str, Any], where: str = "scored_sample.json") -> ScoredSample:
    """Read what `build_sample` answered.

    Parameters
    ----------
    document
        The document.
    where
        Whose it is, for the message.

    Raises
    ------
    DataError
        When it is no such sample, or has no rows.
    """
    try:
        columns = {name: np.array(found, dtype=np.float64) for name, found in document["numeric"].items()}
        texts = {name: np.array(found, dtype=object) for name, found in document["categorical"].items()}
        scores = np.array(document["scores"], dtype=np.float64)
        rows = pd.DataFrame(columns | texts)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _no_sample(f"it cannot be read: {type(error).__name__}: {error}", where) from None
    if not len(rows) or len(rows) != len(scores):
        raise _no_sample(f"it has {len(rows)} rows and {len(scores)} scores", where)
    return ScoredSample(rows, scores)


def _number(value: float) -> float | str | None:
    """Say a number in JSON, which has no infinity."""
    if np.isnan(value):
        return None
    return float(value) if np.isfinite(value) else str(float(value))


def _no_sample(what: str, where: str) -> DataError:
    return DataError(
        f"this is no scored sample: {what}",
        where=where,
        next_step="train a new version, which writes its own",
    )
