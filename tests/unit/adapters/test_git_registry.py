from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from include.adapters.git_registry import BRANCH, GitClone, GitError, Tag, run_git, without_credentials
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


def test_only_the_wanted_tag_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry with thousands of snapshots must not send the names of all of them."""
    registry = new_registry(tmp_path)
    for number in range(30):
        run_git(registry, "tag", f"demo/tag-{number}")
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE_PACKET", str(trace))
    clone = GitClone(str(registry), tmp_path / "clone")
    assert clone.find_tag("demo/tag-7") is not None
    assert clone.find_tag("demo/absent") is None
    seen = trace.read_text()
    assert "demo/tag-7" in seen
    assert "demo/tag-8" not in seen


def test_tags_are_told_with_the_day_of_their_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = new_registry(tmp_path)
    clone = GitClone(str(registry), tmp_path / "clone")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2017-03-31T23:30:00-02:00")
    clone.commit({"file": "text"}, "One file")
    clone.push("demo/one")
    assert clone.tags() == [Tag("demo/one", date(2017, 4, 1))]
    clone.push(without=["demo/one"])
    assert clone.tags() == []


def test_a_push_is_all_or_nothing(tmp_path: Path) -> None:
    registry = new_registry(tmp_path)
    ours, theirs = (GitClone(str(registry), tmp_path / name) for name in ("ours", "theirs"))
    ours.commit({"file": "ours"}, "Ours")
    ours.push("demo/ours")
    theirs.commit({"file": "theirs"}, "Theirs")
    with pytest.raises(GitError, match="rejected"):
        theirs.push("demo/theirs", without=["demo/ours"])
    assert [tag.name for tag in theirs.tags()] == ["demo/ours"]
    theirs.start_over()
    assert theirs.read("HEAD", "file") == "ours"


def test_a_file_is_taken_away_by_a_commit(tmp_path: Path) -> None:
    registry = new_registry(tmp_path)
    clone = GitClone(str(registry), tmp_path / "clone")
    clone.commit({"a.dvc": "1", "b.dvc": "2"}, "Two files")
    clone.commit({"a.dvc": None}, "One file")
    assert clone.files("HEAD", ".dvc") == ["b.dvc"]
    assert clone.read("HEAD", "a.dvc") is None


def new_registry(folder: Path) -> Path:
    registry = folder / "registry.git"
    run_git(folder, "init", "-q", "--bare", "-b", BRANCH, str(registry))
    run_git(folder, "clone", "-q", str(registry), "first")
    run_git(folder / "first", "commit", "-q", "--allow-empty", "-m", "First")
    run_git(folder / "first", "push", "-q", "origin", f"HEAD:{BRANCH}")
    return registry
