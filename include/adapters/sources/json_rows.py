"""The rows of a file of JSON lines, as a stream of Arrow batches."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from include.adapters.arrow_columns import to_array
from include.adapters.sources.file_rows import Found, typed_batch
from include.adapters.text_columns import parse_text
from include.errors import SourceError
from include.specs import ColumnType, DatasetSpec
from include.specs.column_type import TEMPORAL

LONGEST_LINE_BYTES = 1 << 24
_BATCH_ROWS = 10_000
_BATCH_BYTES = 1 << 24
_LONGEST_EXAMPLE = 80
_BOM = b"\xef\xbb\xbf"


class JsonValueError(ValueError):
    """JSON that says something other than it seems to."""


def read_jsonl(file: BinaryIO, where: str, spec: DatasetSpec) -> Iterator[tuple[pa.RecordBatch, Found]]:
    """Yield the rows of one file, each an object on a line of its own.

    Parameters
    ----------
    file
        The file's bytes, no longer compressed.
    where
        Names it in errors.
    spec
        Names columns and types. A column that an object does not have is missing there; whether any
        object has it is for the caller to say, by what was found.

    Raises
    ------
    SourceError
        Where a line is no JSON object, or a value does not fit; names line, column and value.
    """
    for numbers, rows in _batches(file, where):
        found = dict.fromkeys((name for row in rows for name in row), "json")
        columns = {name: [row.get(name) for row in rows] for name in spec.columns}
        yield typed_batch(spec, columns, json_column, where, numbers), found


def json_column(name: str, kind: ColumnType, values: Sequence[Any]) -> pa.Array:
    """Turn values of JSON, which writes days and moments as text, into an array of the declared type.

    Raises
    ------
    SourceError
        Where a value does not fit the type.
    """
    if kind in TEMPORAL and set(map(type, values)) <= {str, type(None)}:
        try:
            return parse_text(name, kind, pa.array(values, pa.string()), [])
        except UnicodeEncodeError:  # half a pair of surrogates
            return to_array(name, kind, values)
    return to_array(name, kind, values)


def parse_json(text: str) -> Any:
    """Parse JSON without losing anything: no key twice, no number that no float can hold.

    Raises
    ------
    ValueError
        Where it is not JSON, or such.
    """
    return json.loads(text, object_pairs_hook=_named_once, parse_float=_finite)


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonValueError(f"the name {twice!r} stands twice in one object")
    return named


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise JsonValueError(f"the number {text} is too large")
    return number


def _batches(file: BinaryIO, where: str) -> Iterator[tuple[list[int], list[dict[str, Any]]]]:
    numbers: list[int] = []
    rows: list[dict[str, Any]] = []
    held = 0
    for number, line in _lines(file, where):
        numbers.append(number)
        rows.append(_parse_line(line, where, number))
        held += len(line)
        if len(rows) == _BATCH_ROWS or held > _BATCH_BYTES:
            yield numbers, rows
            numbers, rows, held = [], [], 0
    if rows:
        yield numbers, rows


def _lines(file: BinaryIO, where: str) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(line) > LONGEST_LINE_BYTES:
            raise _no_object(where, number, f"the line is longer than {LONGEST_LINE_BYTES:,} bytes", line)
        if text := (line.removeprefix(_BOM) if number == 1 else line).strip():
            yield number, text


def _parse_line(line: bytes, where: str, number: int) -> dict[str, Any]:
    try:
        row = parse_json(line.decode())
    except (ValueError, RecursionError) as error:
        raise _no_object(where, number, str(error) or "nested too deeply", line) from None
    if not isinstance(row, dict):
        raise _no_object(where, number, f"it is a {type(row).__name__}, not an object", line)
    return row


def _no_object(where: str, number: int, reason: str, line: bytes) -> SourceError:
    example = ascii(line[:_LONGEST_EXAMPLE].decode(errors="replace"))
    return SourceError(
        f"the line is not a JSON object: {reason}; it begins {example}",
        where=f"{where}, line {number}",
        next_step="have the file written as UTF-8 with one whole JSON object on each line",
        row=number,
        example=example,
    )
