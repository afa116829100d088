"""One look for all figures, and images whose bytes depend on what they show alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK = "#2457b3"
SOFT = "#9aa5b4"
COLORS = ("#2457b3", "#c8553d", "#4b8f5c", "#8a5a9e", "#b8860b", "#3a8fa3")


def draw(path: Path, fill: Callable[[Axes], None]) -> None:
    """Let `fill` draw on empty axes and write them as a PNG of 600 × 450 pixels."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    fill(axes)
    figure.savefig(path, dpi=100, metadata={"Software": None})


def diagonal(axes: Axes, label: str) -> None:
    """Draw the line on which both coordinates are equal."""
    axes.axline((0, 0), slope=1, color=SOFT, linestyle="--", label=label)


def short(text: str, length: int = 24) -> str:
    """Shorten a name that would push the figure aside."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
