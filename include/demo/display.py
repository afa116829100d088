"""A live line per chapter of the demo: what runs, for how long, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Display:
    """Shows chapters one below the other; a chapter's note can change while it runs.

    On a terminal the running line moves; in a log file each chapter is one line when it ends.
    """

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def chapter(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show `title` while the block runs; yields a function that sets the note beside it."""
        columns = (
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}[/]"),
        )
        with Progress(*columns, console=self.console, refresh_per_second=4) as progress:
            task = progress.add_task(title, total=1, note="")
            try:
                yield lambda note: progress.update(task, note=note)
            except BaseException:
                progress.update(task, description=f"[red]{title}: stopped[/]")
                raise
            progress.update(task, completed=1)
