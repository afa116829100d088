"""A dataset of files, and writing some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import SecretStr

from include.adapters.sources import open_source
from include.specs import DatasetSpec
from tests.support.sources import DAY, inn_settings, stays_spec

HEADER = "stay_id,made_at,arrives,guest,price,paid"
ROW = "1,2017-03-01T09:30:00Z,2017-04-01,Ada,50.0,true"


def files_spec(path: str | Path, form: str = "csv", /, **changes: Any) -> DatasetSpec:
    """The dataset `stays` out of files; `changes` to its source, `spec` to other fields."""
    rest = changes.pop("spec", {})
    source = {"kind": "files", "path": str(path), "format": form, **changes}
    return stays_spec(source=source, **rest)


def read_days(
    spec: DatasetSpec,
    work: Path,
    first: date = DAY,
    last_exclusive: date | None = None,
    connections: Mapping[str, str] | None = None,
) -> pa.Table:
    settings = inn_settings(work, "sqlite://").model_copy(
        update={"connections": {k: SecretStr(v) for k, v in (connections or {}).items()}}
    )
    with open_source(settings, spec) as source:
        batches = source.read(first, last_exclusive or first + timedelta(days=1))
        return pa.Table.from_batches(batches, source.schema)


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    return "".join(f"{line}\n" for line in (header, *rows)).encode()


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def ids(table: pa.Table) -> list[int]:
    return sorted(table["stay_id"].to_pylist())


def numbered(numbers: Iterable[int], day: date = DAY) -> list[str]:
    return [f"{number},{day}T09:30:00Z,2017-04-01,Ada,50.0,true" for number in numbers]
