"""The rows of a CSV file, as a stream of Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from include.adapters.sources.csv_text import CsvText
from include.adapters.sources.file_rows import Found, missing_columns, typed_batch
from include.adapters.text_columns import parse_text
from include.errors import SourceError, name_some
from include.specs import DatasetSpec
from include.specs.file_source import CsvOptions

BLOCK_BYTES = 1 << 24
"""Text held at a time, and the longest row."""

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
    done = 0
    for block in _parse(text, names, spec, options):
        texts = {names[int(position)]: block[position] for position in block.schema.names}
        yield (
            typed_batch(spec, texts, lambda n, k, v: parse_text(n, k, v, options.null_values), where, done),
            found,
        )
        done += block.num_rows
    if not done:
        yield spec_batch(spec), found


def spec_batch(spec: DatasetSpec) -> pa.RecordBatch:
    """Return a batch without rows."""
    return typed_batch(spec, {}, lambda n, k, v: parse_text(n, k, v, []), "", 0)


def _parse(
    text: CsvText, names: list[str], spec: DatasetSpec, options: CsvOptions
) -> Iterator[pa.RecordBatch]:
    """Yield the declared columns as text; a column's name is its position, since a header may lie."""
    if text.at_end():
        return
    positions = [str(position) for position in range(len(names))]
    broken: list[arrow_csv.InvalidRow] = []
    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(text, mode="r"),
            read_options=arrow_csv.ReadOptions(
                column_names=positions, use_threads=False, block_size=BLOCK_BYTES
            ),
            parse_options=_parse_options(options, broken),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(positions, pa.string()),
                include_columns=[
                    position for position, name in zip(positions, names, strict=True) if name in spec.columns
                ],
                null_values=options.null_values,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        yield from reader
    except pa.ArrowInvalid as error:
        raise _broken_row(text.where, names, broken, error) from None


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
    where: str, names: list[str], broken: list[arrow_csv.InvalidRow], error: pa.ArrowInvalid
) -> SourceError:
    if not broken:
        return SourceError(
            f"it cannot be read as CSV: {' '.join(str(error).split())}",
            where=where,
            next_step=f"check csv.delimiter and csv.quote in the spec; a row may have {BLOCK_BYTES:,} bytes",
        )
    row = broken[0]
    example = ascii(row.text[:_LONGEST_EXAMPLE]) + ("…" if len(row.text) > _LONGEST_EXAMPLE else "")
    return SourceError(
        f"the row has {row.actual_columns} fields where the header has {len(names)}: {example}",
        where=f"{where}, row {row.number}",
        next_step="mend the row in the file: a delimiter or a quote is missing or one too many",
        row=row.number,
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
    if missing := [name for name in spec.columns if name not in names and name not in optional]:
        raise missing_columns(missing, names, where, spec)
