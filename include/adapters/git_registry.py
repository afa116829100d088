"""Git, as far as a data registry needs it: clone, read, commit, push.

Nothing here asks the registry for all its tags, except `tags`, which garbage collection needs: the cost of
a clone and of finding one tag does not grow with their number.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from include.errors import SourceUnavailableError

BRANCH = "main"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Perennial",
    "GIT_AUTHOR_EMAIL": "perennial@localhost",
    "GIT_COMMITTER_NAME": "Perennial",
    "GIT_COMMITTER_EMAIL": "perennial@localhost",
    "GIT_TERMINAL_PROMPT": "0",  # a missing credential must fail, not wait for a keyboard
    "LC_ALL": "C",  # some of git's answers are read
}
_NO_SUCH_TAG = "couldn't find remote ref"
_FULL = "No space left"
_TAGS = "refs/tags/"

_CREDENTIALS = re.compile(r"(https?://)[^/@\s]+@")


def without_credentials(address: str) -> str:
    """Return a git address as it may be shown: without the user and password of an HTTP address."""
    return _CREDENTIALS.sub(r"\1", address)


@dataclass(frozen=True)
class Tag:
    """A tag of the registry, and the UTC day on which its commit was made."""

    name: str
    committed: date


class GitError(Exception):
    """A git command answered with an error; the message is what git said."""


def run_git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints.

    Raises
    ------
    GitError
        When git answers with an error.
    """
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **_IDENTITY},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        said = without_credentials(done.stderr.strip())
        raise GitError(said or f"git {arguments[0]} ended with {done.returncode}")
    return done.stdout.strip()


class GitClone:
    """A shallow, private clone of the registry, at its branch's newest commit.

    Parameters
    ----------
    registry
        Git address; a local folder is reached as `file://`, where shallow clones work as elsewhere.
    folder
        Where the clone goes; it must not exist.

    Raises
    ------
    SourceUnavailableError
        When the registry does not answer.
    """

    def __init__(self, registry: str, folder: Path) -> None:
        self.registry = registry
        self.folder = folder
        local = Path(registry).expanduser()
        address = local.resolve().as_uri() if local.is_dir() else registry
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            shallow = ("--depth", "1", "--no-tags", "-b", BRANCH)
            run_git(folder.parent, "clone", "-q", *shallow, address, str(folder))
        except GitError as error:
            raise self._unavailable(error) from None

    def find_tag(self, tag: str) -> str | None:
        """Fetch a tag and return its commit, or None where the registry has no such tag."""
        reference = _TAGS + tag
        try:
            self._fetch(f"+{reference}:{reference}")
        except GitError as error:
            if _NO_SUCH_TAG in str(error):
                return None
            raise self._unavailable(error) from None
        return run_git(self.folder, "rev-parse", f"{reference}^{{commit}}")

    def tags(self) -> list[Tag]:
        """Fetch all tags of the registry and return them; those it no longer has are forgotten."""
        try:
            # The branch as well, since git calls it a failure where nothing matches.
            self._fetch(BRANCH, f"+{_TAGS}*:{_TAGS}*", "--prune")
        except GitError as error:
            raise self._unavailable(error) from None
        lines = run_git(self.folder, "for-each-ref", "--format=%(refname) %(committerdate:unix)", _TAGS)
        return [_tag(*line.rsplit(" ", 1)) for line in lines.splitlines()]

    def read(self, revision: str, path: str) -> str | None:
        """Return a file's text at a revision, or None where it is not there."""
        try:
            return run_git(self.folder, "show", f"{revision}:{path}")
        except GitError:
            return None

    def files(self, revision: str, suffix: str) -> list[str]:
        """Return the names of a revision's files that end like this."""
        names = run_git(self.folder, "ls-tree", "-r", "--name-only", "-z", revision).split("\0")
        return [name for name in names if name.endswith(suffix)]

    def commit(self, files: Mapping[str, str | None], message: str) -> str:
        """Write files (None removes one), commit what changed, and return the newest commit."""
        try:
            for name, text in files.items():
                self._put(name, text)
            run_git(self.folder, "add", "--all", "--", *files)
            if run_git(self.folder, "status", "--porcelain"):
                run_git(self.folder, "commit", "-q", "-m", message)
        except (OSError, GitError) as error:
            raise self._unavailable(error) from None
        return run_git(self.folder, "rev-parse", "HEAD")

    def _put(self, name: str, text: str | None) -> None:
        path = self.folder / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, encoding="utf-8")

    def push(self, tag: str | None = None, *, without: Iterable[str] = ()) -> None:
        """Publish the newest commit on the branch and under a tag, and remove other tags: all or nothing.

        Raises
        ------
        GitError
            When another writer was first.
        SourceUnavailableError
            When the registry's disk is full.
        """
        added = [] if tag is None else [f"HEAD:{_TAGS}{tag}"]
        removed = [f":{_TAGS}{name}" for name in without]
        references = [f"HEAD:refs/heads/{BRANCH}", *added, *removed]
        try:
            run_git(self.folder, "push", "-q", "--atomic", "origin", *references)
        except GitError as error:
            if _FULL in str(error):
                raise self._unavailable(error) from None
            raise

    def start_over(self) -> None:
        """Forget local commits and take what the registry holds now."""
        try:
            self._fetch(BRANCH)
        except GitError as error:
            raise self._unavailable(error) from None
        run_git(self.folder, "reset", "-q", "--hard", "FETCH_HEAD")

    def _fetch(self, *what: str) -> None:
        run_git(self.folder, "fetch", "-q", "--depth", "1", "--no-tags", "origin", *what)

    def _unavailable(self, error: Exception) -> SourceUnavailableError:
        if _FULL in str(error):
            return SourceUnavailableError(
                f"no space is left on the device: {error}",
                where=f"{self.folder.parent} or {without_credentials(self.registry)}",
                next_step="free space in the work folder or on the data registry's disk; the retry goes on",
            )
        return SourceUnavailableError(
            f"the data registry does not answer: {error}",
            where=without_credentials(self.registry),
            next_step="check that the registry exists and that this worker may read and write it",
        )


def _tag(reference: str, committed: str) -> Tag:
    return Tag(reference.removeprefix(_TAGS), datetime.fromtimestamp(int(committed), UTC).date())
