from __future__ import annotations

from pathlib import Path

import pytest

from include.adapters.git_registry import GitClone, GitError, run_git, without_credentials
from include.errors import SourceUnavailableError


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        pytest.param("https://u:secret@host/r.git", "https://host/r.git", id="password"),
        pytest.param("https://token@host/r.git", "https://host/r.git", id="token"),
        pytest.param("https://host/r.git", "https://host/r.git", id="none"),
        pytest.param("git@host:r.git", "git@host:r.git", id="ssh"),
        pytest.param("/data/registry.git", "/data/registry.git", id="folder"),
    ],
)
def test_an_address_is_shown_without_credentials(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


def test_git_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        run_git(tmp_path, "status")


def test_an_unreachable_registry_does_not_show_its_password(tmp_path: Path) -> None:
    address = "http://user:secret@127.0.0.1:1/registry.git"
    with pytest.raises(SourceUnavailableError) as error:
        GitClone(address, tmp_path / "clone")
    assert "secret" not in str(error.value)
