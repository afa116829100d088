"""From text, as CSV files hold it, to Arrow arrays of the types a spec declares.

As strict as `arrow_columns`: what a type cannot hold exactly is an error. The forms that are read are
listed in docs/sources.md; they do not depend on the machine's language or zone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress

import pyarrow as pa
import pyarrow.compute as pc

from include.adapters.arrow_casts import cast_array, first_failure
from include.adapters.arrow_columns import ARROW_TYPES, misfit
from include.specs import ColumnType

_INTEGER = r"^[+-]?[0-9]+(\.0*)?$"  # pandas writes whole numbers with a point where one is missing
_FINITE = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_INFINITE = r"(?i)^[+-]?inf(inity)?$"
_NOT_A_NUMBER = r"(?i)^[+-]?nan$"
_WHOLE = r"^[+-]?[0-9]+$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MIDNIGHT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]00:00(:00(\.0+)?)?Z?$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_NAIVE = _MOMENT + "$"
_ZONED = _MOMENT + r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_TOO_FINE = r"(\.[0-9]{6})0+"  # nanoseconds that are none
_BEFORE_ZONE = r" ([+-][0-9]{2}(:?[0-9]{2})?|Z|UTC)$"
_TRUE, _FALSE = ["true", "t", "1"], ["false", "f", "0"]
_EXACT = 2**53
"""Up to here every whole number is a float."""


def parse_text(name: str, kind: ColumnType, texts: pa.Array, missing: Sequence[str]) -> pa.Array:
    """Turn one column's text into an array of the declared type.

    Parameters
    ----------
    name
        The column's name, for messages.
    kind
        The type the spec declares.
    texts
        A `string` array; null is missing.
    missing
        Texts that stand for a missing value too, in columns that are not text.

    Returns
    -------
    pyarrow.Array
        As long as `texts`.

    Raises
    ------
    SourceError
        Where a text does not say a value of the type; names column, type, text and position.
    """
    if kind is ColumnType.STRING:
        return cast_array(name, kind, texts)
    given = pc.if_else(pc.is_in(texts, pa.array(missing, pa.string())), None, texts)
    return _PARSERS[kind](name, given)


def _parse_integers(name: str, texts: pa.Array) -> pa.Array:
    _require(name, ColumnType.INTEGER, texts, pc.match_substring_regex(texts, _INTEGER))
    whole = pc.replace_substring_regex(texts, r"^\+|\.0*$", "")
    return _cast(name, ColumnType.INTEGER, texts, whole, pa.int64())


def _parse_numbers(name: str, texts: pa.Array) -> pa.Array:
    texts = pc.if_else(pc.match_substring_regex(texts, _NOT_A_NUMBER), None, texts)
    infinite = pc.match_substring_regex(texts, _INFINITE)
    _require(name, ColumnType.NUMBER, texts, pc.or_(infinite, pc.match_substring_regex(texts, _FINITE)))
    numbers = pc.cast(pc.replace_substring_regex(texts, r"^\+", ""), pa.float64())
    _require(name, ColumnType.NUMBER, texts, pc.or_(infinite, pc.is_finite(numbers)))
    _require_exact(name, texts, numbers)
    return numbers


def _require_exact(name: str, texts: pa.Array, numbers: pa.Array) -> None:
    """Refuse whole numbers that lie between two floats, as `to_array` does."""
    suspects = pc.and_(
        pc.greater_equal(pc.abs(numbers), float(_EXACT)), pc.match_substring_regex(texts, _WHOLE)
    )
    if not pc.any(suspects).as_py():
        return
    chosen = suspects.to_pylist()
    for position, (text, number) in compress(enumerate(zip(texts, numbers, strict=True)), chosen):
        if int(text.as_py()) != int(number.as_py()):
            raise misfit(name, ColumnType.NUMBER, text.as_py(), position)


def _parse_booleans(name: str, texts: pa.Array) -> pa.Array:
    words = pc.utf8_lower(texts)
    yes, no = (pc.is_in(words, pa.array(known)) for known in (_TRUE, _FALSE))
    _require(name, ColumnType.BOOLEAN, texts, pc.or_(pc.or_(yes, no), pc.is_null(texts)))
    return pc.if_else(pc.is_null(texts), pa.scalar(None, pa.bool_()), yes)


def _parse_dates(name: str, texts: pa.Array) -> pa.Array:
    days = pc.replace_substring_regex(texts, _MIDNIGHT, r"\1")
    _require(name, ColumnType.DATE, texts, pc.match_substring_regex(days, _DATE))
    return _cast(name, ColumnType.DATE, texts, days, pa.date32())


def _parse_timestamps(name: str, texts: pa.Array) -> pa.Array:
    moments = pc.replace_substring_regex(texts, _TOO_FINE, r"\1")
    moments = pc.replace_substring_regex(moments, _BEFORE_ZONE, r"\1")
    moments = pc.replace_substring_regex(moments, r"UTC$", "Z")
    moments = pc.if_else(
        pc.match_substring_regex(moments, _DATE), pc.binary_join_element_wise(moments, "00:00", " "), moments
    )
    naive, zoned = (pc.match_substring_regex(moments, form) for form in (_NAIVE, _ZONED))
    _require(name, ColumnType.TIMESTAMP, texts, pc.or_(naive, zoned))
    utc = pc.if_else(naive, pc.binary_join_element_wise(moments, "Z", ""), moments)
    return _cast(name, ColumnType.TIMESTAMP, texts, utc, ARROW_TYPES[ColumnType.TIMESTAMP])


def _cast(name: str, kind: ColumnType, texts: pa.Array, prepared: pa.Array, target: pa.DataType) -> pa.Array:
    try:
        return pc.cast(prepared, target)
    except pa.ArrowInvalid:
        position = first_failure(prepared, target)
        raise misfit(name, kind, texts[position].as_py(), position) from None


def _require(name: str, kind: ColumnType, texts: pa.Array, fits: pa.Array) -> None:
    position = pc.index(pc.fill_null(fits, True), False).as_py()
    if position >= 0:
        raise misfit(name, kind, texts[position].as_py(), position)


_PARSERS: Mapping[ColumnType, Callable[[str, pa.Array], pa.Array]] = {
    ColumnType.INTEGER: _parse_integers,
    ColumnType.NUMBER: _parse_numbers,
    ColumnType.BOOLEAN: _parse_booleans,
    ColumnType.DATE: _parse_dates,
    ColumnType.TIMESTAMP: _parse_timestamps,
}
