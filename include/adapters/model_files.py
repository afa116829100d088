"""A model on disk: written without pickle, equal fits as equal bytes, loaded only when the hash holds.

skops refuses types it is not told to trust. MLflow would take the list of trusted types from the very
artifact it is about to load; here the list is fixed in code, and the bytes are checked first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
import skops.io
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature, infer_signature
from mlflow.models.model import MLMODEL_FILE_NAME
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from include.adapters.canonical_skops import file_sha256, make_canonical
from include.errors import EstimatorError, IntegrityError, PerennialError, SettingsError, name_some

MODEL_FILE = "model.skops"
TRUSTED_TYPES = [
    "functools.partial",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
]
"""Beyond skops' own list, what the estimators of `include.core.estimators` are made of.

Types of estimators of the user's own are trusted by the installation's setting `trusted_types`, never
because a model says so.
"""

_TRUST = "if they are yours, add them to PERENNIAL_TRUSTED_TYPES, with commas between them"
_REQUIREMENTS = ("numpy", "pandas", "scikit-learn", "scipy", "skops")


def signature_of(prepared: pd.DataFrame, scores: NDArray[np.float64]) -> ModelSignature:
    """Describe what the model takes and answers: one score, or one for each class."""
    if scores.ndim == 1:
        return infer_signature(prepared, pd.DataFrame({"score": scores}))
    names = [f"score_{place}" for place in range(scores.shape[1])]
    return infer_signature(prepared, pd.DataFrame(scores, columns=names))


def write_model(
    pipeline: Pipeline,
    folder: Path,
    description: Model,
    signature: ModelSignature,
    trusted: Sequence[str] = (),
) -> str:
    """Write an MLflow model folder and return its hash.

    Equal fits give a `model.skops` of equal bytes; `MLmodel` beside it says when it was written.

    Parameters
    ----------
    pipeline
        A fitted pipeline.
    folder
        Where it goes; it must not exist.
    description
        The MLflow model the files belong to.
    signature
        See `signature_of`.
    trusted
        Types of the user's own that the installation trusts.

    Raises
    ------
    SettingsError
        When it is made of types that are not trusted: it could not be loaded again.
    EstimatorError
        When it cannot be stored for another reason.
    """
    try:
        mlflow.sklearn.save_model(
            pipeline,
            folder,
            mlflow_model=description,
            serialization_format="skops",
            skops_trusted_types=[*TRUSTED_TYPES, *trusted],
            signature=signature,
            pyfunc_predict_fn="predict_proba" if hasattr(pipeline, "predict_proba") else "predict",
            # Given, because MLflow would otherwise find them by loading the model in another process.
            pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
        )
    except MlflowException as error:
        raise _not_storable(pipeline, error, trusted) from error
    make_canonical(folder / MODEL_FILE)
    description.model_size_bytes = sum(item.stat().st_size for item in folder.rglob("*") if item.is_file())
    description.save(folder / MLMODEL_FILE_NAME)
    return folder_sha256(folder)


def write_model_file(pipeline: Pipeline, path: Path) -> str:
    """Write nothing but the pipeline, with the bytes that `write_model` gives it, and return its SHA-256."""
    skops.io.dump(pipeline, path)
    return make_canonical(path)


def require_intact(folder: Path, sha256: str) -> None:
    """Refuse a model folder whose bytes are not those that were registered.

    Raises
    ------
    IntegrityError
        When the hash differs.
    """
    found = folder_sha256(folder)
    if found != sha256:
        raise IntegrityError(
            f"the model's files have SHA-256 {found}, registered was {sha256}",
            where=str(folder.name),
            next_step="treat the artifact store as tampered with; train and promote a new version",
        )


def load_model(folder: Path, sha256: str, trusted: Sequence[str] = ()) -> Pipeline:
    """Load a model folder, if its bytes are those that were registered.

    Parameters
    ----------
    folder
        What `write_model` wrote.
    sha256
        What it answered.
    trusted
        Types of the user's own that the installation trusts.

    Raises
    ------
    IntegrityError
        When the hash differs; nothing was loaded.
    SettingsError
        When it is made of types that are not trusted.
    """
    require_intact(folder, sha256)
    path = folder / MODEL_FILE
    if unknown := _untrusted(skops.io.get_untrusted_types(file=path), trusted):
        raise SettingsError(
            f"the model is made of types that are not trusted: {name_some(unknown)}",
            where=str(folder.name),
            next_step=_TRUST,
        )
    return skops.io.load(path, trusted=[*TRUSTED_TYPES, *trusted])


def folder_sha256(folder: Path) -> str:
    """Hash a folder: SHA-256 over the sorted (relative path, file SHA-256) of all its files."""
    total = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0{file_sha256(path)}\n".encode())
    return total.hexdigest()


def _untrusted(found: Iterable[str], trusted: Sequence[str]) -> list[str]:
    return sorted(set(found) - {*TRUSTED_TYPES, *trusted})


def _not_storable(pipeline: Pipeline, error: MlflowException, trusted: Sequence[str]) -> PerennialError:
    if error.__cause__ is not None:
        return EstimatorError(
            f"skops cannot store the fitted model: {' '.join(str(error.__cause__).split())[:300]}",
            next_step="build the estimator of classes and functions at the top level of installed modules,"
            " with plain attributes",
        )
    unknown = _untrusted(skops.io.get_untrusted_types(data=skops.io.dumps(pipeline)), trusted)
    if unknown:
        return SettingsError(
            f"the fitted model is made of types that are not trusted: {name_some(unknown)}", next_step=_TRUST
        )
    return EstimatorError(
        f"MLflow cannot store the fitted model: {' '.join(str(error).split())[:300]}",
        next_step="mend the estimator",
    )
