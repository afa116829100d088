"""From Arrow arrays of any type to arrays of the types a spec declares.

The fast way for what `arrow_columns.to_array` does value by value, with the same answers: a value that its
declared type cannot hold exactly is an error.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from include.adapters.arrow_columns import ARROW_TYPES, misfit, to_array
from include.specs import ColumnType


def cast_array(name: str, kind: ColumnType, array: pa.Array) -> pa.Array:
    """Turn one column, as a file holds it, into an array of the declared type.

    Timestamps without a zone are taken as UTC. A number that is not a number (NaN) is missing.

    Parameters
    ----------
    name
        The column's name, for messages.
    kind
        The type the spec declares.
    array
        Any array, also dictionary-encoded.

    Returns
    -------
    pyarrow.Array
        As long as `array`.

    Raises
    ------
    SourceError
        Where a value does not fit the type; names column, type, value and position.
    """
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pt.is_null(array.type):
        return pa.nulls(len(array), ARROW_TYPES[kind])
    if _is_text(array.type):
        array = _checked_text(name, kind, array)
    if not _may_cast(kind, array.type):
        return to_array(name, kind, _python_values(name, kind, array))
    try:
        return _cast(kind, array)
    except pa.ArrowInvalid:
        position = first_failure(array, ARROW_TYPES[kind])
        return _one_by_one(name, kind, array, position)


def first_failure(array: pa.Array, target: pa.DataType) -> int:
    """Return the position of the first value that cannot be cast; there must be one."""
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            pc.cast(array.slice(low, middle - low), target)
            low = middle
        except pa.ArrowInvalid:
            high = middle
    return low


def _may_cast(kind: ColumnType, found: pa.DataType) -> bool:
    """Say whether Arrow's own safe cast answers as `to_array` does."""
    match kind:
        case ColumnType.INTEGER:
            return bool(pt.is_integer(found))
        case ColumnType.NUMBER:
            return bool(pt.is_floating(found) or pt.is_integer(found))
        case ColumnType.STRING:
            return _is_text(found)
        case ColumnType.BOOLEAN:
            return bool(pt.is_boolean(found))
        case ColumnType.DATE:
            return bool(pt.is_date(found))
        case ColumnType.TIMESTAMP:
            return bool(pt.is_timestamp(found) or pt.is_date32(found))


def _cast(kind: ColumnType, array: pa.Array) -> pa.Array:
    if kind is ColumnType.TIMESTAMP and pt.is_date32(array.type):
        array = pc.cast(array, pa.timestamp("us"))
    cast = pc.cast(array, ARROW_TYPES[kind])
    if kind is ColumnType.NUMBER and pt.is_floating(array.type):
        return pc.if_else(pc.is_nan(cast), pa.scalar(None, pa.float64()), cast)
    return cast


def _one_by_one(name: str, kind: ColumnType, array: pa.Array, position: int) -> pa.Array:
    """Let `to_array` decide from the first doubtful value on: some integers beyond 2^53 are floats too."""
    if kind is not ColumnType.NUMBER:
        raise misfit(name, kind, _shown(array[position]), position)
    return to_array(name, kind, array.to_pylist())


def _python_values(name: str, kind: ColumnType, array: pa.Array) -> list[Any]:
    if pt.is_nested(array.type) or pt.is_binary(array.type) or pt.is_time(array.type):
        if array.null_count == len(array):
            return [None] * len(array)
        position = pc.index(pc.is_valid(array), True).as_py()
        raise misfit(name, kind, _shown(array[position]), position)
    return list(array.to_pylist())


def _shown(scalar: pa.Scalar) -> Any:
    """Return a value for a message; Python holds neither nanoseconds nor years beyond 9999."""
    return pc.cast(scalar, pa.string()).as_py() if pt.is_timestamp(scalar.type) else scalar.as_py()


def _is_text(found: pa.DataType) -> bool:
    return bool(pt.is_string(found) or pt.is_large_string(found) or pt.is_string_view(found))


def _checked_text(name: str, kind: ColumnType, array: pa.Array) -> pa.Array:
    """Refuse bytes that are no text, and NUL, which neither PostgreSQL nor a file name could take later."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        raw = array.cast(pa.large_binary()).to_pylist()
        position = next(number for number, value in enumerate(raw) if not _is_utf8(value))
        raise misfit(name, kind, raw[position], position) from None
    array = pc.cast(array, pa.string())
    position = pc.index(pc.fill_null(pc.match_substring(array, "\0"), False), True).as_py()
    if position >= 0 and kind is ColumnType.STRING:
        raise misfit(name, kind, array[position].as_py(), position)
    return array


def _is_utf8(value: bytes | None) -> bool:
    try:
        return value is None or bool(value.decode()) or True
    except UnicodeDecodeError:
        return False
