from __future__ import annotations

from hashlib import md5, sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.adapters import parquet_files
from include.adapters.parquet_files import FileFacts, draft_parquet

SCHEMA = pa.schema([("id", pa.int64()), ("text", pa.string())])


def table(count: int) -> pa.Table:
    return pa.table({"id": range(count), "text": [f"row {n % 7}" for n in range(count)]}, schema=SCHEMA)


def write(path: Path, *pieces: pa.Table) -> FileFacts:
    with draft_parquet(path.parent, SCHEMA) as draft:
        for piece in pieces:
            draft.write(piece)
        facts = draft.finish()
        draft.keep_as(path)
    return facts


def test_what_is_written_is_read_and_its_facts_are_the_files(tmp_path: Path) -> None:
    facts = write(tmp_path / "a.parquet", table(5))
    data = (tmp_path / "a.parquet").read_bytes()
    assert pq.read_table(tmp_path / "a.parquet").equals(table(5))
    assert facts == FileFacts(
        5, len(data), sha256(data).hexdigest(), md5(data, usedforsecurity=False).hexdigest()
    )


def test_bytes_do_not_depend_on_batches_or_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_files, "ROW_GROUP_ROWS", 100)
    whole = table(1050)
    odd = [whole.slice(start, 77).replace_schema_metadata({"pandas": "{}"}) for start in range(0, 1050, 77)]
    assert write(tmp_path / "a", whole) == write(tmp_path / "b", *odd)
    assert pq.ParquetFile(tmp_path / "a").metadata.num_row_groups == 11


def test_no_rows_are_a_file_of_the_schema(tmp_path: Path) -> None:
    assert write(tmp_path / "none.parquet").rows == 0
    assert pq.read_schema(tmp_path / "none.parquet") == SCHEMA


def test_what_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    def fail_midway() -> None:
        with draft_parquet(tmp_path, SCHEMA) as draft:
            draft.write(table(10))
            raise RuntimeError("the source is gone")

    with pytest.raises(RuntimeError, match="the source is gone"):
        fail_midway()
    with draft_parquet(tmp_path, SCHEMA) as draft:
        draft.write(table(10))
        draft.finish()
    assert list(tmp_path.iterdir()) == []


def test_only_columns_that_repeat_have_a_dictionary(tmp_path: Path) -> None:
    rows = pa.table({"n": range(100), "twice": [*range(50), *range(50)], "none": pa.nulls(100, pa.string())})
    rows = rows.append_column("of no type", pa.nulls(100))
    with draft_parquet(tmp_path, rows.schema) as draft:
        draft.write(rows)
        draft.finish()
        group = pq.ParquetFile(draft.path).metadata.row_group(0)
    encoded = {group.column(i).path_in_schema: group.column(i).encodings for i in range(group.num_columns)}
    repeating = [name for name, encodings in encoded.items() if "RLE_DICTIONARY" in encodings]
    assert repeating == ["twice", "none", "of no type"]
