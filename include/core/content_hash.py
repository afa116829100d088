"""One hash for a set of predictions: equal exactly when the published rows are equal."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.core.predictions import ANSWER, CLASS_SCORES, KEY, PREDICTED_CLASS, SCORE


def content_hash(predictions: pa.Table, *, model_version: int, snapshot_hash: str) -> str:
    """Hash predictions together with the model version and snapshot every row carries.

    The bytes hashed are unambiguous and do not depend on how a library prints numbers: lengths of texts
    in bytes, the texts in UTF-8, scores as little-endian float64, binary answers as little-endian int16,
    multiclass answers as texts followed by the scores of each class.

    Parameters
    ----------
    predictions
        As `build_predictions` returns them.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    header: dict[str, Any] = {
        "model_version": model_version,
        "rows": predictions.num_rows,
        "snapshot": snapshot_hash,
    }
    names = predictions.column_names
    # Binary predictions have no such word in their header: nights published before there were others
    # keep their hash.
    if ANSWER not in names:
        header["classes"] = _classes(predictions)
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    _add_texts(digest, predictions.column(KEY))
    digest.update(_numbers(predictions.column(SCORE), "<f8"))
    if ANSWER in names:
        digest.update(_numbers(predictions.column(ANSWER), "<i2"))
    if CLASS_SCORES in names:
        _add_texts(digest, predictions.column(PREDICTED_CLASS))
        for scores in predictions.column(CLASS_SCORES).flatten():
            digest.update(_numbers(scores, "<f8"))
    return digest.hexdigest()


def _classes(predictions: pa.Table) -> list[str] | None:
    if CLASS_SCORES not in predictions.column_names:
        return None
    return [field.name for field in predictions.schema.field(CLASS_SCORES).type]


def _add_texts(digest: Any, column: pa.ChunkedArray) -> None:
    digest.update(_numbers(pc.binary_length(column), "<u4"))
    digest.update("".join(column.to_pylist()).encode())


def _numbers(column: pa.ChunkedArray, dtype: str) -> bytes:
    return bytes(np.asarray(column.to_numpy()).astype(dtype).tobytes())
