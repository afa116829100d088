"""Labels as the tasks need them: 0 and 1, codes of classes, or finite numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.prepare import as_text
from include.errors import TrainingDataError, name_some
from include.specs.model import ModelSpec
from include.specs.task import Task

MAX_CLASSES = 100
"""More classes are no classes but names: a boosting fits one tree a class and round."""

LARGEST = 1e100
"""Beyond, a squared error is no number any more."""

LabelArray = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """Encoded labels.

    Attributes
    ----------
    values
        Shape (rows,). Binary: int64, 0 or 1. Multiclass: int64, places in `classes`. Regression: float64.
    classes
        Names of the classes, sorted; empty unless multiclass.
    """

    values: LabelArray
    classes: tuple[str, ...] = ()


def encode_labels(
    found: pd.Series, in_train: NDArray[np.bool_], spec: ModelSpec, classes: Sequence[str] | None = None
) -> Labels:
    """Give labels the form that the model's task needs.

    Parameters
    ----------
    found
        Shape (rows,), none missing: text, numbers or truth values, as read.
    in_train
        Shape (rows,), which rows train: their classes are all there are.
    spec
        The model.
    classes
        The classes of a version that was trained already, in the place of those found.

    Raises
    ------
    TrainingDataError
        When a value is none the task knows, or there is only one; names column and value.
    """
    if spec.task is Task.BINARY_CLASSIFICATION:
        return Labels(_binary(found, spec))
    if spec.task is Task.REGRESSION:
        return Labels(_numbers(found, spec))
    return _classes(found, in_train, spec, classes)


def _binary(found: pd.Series, spec: ModelSpec) -> NDArray[np.int64]:
    positive, text = spec.label.positive, _is_text(found)
    values = found.astype(str) if text else found.astype(np.float64)
    distinct = sorted(values.unique().tolist())
    if positive is None:
        if distinct != [0, 1]:
            advice = "; name the one that counts as 1 in label.positive" if len(distinct) == 2 else ""
            raise _refusal(spec, f"takes the values {_shown(distinct)}, not 0 and 1", _check(spec) + advice)
        return np.asarray(values, dtype=np.int64)
    wanted = positive if isinstance(positive, str) or text else float(positive)
    if wanted not in distinct:
        raise _refusal(
            spec,
            f"takes the values {_shown(distinct)}, none of which is the {positive!r} of label.positive",
            "write in label.positive the value that counts as 1, text in quotes",
        )
    if len(distinct) != 2:
        raise _refusal(spec, f"takes the values {_shown(distinct)}; a binary label has two", _check(spec))
    return np.asarray(values == wanted, dtype=np.int64)


def _numbers(found: pd.Series, spec: ModelSpec) -> NDArray[np.float64]:
    if _is_text(found):
        raise _refusal(spec, f"holds text such as {found.iloc[0]!r:.80}, not numbers", _check(spec))
    values = found.to_numpy(dtype=np.float64)
    odd = ~(np.abs(values) < LARGEST)
    if odd.any():
        raise _refusal(
            spec,
            f"holds {values[odd][0]:g} in {int(odd.sum())} of {len(values)} rows; a regression learns from"
            f" numbers below {LARGEST:g}",
            "quarantine such rows by a rule `expect: column_values_to_be_between` in the contract of"
            f" {spec.label.dataset}",
        )
    if (values == values[0]).all():
        raise _refusal(spec, f"is {values[0]:g} in every row", _check(spec))
    return values


def _classes(
    found: pd.Series, in_train: NDArray[np.bool_], spec: ModelSpec, classes: Sequence[str] | None
) -> Labels:
    if not _is_text(found) and (odd := found[found.astype(np.float64) % 1 != 0]).size:
        raise _refusal(
            spec, f"holds {odd.iloc[0]!r}; a class is named by text or a whole number", _check(spec)
        )
    names = as_text(found)
    known = sorted(names[in_train].unique()) if classes is None else list(classes)
    _check_classes(known, names, spec)
    codes = pd.Index(known).get_indexer(pd.Index(names)).astype(np.int64)
    if unknown := sorted(names[codes < 0].unique()):
        raise _refusal(
            spec,
            f"takes the value {_shown(unknown)} in {int((codes < 0).sum())} rows, but nowhere in the train"
            f" part, whose classes are {_shown(known)}",
            "widen training.window or shorten validation and holdout until the train part has every class,"
            f" or check {spec.label.column} in {spec.label.dataset}",
        )
    return Labels(codes, tuple(known))


def _check_classes(known: list[str], names: pd.Series[str], spec: ModelSpec) -> None:
    if len(known) > MAX_CLASSES:
        raise _refusal(
            spec,
            f"takes {len(known)} values such as {_shown(known[:3])}; a model tells at most {MAX_CLASSES}"
            " classes apart",
            "group rare classes in the source's query",
        )
    if len(known) < 2:
        found = f"only the value {known[0]!r}" if known else "no value"
        raise _refusal(
            spec,
            f"takes {found} in the train part, of {names.nunique()} values in all parts",
            f"widen training.window, or check {spec.label.column} in {spec.label.dataset}",
        )


def _is_text(values: pd.Series) -> bool:
    return pd.api.types.infer_dtype(values, skipna=True) in {"string", "mixed", "mixed-integer"}


def _shown(values: Sequence[str] | Sequence[float]) -> str:
    return name_some(repr(value)[:80] if isinstance(value, str) else f"{value:g}" for value in values)


def _check(spec: ModelSpec) -> str:
    return f"check {spec.label.column} in {spec.label.dataset}"


def _refusal(spec: ModelSpec, what: str, next_step: str) -> TrainingDataError:
    return TrainingDataError(
        f"label {spec.label.column} {what}", where=f"model {spec.model}", next_step=next_step
    )
