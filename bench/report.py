"""How every benchmark ends: one line of JSON per figure, and an exit code that tells whether all hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured number and what it should be.

    `goal` reads as words, such as `<= 1.3`; without one the figure is for information and holds.
    """

    figure: str
    value: float | int | list[str]
    goal: str
    holds: bool


def at_most(name: str, value: float, limit: float) -> Figure:
    """Return a figure that holds when it is not above its limit."""
    return Figure(name, round(value, 4), f"<= {limit:g}", value <= limit)


def at_least(name: str, value: float, limit: float) -> Figure:
    """Return a figure that holds when it is not below its limit."""
    return Figure(name, round(value, 4), f">= {limit:g}", value >= limit)


def for_information(name: str, value: float) -> Figure:
    """Return a figure without a goal."""
    return Figure(name, round(value, 4), "none, for information", True)


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows of text and numbers; numbers to the right."""
    table = Table(title=title, title_justify="left")
    for position, name in enumerate(head):
        table.add_column(name, justify="left" if position == 0 else "right")
    for row in rows:
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    Console(width=120).print(table)


def print_figures(figures: Sequence[Figure]) -> int:
    """Print the figures as JSON and return the exit code."""
    for figure in figures:
        print(json.dumps(figure.__dict__))
    return 0 if all(figure.holds for figure in figures) else 1
