"""Sources: where a dataset's rows come from. One module a kind, all behind `Source`.

A module is imported when a dataset of its kind is opened, so that a task loads only the drivers it uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from include.adapters.sources.base import Source
from include.settings import Settings
from include.specs import DatasetSpec

__all__ = ["Source", "open_source"]


@contextmanager
def open_source(settings: Settings, spec: DatasetSpec) -> Iterator[Source]:
    """Open a dataset's source for as long as the block lasts.

    Raises
    ------
    SettingsError
        Where the connection was not given to this run, or is of no use for this kind of source.
    SourceUnavailableError
        Where the source does not answer.
    """
    from include.adapters.sources.sql import open_sql

    with open_sql(settings.source_url(spec.source.connection), spec) as source:
        yield source
