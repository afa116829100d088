"""What predictions must be before anyone sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from include.core.predictions import ANSWER, CLASS_SCORES, KEY, PREDICTED_CLASS, SCORE
from include.errors import OutputContractError, name_some
from include.specs.task import Task

LONGEST_KEY_BYTES = 1000
"""PostgreSQL's index of predictions takes somewhat more."""

SUM_TOLERANCE = 1e-6
"""By how much the probabilities of a row's classes may miss 1 together."""

_UNCHANGED = "nothing was published and the former predictions stay current;"


def require_shape(
    scores: NDArray[Any], answers: NDArray[Any], rows: int, task: Task, classes: Sequence[str], where: str
) -> None:
    """Refuse scores of another shape than the task's, before predictions are made of them.

    Parameters
    ----------
    scores, answers
        What the version said.
    rows
        How many rows it was given.
    task, classes
        What kind of answer it gives, and the names of a multiclass model's classes.
    where
        Model and day, for the message.

    Raises
    ------
    OutputContractError
        Says the shape there is, and the one there should be.
    """
    wanted = (rows, len(classes)) if task is Task.MULTICLASS_CLASSIFICATION else (rows,)
    if scores.shape == wanted and answers.shape == (rows,):
        return
    raise OutputContractError(
        f"scores have shape {scores.shape} and answers {answers.shape}; wanted are {wanted} and {(rows,)}",
        where=where,
        next_step=f"{_UNCHANGED} correct the estimator, then train and promote another version",
        problems=["shape"],
    )


def check_output(
    predictions: pa.Table,
    keys: pa.Array,
    recorded_rows: int,
    task: Task,
    classes: Sequence[str],
    where: str,
) -> None:
    """Refuse predictions that do not answer their partition exactly.

    Parameters
    ----------
    predictions
        As `build_predictions` returns them.
    keys
        The keys of the partition's rows.
    recorded_rows
        How many rows the partition's manifest records.
    task, classes
        What kind of answer the version gives, and the names of a multiclass model's classes.
    where
        Model and day, for the message.

    Raises
    ------
    OutputContractError
        Names everything that is wrong at once.
    """
    problems = [
        *_wrong_counts(predictions, len(keys), recorded_rows),
        *_wrong_keys(predictions.column(KEY), keys),
        *_wrong_values(predictions, task, classes),
    ]
    if problems:
        raise OutputContractError(
            "; ".join(problems),
            where=where,
            next_step=f"{_UNCHANGED}"
            " check the partition's key and the model version, then run this night again",
            problems=problems,
        )


def _wrong_counts(predictions: pa.Table, scored: int, recorded: int) -> Iterator[str]:
    if scored != recorded:
        yield f"the partition holds {scored} rows and its manifest records {recorded}"
    if predictions.num_rows != scored:
        yield f"{predictions.num_rows} predictions for {scored} rows"


def _wrong_keys(predicted: pa.ChunkedArray, keys: pa.Array) -> Iterator[str]:
    if predicted.null_count:
        yield f"{predicted.null_count} predictions without a key"
    long = predicted.filter(pc.greater(pc.binary_length(predicted), LONGEST_KEY_BYTES))
    if len(long):
        yield f"{len(long)} keys longer than {LONGEST_KEY_BYTES} bytes, such as {long[0].as_py()[:80]!r}"
    counts = pc.value_counts(predicted.drop_null())
    twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    if len(twice):
        yield f"{len(twice)} keys predicted more than once: {name_some(twice.to_pylist())}"
    missing = pc.unique(keys.filter(pc.invert(pc.is_in(keys, predicted))))
    if len(missing):
        yield f"{len(missing)} keys without a prediction: {name_some(missing.to_pylist())}"
    unknown = pc.unique(predicted.filter(pc.invert(pc.is_in(predicted, keys))))
    if len(unknown):
        yield f"{len(unknown)} predictions for keys the partition lacks: {name_some(unknown.to_pylist())}"


def _wrong_values(predictions: pa.Table, task: Task, classes: Sequence[str]) -> Iterator[str]:
    scores = predictions.column(SCORE)
    if task is Task.MULTICLASS_CLASSIFICATION:
        yield from _wrong_classes(predictions, classes)
    elif task is Task.BINARY_CLASSIFICATION:
        yield from _wrong_numbers(scores, "scores", probabilities=True)
        yield from _wrong_answers(predictions.column(ANSWER))
    else:
        yield from _wrong_numbers(scores, "scores", probabilities=False)


def _wrong_numbers(numbers: pa.ChunkedArray, name: str, *, probabilities: bool) -> Iterator[str]:
    finite = pc.fill_null(pc.is_finite(numbers), False)
    if bad := len(numbers) - (pc.sum(finite).as_py() or 0):
        yield f"{bad} {name} are missing or not finite"
    if not probabilities:
        return
    outside = numbers.filter(finite)
    outside = outside.filter(pc.or_(pc.less(outside, 0), pc.greater(outside, 1)))
    if len(outside):
        yield f"{len(outside)} {name} outside 0 to 1, such as {outside[0].as_py():g}"


def _wrong_answers(answers: pa.ChunkedArray) -> Iterator[str]:
    odd = pc.invert(pc.is_in(answers, pa.array([0, 1], pa.int16())))
    if wrong := pc.sum(odd).as_py():
        yield f"{wrong} predictions are neither 0 nor 1"


def _wrong_classes(predictions: pa.Table, classes: Sequence[str]) -> Iterator[str]:
    predicted = predictions.column(PREDICTED_CLASS)
    unknown = predicted.filter(pc.invert(pc.is_in(predicted, pa.array(classes, pa.string()))))
    if len(unknown):
        names = name_some(sorted(set(map(str, unknown.to_pylist()))))
        yield f"{len(unknown)} predicted classes that training did not know: {names}"
    by_class = predictions.column(CLASS_SCORES).flatten()
    chunks = [chunk for scores in by_class for chunk in scores.chunks]
    yield from _wrong_numbers(pa.chunked_array(chunks, pa.float64()), "class scores", probabilities=True)
    total = pa.chunked_array([np.zeros(predictions.num_rows)])
    for scores in by_class:
        total = pc.add(total, scores)
    missed = total.filter(pc.greater(pc.abs(pc.subtract(total, 1)), SUM_TOLERANCE))
    if len(missed):
        yield f"{len(missed)} rows whose class scores do not add up to 1, but to {missed[0].as_py():.9g}"
