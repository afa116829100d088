from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from include.adapters.correction_store import CorrectionStore
from include.errors import ConcurrentWriteError, IntegrityError
from tests.support.sources import DAY

ONE, TWO = pa.table({"row": [1]}), pa.table({"row": [1, 2]})
COLUMNS = {"row": "integer"}


@pytest.fixture
def store(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore(tmp_path)


def test_a_partition_that_nobody_corrected_has_no_corrections(store: CorrectionStore) -> None:
    assert store.manifest("stays", DAY) is None


def test_the_newest_revision_is_current_and_the_one_before_stays(
    store: CorrectionStore, tmp_path: Path
) -> None:
    first = store.write("stays", DAY, ONE, COLUMNS, ["a"], None)
    second = store.write("stays", DAY, TWO, COLUMNS, ["a", "b"], first)
    assert store.manifest("stays", DAY) == second
    assert (second.revision, second.rows, second.files) == (2, 2, ["a", "b"])
    assert store.read(second).equals(TWO)
    assert store.read(first).equals(ONE)


def test_of_two_writers_one_is_told_to_build_on_the_other(store: CorrectionStore) -> None:
    store.write("stays", DAY, ONE, COLUMNS, ["a"], None)
    with pytest.raises(ConcurrentWriteError):
        store.write("stays", DAY, TWO, COLUMNS, ["b"], None)


@pytest.mark.parametrize(
    "damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"PAR1")], ids=["gone", "torn"]
)
def test_damaged_corrections_are_never_left_out_silently(
    store: CorrectionStore, tmp_path: Path, damage: object
) -> None:
    manifest = store.write("stays", DAY, ONE, COLUMNS, ["abc"], None)
    (path,) = tmp_path.rglob("*.parquet")
    damage(path)  # type: ignore[operator]
    with pytest.raises(IntegrityError, match=r"made by hand are missing or damaged.*SHA-256 are abc"):
        store.read(manifest)
