"""What predictions must be before anyone sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from include.errors import OutputContractError, name_some

LONGEST_KEY_BYTES = 1000
"""PostgreSQL's index of predictions takes somewhat more."""


def check_output(predictions: pa.Table, keys: pa.Array, recorded_rows: int, where: str) -> None:
    """Refuse predictions that do not answer their partition exactly.

    Parameters
    ----------
    predictions
        Columns `entity_key`, `score`, `prediction`.
    keys
        The keys of the partition's rows.
    recorded_rows
        How many rows the partition's manifest records.
    where
        Model and day, for the message.

    Raises
    ------
    OutputContractError
        Names everything that is wrong at once.
    """
    problems = [
        *_wrong_counts(predictions, len(keys), recorded_rows),
        *_wrong_keys(predictions.column("entity_key"), keys),
        *_wrong_values(predictions),
    ]
    if problems:
        raise OutputContractError(
            "; ".join(problems),
            where=where,
            next_step="nothing was published and the former predictions stay current;"
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


def _wrong_values(predictions: pa.Table) -> Iterator[str]:
    scores = predictions.column("score")
    finite = pc.fill_null(pc.is_finite(scores), False)
    if bad := predictions.num_rows - (pc.sum(finite).as_py() or 0):
        yield f"{bad} scores are missing or not finite"
    outside = scores.filter(finite)
    outside = outside.filter(pc.or_(pc.less(outside, 0), pc.greater(outside, 1)))
    if len(outside):
        yield f"{len(outside)} scores outside 0 to 1, such as {outside[0].as_py():g}"
    odd = pc.invert(pc.is_in(predictions.column("prediction"), pa.array([0, 1], pa.int16())))
    if wrong := pc.sum(odd).as_py():
        yield f"{wrong} predictions are neither 0 nor 1"
