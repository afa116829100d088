from __future__ import annotations

from pathlib import Path

import pytest

from include.errors import SettingsError
from include.local.postgres_binaries import find_binaries


def test_named_folder_wins(tmp_path: Path) -> None:
    for program in ("postgres", "initdb"):
        (tmp_path / program).touch()
    assert find_binaries({"PERENNIAL_PG_BIN": str(tmp_path)}) == tmp_path


def test_named_folder_without_programs_is_an_error_not_a_fallback(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=str(tmp_path)):
        find_binaries({"PERENNIAL_PG_BIN": str(tmp_path)})


def test_installed_wheel_is_found() -> None:
    assert (find_binaries({}) / "postgres").is_file()
