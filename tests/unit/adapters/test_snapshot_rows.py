from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.adapters.snapshot_rows import DS, read_rows
from include.errors import DataError


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    """Two days, stored under names that say nothing, the newer one first."""
    days = {"2024-01-02": [4, 3], "2024-01-01": [2, 1]}
    stored = {}
    for number, (day, ids) in enumerate(days.items()):
        path = tmp_path / f"object{number}"
        pq.write_table(pa.table({"id": ids, "Odd \"name'": ids}), path)
        stored[f"{day}.parquet"] = path
    return stored


def test_rows_come_ordered_by_day_and_key(paths: dict[str, Path], tmp_path: Path) -> None:
    rows = read_rows(paths, ["id"], ["id"], tmp_path)
    assert rows["id"].tolist() == [1, 2, 3, 4]
    assert rows[DS].tolist() == [pd.Timestamp("2024-01-01")] * 2 + [pd.Timestamp("2024-01-02")] * 2


def test_names_with_quotes_are_columns_like_others(paths: dict[str, Path], tmp_path: Path) -> None:
    rows = read_rows(paths, ["Odd \"name'"], ["id"], tmp_path)
    assert rows["Odd \"name'"].tolist() == [1, 2, 3, 4]


def test_a_column_that_older_partitions_lack_is_missing_there(paths: dict[str, Path], tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [5], "new": ["x"]}), tmp_path / "newest")
    rows = read_rows({**paths, "2024-01-03.parquet": tmp_path / "newest"}, ["new"], ["id"], tmp_path)
    assert rows["new"].notna().tolist() == [False] * 4 + [True]


def test_a_column_that_no_partition_has_is_named(paths: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"2024-01-01\.parquet to 2024-01-02\.parquet.*absent"):
        read_rows(paths, ["absent"], ["id"], tmp_path)


@pytest.mark.parametrize("name", ["ds", "filename", "names", "rows"])
def test_no_column_of_a_dataset_is_taken_for_one_of_ours(tmp_path: Path, name: str) -> None:
    pq.write_table(pa.table({"id": [1], name: ["own"]}), tmp_path / "object")
    rows = read_rows({"2024-01-03.parquet": tmp_path / "object"}, ["id", name], ["id"], tmp_path)
    assert rows[name].tolist() == ["own"]
    assert rows[DS].tolist() == [pd.Timestamp("2024-01-03")]


def test_types_that_do_not_go_together_are_named(paths: dict[str, Path], tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([date(2024, 1, 3)], pa.date32())}), tmp_path / "newest")
    with pytest.raises(DataError, match=r"mixes a column's types.*\"id\""):
        read_rows({**paths, "2024-01-03.parquet": tmp_path / "newest"}, ["id"], ["id"], tmp_path)


def test_a_partition_without_rows_is_read(paths: dict[str, Path], tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), tmp_path / "empty")
    rows = read_rows({**paths, "2024-01-03.parquet": tmp_path / "empty"}, ["id"], ["id"], tmp_path)
    assert len(rows) == 4
