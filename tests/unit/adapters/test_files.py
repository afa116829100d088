from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.adapters.files import create_exclusively, write_atomically


def test_writing_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "page.html"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_creating_leaves_an_existing_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "0001.json"
    assert create_exclusively(path, b"first")
    assert not create_exclusively(path, b"second")
    assert path.read_bytes() == b"first"


def test_no_temporary_file_remains(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"a")
    create_exclusively(tmp_path / "b", b"b")
    create_exclusively(tmp_path / "b", b"c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "taken", b"data")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_of_many_creators_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "0001.json"
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: create_exclusively(path, str(n).encode()), range(40)))
    assert won.count(True) == 1
    assert path.read_bytes() == str(won.index(True)).encode()
