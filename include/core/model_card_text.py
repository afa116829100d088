"""A model card as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from include.core.model_card import ModelCard, Section, Table

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|])")


def card_markdown(card: ModelCard) -> str:
    """Return the card as GitHub's Markdown; what it says is shown as it is, never read as Markdown."""
    parts = [f"# {_plain(card.title)}", _plain(card.subtitle)]
    for section in card.sections:
        parts += _section(section)
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"## {_plain(section.heading)}"
    if section.sentences:
        yield "\n\n".join(map(_plain, section.sentences))
    if section.facts:
        yield "\n".join(f"- **{_plain(name)}:** {_plain(value)}" for name, value in section.facts)
    if section.table is not None:
        yield _table(section.table)


def _table(table: Table) -> str:
    lines = [_row(table.head), _row(["---"] * len(table.head), plain=False), *map(_row, table.rows)]
    return "\n".join(lines)


def _row(cells: Iterable[str], *, plain: bool = True) -> str:
    return f"| {' | '.join(_plain(cell) if plain else cell for cell in cells)} |"


def _plain(said: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(said.split()))
