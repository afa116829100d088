"""One hash for a set of predictions: equal exactly when the published rows are equal."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def content_hash(predictions: pa.Table, *, model_version: int, snapshot_hash: str) -> str:
    """Hash predictions together with the model version and snapshot every row carries.

    The bytes hashed are unambiguous and do not depend on how a library prints numbers: lengths of the
    keys in bytes, the keys in UTF-8, scores as little-endian float64, predictions as little-endian
    int16.

    Parameters
    ----------
    predictions
        Columns `entity_key`, `score`, `prediction`, ordered by key.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    header = {"model_version": model_version, "rows": predictions.num_rows, "snapshot": snapshot_hash}
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    keys = predictions.column("entity_key")
    digest.update(_numbers(pc.binary_length(keys), "<u4"))
    digest.update("".join(keys.to_pylist()).encode())
    digest.update(_numbers(predictions.column("score"), "<f8"))
    digest.update(_numbers(predictions.column("prediction"), "<i2"))
    return digest.hexdigest()


def _numbers(column: pa.ChunkedArray, dtype: str) -> bytes:
    return bytes(np.asarray(column.to_numpy()).astype(dtype).tobytes())
