"""The page `docs/bad_input.md`: what was tried and what a user sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

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
MODELS = (
    "\n# Bad input of models\n\n"
    "The same for training, judging, promoting and scoring. Each line is a test with a real MLflow server and"
    " a real warehouse, in an installation whose model serves already. Every one of them ends with the same"
    " question: **does the champion go on serving?** Warehouse and registry must name the same version, the"
    " night published before must still be there, and scoring it again must give the same answer.\n"
)
_HEADER = """\
| bad input | {second} | what happens | what the user sees | what to do |
|---|---|---|---|---|
"""
_LONGEST = 420
_VOLATILE = (
    (re.compile(r"bucket-\d+-\d+"), "exports"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+|port \d+"), "127.0.0.1:…"),
    (re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{8})?\.html"), "-….html"),
    (re.compile(r"\btest_\d+\b"), "inn"),
    (re.compile(r"\bport=\d+"), "port=…"),
    (re.compile(r"\b(for|with) url: \S+"), r"\1 url: …"),
    (re.compile(r"\bshop_[0-9a-f]{12}(?![0-9a-f])"), "shop"),
    (re.compile(r"(?<=model shop, version )\d+"), "…"),
    (re.compile(r"/artifacts/\d+/models/m-[0-9a-f]{32}"), "/artifacts/…"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "…"),
    (re.compile(r"\bMLflow run [0-9a-f]{32}\b"), "MLflow run …"),
)


class Case(Protocol):
    """What a line says of a case."""

    @property
    def wrong(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def ends(self) -> StrEnum: ...


Sections = Mapping[str, Sequence[Case]]


class Page:
    """The page as it lies there, or as it comes to be."""

    def __init__(self, writes: bool) -> None:
        self.writes = writes
        self._lines: dict[Case, str] = {}

    def take(self, case: Case, seen: str) -> None:
        """Keep a line, or hold it against the page."""
        self._lines[case] = seen
        if not self.writes:
            lines = PAGE.read_text("utf-8").splitlines()
            assert seen in lines, "docs/bad_input.md is not in step: make bad-input-page"

    def write(self, sections: Sections, models: Sections) -> None:
        """Write the page; cases that were not tried now keep the line they have.

        A case that never came to its end has none: a test misses it.
        """
        kept = lines_by_case(PAGE.read_text("utf-8"))

        def found(parts: Sections) -> dict[str, list[str]]:
            lines = {title: [self._line(case, kept) for case in cases] for title, cases in parts.items()}
            return {title: [row for row in rows if row is not None] for title, rows in lines.items()}

        PAGE.write_text(page(found(sections), found(models)), "utf-8")

    def _line(self, case: Case, kept: Mapping[tuple[str, ...], str]) -> str | None:
        return self._lines.get(case) or kept.get((f"| {case.wrong}", case.kind))


def lines_by_case(text: str) -> dict[tuple[str, ...], str]:
    """Return the lines of a page by what is wrong and where."""
    return {tuple(row.split(" | ")[:2]): row for row in text.splitlines() if row.startswith("| ")}


def line(case: Case, sees: str, todo: str, root: Path) -> str:
    """Return a case's line of the table."""
    cells = (case.wrong, case.kind, str(case.ends), _code(sees, root), _steady(todo, root))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def page(sections: Mapping[str, Iterable[str]], models: Mapping[str, Iterable[str]]) -> str:
    """Return the whole page."""
    return INTRODUCTION + _tables(sections, "source") + MODELS + _tables(models, "stage")


def _tables(sections: Mapping[str, Iterable[str]], second: str) -> str:
    header = _HEADER.format(second=second)
    return "".join(
        f"\n## {title}\n\n{header}{''.join(f'{row}{chr(10)}' for row in rows)}"
        for title, rows in sections.items()
    )


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
