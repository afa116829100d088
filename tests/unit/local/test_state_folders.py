"""Commands after the demo work with the folder the demo used last."""

from __future__ import annotations

from pathlib import Path

from include.local.state_folders import REAL, SIMULATED, all_states, choose_state, last_state


def test_the_last_one_used_is_found_again(tmp_path: Path) -> None:
    assert last_state(tmp_path) == tmp_path / SIMULATED
    choose_state(tmp_path, REAL)
    assert last_state(tmp_path) == tmp_path / REAL
    choose_state(tmp_path, SIMULATED)
    assert last_state(tmp_path) == tmp_path / SIMULATED


def test_all_that_are_there_are_listed(tmp_path: Path) -> None:
    assert all_states(tmp_path) == []
    (choose_state(tmp_path, REAL)).mkdir()
    assert all_states(tmp_path) == [tmp_path / REAL]
