"""The rows of a CSV file, as a stream of Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from include.adapters.sources.csv_text import CsvText
from include.adapters.sources.file_rows import Found, empty_batch, missing_columns, typed_batch
from include.adapters.text_columns import parse_text
from include.errors import SourceError, name_some
from include.specs import ColumnType, DatasetSpec
from include.specs.file_source import CsvOptions

_LONGEST_EXAMPLE = 80


def read_csv(
    file: BinaryIO, where: str, spec: DatasetSpec, options: CsvOptions, optional: list[str]
) -> Iterator[tuple[pa.RecordBatch, Found]]:
    """Yield the rows of one file with the columns its header has.

    Parameters
    ----------
    file
        The file's bytes, no longer compressed.
    where
        Names it in errors.
    spec
        Names columns and types; columns beyond those are not looked at.
    options
        How the file is written.
    optional
        Columns that are missing in all rows where the header does not have them.

    Raises
    ------
    SourceError
        Where the file is not what it should be; names row (counted below the header), column and value.
    """
    text = CsvText(file, options, where)
    names = options.names or text.take_header()
    _require_columns(names, where, spec, optional)
    found = dict.fromkeys(names, "text")

    def convert(name: str, kind: ColumnType, values: pa.Array) -> pa.Array:
        return parse_text(name, kind, values, options.null_values)

    done = 0
    for block in text.blocks():
        rows = _parse(block, done, names, where, spec, options)
        yield typed_batch(spec, rows, convert, where, done), found
        done += len(next(iter(rows.values())))
    if not done:
        yield empty_batch(spec), found


def _parse(
    block: bytes, before: int, names: list[str], where: str, spec: DatasetSpec, options: CsvOptions
) -> dict[str, pa.Array]:
    """Return the declared columns as text; to the parser a column's name is its position."""
    positions = [str(position) for position in range(len(names))]
    wanted = [position for position, name in zip(positions, names, strict=True) if name in spec.columns]
    broken: list[arrow_csv.InvalidRow] = []
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(
                column_names=positions, use_threads=False, block_size=len(block) + 1
            ),
            parse_options=_parse_options(options, broken),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(positions, pa.string()),
                include_columns=wanted,
                null_values=options.null_values,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _broken_row(where, before, names, broken, error) from None
    return {names[int(position)]: table[position].combine_chunks() for position in wanted}


def _parse_options(options: CsvOptions, broken: list[arrow_csv.InvalidRow]) -> arrow_csv.ParseOptions:
    def remember(row: arrow_csv.InvalidRow) -> str:
        broken.append(row)
        return "error"

    return arrow_csv.ParseOptions(
        delimiter=options.delimiter,
        quote_char=False if options.quote == "none" else options.quote,
        newlines_in_values=options.quote != "none",
        invalid_row_handler=remember,
    )


def _broken_row(
    where: str, before: int, names: list[str], broken: list[arrow_csv.InvalidRow], error: pa.ArrowInvalid
) -> SourceError:
    if not broken:
        return SourceError(
            f"it cannot be read as CSV: {' '.join(str(error).split())}",
            where=where,
            next_step="check csv.delimiter and csv.quote in the spec",
        )
    row = broken[0]
    example = ascii(row.text[:_LONGEST_EXAMPLE]) + ("…" if len(row.text) > _LONGEST_EXAMPLE else "")
    return SourceError(
        f"the row has {row.actual_columns} fields where the header has {len(names)}: {example}",
        where=f"{where}, row {before + row.number}",
        next_step="mend the row in the file: a delimiter or a quote is missing or one too many",
        row=before + row.number,
        example=example,
    )


def _require_columns(names: list[str], where: str, spec: DatasetSpec, optional: list[str]) -> None:
    wanted = [name for name in names if name in spec.columns]
    if twice := sorted({name for name in wanted if wanted.count(name) > 1}):
        raise SourceError(
            f"column {name_some(twice)} stands twice in the header",
            where=where,
            next_step="have each column of the spec written once, under a name of its own",
        )
    needed = [name for name in spec.columns if name not in optional] if wanted else list(spec.columns)
    if missing := [name for name in needed if name not in names]:
        raise missing_columns(missing, names, where, spec)
