"""Git, as far as a data registry needs it: clone, read, commit, push."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from include.errors import SourceUnavailableError

BRANCH = "main"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Perennial",
    "GIT_AUTHOR_EMAIL": "perennial@localhost",
    "GIT_COMMITTER_NAME": "Perennial",
    "GIT_COMMITTER_EMAIL": "perennial@localhost",
    "GIT_TERMINAL_PROMPT": "0",  # a missing credential must fail, not wait for a keyboard
}

_CREDENTIALS = re.compile(r"(https?://)[^/@\s]+@")


def without_credentials(address: str) -> str:
    """Return a git address as it may be shown: without the user and password of an HTTP address."""
    return _CREDENTIALS.sub(r"\1", address)


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
            run_git(folder.parent, "clone", "-q", "--depth", "1", "-b", BRANCH, address, str(folder))
        except GitError as error:
            raise self._unavailable(error) from None

    def find_tag(self, tag: str) -> str | None:
        """Fetch a tag and return its commit, or None where the registry has no such tag."""
        reference = f"refs/tags/{tag}"
        try:
            if not run_git(self.folder, "ls-remote", "origin", reference):
                return None
            run_git(self.folder, "fetch", "-q", "--depth", "1", "origin", f"+{reference}:{reference}")
        except GitError as error:
            raise self._unavailable(error) from None
        return run_git(self.folder, "rev-parse", f"{reference}^{{commit}}")

    def read(self, revision: str, path: str) -> str | None:
        """Return a file's text at a revision, or None where it is not there."""
        try:
            return run_git(self.folder, "show", f"{revision}:{path}")
        except GitError:
            return None

    def commit(self, files: dict[str, str], message: str) -> str:
        """Write files, commit what changed, and return the newest commit."""
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        run_git(self.folder, "add", "--", *files)
        if run_git(self.folder, "status", "--porcelain"):
            run_git(self.folder, "commit", "-q", "-m", message)
        return run_git(self.folder, "rev-parse", "HEAD")

    def push(self, tag: str) -> None:
        """Publish the newest commit on the branch and under a tag: both or neither.

        Raises
        ------
        GitError
            When another writer was first.
        """
        references = (f"HEAD:refs/heads/{BRANCH}", f"HEAD:refs/tags/{tag}")
        run_git(self.folder, "push", "-q", "--atomic", "origin", *references)

    def start_over(self) -> None:
        """Forget local commits and take what the registry holds now."""
        try:
            run_git(self.folder, "fetch", "-q", "--depth", "1", "origin", BRANCH)
        except GitError as error:
            raise self._unavailable(error) from None
        run_git(self.folder, "reset", "-q", "--hard", "FETCH_HEAD")

    def _unavailable(self, error: GitError) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"the data registry does not answer: {error}",
            where=without_credentials(self.registry),
            next_step="check that the registry exists and that this worker may read and write it",
        )
