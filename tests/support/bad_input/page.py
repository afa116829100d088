"""The page `docs/bad_input.md`: what was tried and what a user sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.support.bad_input.case import BadInput

PAGE = Path(__file__).parents[3] / "docs/bad_input.md"
INTRODUCTION = (
    "# Bad input\n\n"
    "What happens when a source delivers something else than the spec promises. Each line is a test that puts"
    " the input into a real file, bucket, database or API, runs ingest and validation, and compares: **no row"
    " is lost, nothing is half-written, and once the input is mended, the next run leaves the very bytes that"
    " a run without the accident leaves.** The messages are those that the tests saw; `make bad-input-page`"
    " writes this page anew.\n\n"
    "A *refused* day fails at once and waits for a person; an *outage* is tried again by Airflow. How files,"
    " databases and APIs are read: [sources.md](sources.md). What to do with rows in quarantine:"
    " [quarantine.md](quarantine.md).\n"
)
_HEADER = """\
| bad input | source | what happens | what the user sees | what to do |
|---|---|---|---|---|
"""
_LONGEST = 420
_VOLATILE = (
    (re.compile(r"bucket-\d+-\d+"), "exports"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+|port \d+"), "127.0.0.1:…"),
    (re.compile(r"-[0-9a-f]{8}-[0-9a-f]{8}\.html"), "-….html"),
    (re.compile(r"\btest_\d+\b"), "inn"),
)


class Page:
    """The page as it lies there, or as it comes to be."""

    def __init__(self, writes: bool) -> None:
        self.writes = writes
        self._lines: dict[BadInput, str] = {}

    def take(self, case: BadInput, seen: str) -> None:
        """Keep a line, or hold it against the page."""
        self._lines[case] = seen
        if not self.writes:
            lines = PAGE.read_text("utf-8").splitlines()
            assert seen in lines, "docs/bad_input.md is not in step: make bad-input-page"

    def write(self, sections: Mapping[str, Sequence[BadInput]]) -> None:
        """Write the page; every case must have been seen."""
        lines = {title: [self._lines[case] for case in cases] for title, cases in sections.items()}
        PAGE.write_text(page(lines), "utf-8")


def line(case: BadInput, sees: str, todo: str, root: Path) -> str:
    """Return a case's line of the table."""
    cells = (case.wrong, case.kind, str(case.ends), _code(sees, root), _steady(todo, root))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def page(sections: Mapping[str, Iterable[str]]) -> str:
    """Return the whole page."""
    tables = (
        f"\n## {title}\n\n{_HEADER}{''.join(f'{row}{chr(10)}' for row in rows)}"
        for title, rows in sections.items()
    )
    return INTRODUCTION + "".join(tables)


def _code(text: str, root: Path) -> str:
    steady = _steady(text, root)
    short = steady if len(steady) <= _LONGEST else f"{steady[:_LONGEST]}…"
    return f"`` {short} ``"


def _steady(text: str, root: Path) -> str:
    """Write what differs from run to run in one way."""
    text = " ".join(text.replace(str(root), "").split())
    for pattern, word in _VOLATILE:
        text = pattern.sub(word, text)
    return text
