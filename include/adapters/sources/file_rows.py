"""What the readers of all file formats share: typed batches, and errors that name file and row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from include.adapters.arrow_columns import ARROW_TYPES, arrow_schema
from include.errors import SourceError, name_some
from include.specs import ColumnType, DatasetSpec

Found: TypeAlias = dict[str, str]
"""The columns of a file, by name its own word for the type."""

_MOST_SHOWN = 200


def typed_batch(
    spec: DatasetSpec,
    columns: Mapping[str, Any],
    convert: Callable[[str, ColumnType, Any], pa.Array],
    where: str,
    first: int | Sequence[int | str],
) -> pa.RecordBatch:
    """Make a batch of the spec's columns.

    Parameters
    ----------
    spec
        Names columns and types.
    columns
        Values by name, equally many each; a column that is not there is missing in all rows.
    convert
        Turns one column into an array of its type.
    where
        Names the file.
    first
        How many rows of the file came before these, or what each row is called.

    Raises
    ------
    SourceError
        From `convert`, with file and row.
    """
    rows = max(map(len, columns.values()), default=0)
    arrays = []
    for name, kind in spec.columns.items():
        try:
            missing = name not in columns
            arrays.append(
                pa.nulls(rows, ARROW_TYPES[kind]) if missing else convert(name, kind, columns[name])
            )
        except SourceError as error:
            position = int(error.facts["position"])
            row = first + position + 1 if isinstance(first, int) else first[position]
            raise SourceError(
                error.what,
                where=f"{where}, row {row}",
                next_step=error.next_step,
                **{**error.facts, "row": row},
            ) from None
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(spec.columns))


def empty_batch(spec: DatasetSpec) -> pa.RecordBatch:
    """Return a batch of the spec's columns without rows."""
    return pa.RecordBatch.from_pylist([], arrow_schema(spec.columns))


def missing_columns(
    missing: Iterable[str], there: Iterable[str], where: str, spec: DatasetSpec
) -> SourceError:
    """Return the error about columns that a file lacks; it names those it has."""
    lacking, names = list(missing), list(there)
    lower = {name.strip().lower(): name for name in names}
    alike = [f"{lower[name.lower()]!r}" for name in lacking if name.lower() in lower]
    hint = f" ({name_some(alike)} is written otherwise)" if alike else ""
    return SourceError(
        f"there is no column {name_some(lacking)}{hint}; there are: {_short(name_some(map(_shown, names)))}",
        where=where,
        next_step=f"correct the columns of dataset {spec.dataset!r}, or have them delivered; columns that the"
        " source leaves out where they have no value are listed in source.may_be_absent",
        missing=lacking,
    )


def _shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
