"""Quarantined rows as a CSV file that a person can mend, and the mended file read strictly.

An empty cell is a missing value; a text without characters is written `""`.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from include.adapters.files import flush_folder, named_when_full
from include.adapters.text_columns import parse_text
from include.errors import ReplayError, SourceError, name_some
from include.specs import ColumnType
from include.specs.dataset import QUARANTINE_COLUMNS, REPLAY_COLUMNS

_NEXT_STEP = "start from a file that this DAG has written, and change values only"


def write_replay_file(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write rows as CSV, replacing what is there at once; return how many there were.

    Raises
    ------
    DiskFullError
        Where the disk has no room for them.
    """
    with named_when_full(path.parent):
        return _write_at_once(path, schema, batches)


def _write_at_once(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    rows = 0
    try:
        with temporary.open("wb") as file:
            with arrow_csv.CSVWriter(file, schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
                    rows += batch.num_rows
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def file_sha256(path: Path) -> str:
    """Hash a file, which is how replays tell whether they have seen it.

    Raises
    ------
    ReplayError
        Where it cannot be read, or is neither CSV nor Parquet by its name.
    """
    if path.suffix not in {".csv", ".parquet"}:
        raise _problem(path, "a file of mended rows is called .csv or .parquet", _NEXT_STEP)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or str(error)
        next_step = "put it where the workers can read it, and give its full path"
        raise _problem(path, f"not readable: {reason}", next_step) from None


def read_replay_file(path: Path, columns: Mapping[str, ColumnType]) -> pa.Table:
    """Read mended rows.

    Parameters
    ----------
    path
        A CSV or Parquet file with a dataset's columns and `REPLAY_COLUMNS`, in any order.
    columns
        The dataset's columns and their types.

    Returns
    -------
    pyarrow.Table
        Those columns, of the declared types; what explained the quarantine is left out.

    Raises
    ------
    ReplayError
        Where the file is damaged, a column is missing or unknown, or a value does not fit its type;
        names row, column and value.
    """
    kinds = {**dict.fromkeys(REPLAY_COLUMNS, ColumnType.STRING), "quarantine_ds": ColumnType.DATE, **columns}
    try:
        found = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _problem(path, f"not readable: {' '.join(str(error).split())[:300]}", _NEXT_STEP) from None
    _require_columns(path, found, kinds)
    arrays = [_parse(path, name, kind, found[name].combine_chunks()) for name, kind in kinds.items()]
    return pa.table(arrays, names=list(kinds))


def _read_csv(path: Path) -> pa.Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    texts = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    # As one block: a row that does not fit into a block cannot be read, and quarantined rows may be long.
    whole = arrow_csv.ReadOptions(block_size=min(path.stat().st_size + 1, _LARGEST_BLOCK))
    return arrow_csv.read_csv(path, whole, _PARSE, texts)


_LARGEST_BLOCK = 2**31 - 1
_PARSE = arrow_csv.ParseOptions(newlines_in_values=True)


def _read_parquet(path: Path) -> pa.Table:
    """Read values as text, so that both kinds of file are held to the same forms."""
    table = pq.read_table(path)
    kept = [name for name in table.column_names if name not in QUARANTINE_COLUMNS]
    return pa.table([table[name].cast(pa.string()) for name in kept], names=kept)


def _require_columns(path: Path, found: pa.Table, kinds: Mapping[str, ColumnType]) -> None:
    names = found.column_names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _problem(path, f"column(s) twice: {name_some(twice)}", _NEXT_STEP)
    if missing := [name for name in kinds if name not in names]:
        raise _problem(path, f"no column(s) {name_some(missing)}", _NEXT_STEP)
    if unknown := [name for name in names if name not in kinds and name not in QUARANTINE_COLUMNS]:
        raise _problem(path, f"unknown column(s) {name_some(unknown)}", _NEXT_STEP)


def _parse(path: Path, name: str, kind: ColumnType, texts: pa.Array) -> pa.Array:
    try:
        return parse_text(name, kind, texts, [""])
    except SourceError as error:
        row = error.facts["position"] + 1
        raise _problem(path, f"row {row}: {error.what}", "mend the value and replay the file") from None


def _problem(path: Path, what: str, next_step: str) -> ReplayError:
    return ReplayError(what, where=str(path), next_step=next_step, file=str(path))
