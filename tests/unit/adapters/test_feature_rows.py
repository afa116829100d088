from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.adapters.feature_rows import PartitionFiles, open_rows, read_frame
from include.errors import DataError, FatalError
from include.specs.column_type import ColumnType

COLUMNS = {"id": ColumnType.INTEGER, "Odd \"name'": ColumnType.INTEGER}
DAYS = (date(2024, 1, 1), date(2024, 1, 2))
ORDERED = 'SELECT * FROM rows ORDER BY "#row"'


@pytest.fixture
def paths(tmp_path: Path) -> dict[date, Path]:
    """Two days, stored under names that say nothing, the newer one first."""
    stored = {}
    for number, (day, ids) in enumerate({DAYS[1]: [4, 3], DAYS[0]: [2, 1]}.items()):
        path = tmp_path / f"it's object {number}"
        pq.write_table(pa.table({"id": ids, "Odd \"name'": ids}), path)
        stored[day] = path
    return stored


def ask(paths: dict[date, Path], query: str, work_root: Path) -> pa.Table:
    files = PartitionFiles(COLUMNS, paths)
    with open_rows({"rows": files}, work_root, "dataset demo") as rows:
        return rows.table([], query)


def test_rows_are_numbered_by_day_and_place(paths: dict[date, Path], tmp_path: Path) -> None:
    found = ask(paths, ORDERED, tmp_path)
    assert found["id"].to_pylist() == [2, 1, 4, 3]
    first = (DAYS[0] - date(1970, 1, 1)).days << 32
    assert [number - first for number in found["#row"].to_pylist()] == [0, 1, 1 << 32, (1 << 32) + 1]


def test_names_with_quotes_are_columns_like_others(paths: dict[date, Path], tmp_path: Path) -> None:
    assert ask(paths, ORDERED, tmp_path)["Odd \"name'"].to_pylist() == [2, 1, 4, 3]


def test_a_column_that_older_partitions_lack_is_missing_there(
    paths: dict[date, Path], tmp_path: Path
) -> None:
    pq.write_table(pa.table({"id": [5], "new": ["x"]}), tmp_path / "newest")
    found = ask({**paths, date(2024, 1, 3): tmp_path / "newest"}, ORDERED, tmp_path)
    assert found["new"].to_pylist() == [None] * 4 + ["x"]


def test_a_column_that_no_partition_has_is_named(paths: dict[date, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dataset demo: the rows lack a column.*absent"):
        ask(paths, "SELECT absent FROM rows", tmp_path)


@pytest.mark.parametrize("name", ["ds", "filename", "rows"])
def test_no_column_of_a_dataset_is_taken_for_one_of_ours(tmp_path: Path, name: str) -> None:
    pq.write_table(pa.table({"id": [1], name: ["own"]}), tmp_path / "object")
    found = ask({date(2024, 1, 3): tmp_path / "object"}, ORDERED, tmp_path)
    assert found[name].to_pylist() == ["own"]
    assert found["#row"].to_pylist() == [(date(2024, 1, 3) - date(1970, 1, 1)).days << 32]


def test_types_that_do_not_go_together_are_named(paths: dict[date, Path], tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([date(2024, 1, 3)], pa.date32())}), tmp_path / "newest")
    with pytest.raises(DataError, match=r"column's type does not fit.*\"id\""):
        ask({**paths, date(2024, 1, 3): tmp_path / "newest"}, ORDERED, tmp_path)


def test_a_partition_without_rows_is_read(paths: dict[date, Path], tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), tmp_path / "empty")
    assert ask({**paths, date(2024, 1, 3): tmp_path / "empty"}, ORDERED, tmp_path).num_rows == 4


def test_a_dataset_without_partitions_has_columns_and_no_rows(tmp_path: Path) -> None:
    assert ask({}, ORDERED, tmp_path).column_names == [*COLUMNS, "#row"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param("SELECT CAST(1e300 * id AS BIGINT) FROM rows", "a value .* does not fit", id="value"),
        pytest.param(
            "SELECT sum(id * 170141183460469231731687303715884105727::HUGEINT) FROM rows",
            "too large to be added up exactly",
            id="sum",
        ),
    ],
)
def test_numbers_that_cannot_be_added_up_are_named_and_leave_no_file(
    paths: dict[date, Path], tmp_path: Path, query: str, said: str
) -> None:
    target = tmp_path / "out" / "set.parquet"
    with (
        pytest.raises(DataError, match=said),
        open_rows({"rows": PartitionFiles(COLUMNS, paths)}, tmp_path, "dataset demo") as rows,
    ):
        rows.write([], query, target)
    assert list(tmp_path.glob("out/*")) == []


def test_too_little_memory_is_said(paths: dict[date, Path], tmp_path: Path) -> None:
    query = "SELECT list(i) AS held FROM range(10000000) AS numbers(i)"
    files = PartitionFiles(COLUMNS, paths)
    with (
        pytest.raises(FatalError, match="share of memory or disk is used up"),
        open_rows({"rows": files}, tmp_path, "dataset demo", memory="30MB", threads=1) as rows,
    ):
        rows.table([], query)


def test_a_written_answer_is_read_in_its_order(paths: dict[date, Path], tmp_path: Path) -> None:
    target = tmp_path / "set.parquet"
    with open_rows({"rows": PartitionFiles(COLUMNS, paths)}, tmp_path, "dataset demo") as rows:
        facts = rows.write([], 'SELECT id FROM rows ORDER BY "#row" DESC', target)
    assert facts.rows == 4
    assert read_frame(target, tmp_path)["id"].tolist() == [3, 4, 1, 2]


def test_nothing_is_left_in_the_work_folder(paths: dict[date, Path], tmp_path: Path) -> None:
    ask(paths, ORDERED, tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []
