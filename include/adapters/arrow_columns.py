"""From the values a database driver returns to Arrow arrays of the types a spec declares.

Nothing is lost silently: a value that its declared type cannot hold exactly is an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from include.errors import SourceError
from include.specs import ColumnType

ARROW_TYPES: Mapping[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.STRING: pa.string(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
}
# Arrow takes these Python types as they are, at the speed of C. Others are converted value by value.
_NATIVE: Mapping[ColumnType, frozenset[type]] = {
    ColumnType.INTEGER: frozenset({int}),
    ColumnType.NUMBER: frozenset({float, int}),
    ColumnType.STRING: frozenset({str}),
    ColumnType.BOOLEAN: frozenset({bool}),
    ColumnType.DATE: frozenset({date}),
    ColumnType.TIMESTAMP: frozenset({datetime}),
}
_LONGEST_EXAMPLE = 80
_EXACT_FLOATS = 2**53


def arrow_schema(columns: Mapping[str, ColumnType]) -> pa.Schema:
    """Return the Arrow schema of a dataset's columns, in the order of the spec."""
    return pa.schema([pa.field(name, ARROW_TYPES[kind]) for name, kind in columns.items()])


def to_array(name: str, kind: ColumnType, values: Sequence[Any]) -> pa.Array:
    """Turn one column's values, as a driver returns them, into an array of the declared type.

    Timestamps without a zone are taken as UTC. A number that is not a number (NaN) is missing. Text with
    a NUL character is refused here, because neither PostgreSQL nor a file name could take it later.

    Parameters
    ----------
    name
        The column's name, for messages.
    kind
        The type the spec declares.
    values
        Python values; None is missing.

    Returns
    -------
    pyarrow.Array
        As long as `values`.

    Raises
    ------
    SourceError
        Where a value does not fit the type; names column, type, value and position.
    """
    kinds = set(map(type, values)) - {type(None)}
    try:
        if not kinds <= _NATIVE[kind]:
            return _convert_each(name, kind, values)
        array = pa.array(values, ARROW_TYPES[kind], from_pandas=kind is ColumnType.NUMBER)
        if kind is ColumnType.STRING and pc.any(pc.match_substring(array, "\0")).as_py():
            return _convert_each(name, kind, values)
        return array
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return _convert_each(name, kind, values)


def _convert_each(name: str, kind: ColumnType, values: Sequence[Any]) -> pa.Array:
    convert, target = _CONVERTERS[kind], ARROW_TYPES[kind]
    converted = []
    for position, value in enumerate(values):
        try:
            fitting = None if value is None else convert(value)
            pa.scalar(fitting, target)
        except (ValueError, TypeError, OverflowError, pa.ArrowException):
            raise misfit(name, kind, value, position) from None
        converted.append(fitting)
    return pa.array(converted, target)


def misfit(name: str, kind: ColumnType, value: Any, position: int) -> SourceError:
    """Return the error about a value that its column's declared type cannot hold.

    Its facts name the value's position among those that were converted together, from zero.
    """
    shown = ascii(value)
    example = shown if len(shown) <= _LONGEST_EXAMPLE else shown[:_LONGEST_EXAMPLE] + "…"
    found = type(value).__name__
    article = "an" if kind is ColumnType.INTEGER else "a"
    return SourceError(
        f"column {name!r} holds {example} ({found}), which is not {article} {kind}{_because(kind, value)}",
        next_step=f"mend the row in the source, or declare the type that {name!r} has in the dataset's spec",
        column=name,
        declared=str(kind),
        example=example,
        position=position,
    )


def _because(kind: ColumnType, value: Any) -> str:
    """Say what is wrong with a value that looks right."""
    if kind is ColumnType.STRING and "\0" in str(value):
        return ": it has a NUL character"
    try:
        lost = kind is ColumnType.NUMBER and int(value) != int(float(value))
    except (ValueError, TypeError, OverflowError):
        lost = False
    return ": no float holds it exactly" if lost else ""


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value != int(value):
        raise ValueError
    if isinstance(value, float) and abs(value) >= _EXACT_FLOATS:  # it may stand for its neighbour
        raise ValueError
    return int(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError
    number = float(value)
    if isinstance(value, int) and int(number) != value:
        raise ValueError
    if isinstance(value, Decimal) and value.is_finite() and value and number in (0.0, math.inf, -math.inf):
        raise ValueError
    return None if math.isnan(number) else number


def _string(value: Any) -> str:
    if not isinstance(value, str | UUID) or "\0" in str(value):
        raise ValueError
    return str(value)


def _boolean(value: Any) -> bool:
    if value not in (0, 1):  # engines without a boolean type store 0 and 1
        raise ValueError
    return bool(value)


def _date(value: Any) -> date:
    if type(value) is date:
        return value
    moment = _timestamp(value)
    if moment.timetz() != time(tzinfo=UTC):
        raise ValueError
    return moment.date()


def _timestamp(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, date):
        raise ValueError
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_CONVERTERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.STRING: _string,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.DATE: _date,
    ColumnType.TIMESTAMP: _timestamp,
}
