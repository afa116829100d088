"""Sources: where a dataset's rows come from. One module a kind, all behind `Source`.

A module is imported when a dataset of its kind is opened, so that a task loads only the drivers it uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from include.adapters.sources.base import Source
from include.settings import Settings
from include.specs import DatasetSpec
from include.specs.file_source import FileSource
from include.specs.http_source import HttpSource
from include.specs.sql_source import SqlSource

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
    with _open(settings, spec) as source:
        yield source


def _open(settings: Settings, spec: DatasetSpec) -> AbstractContextManager[Source]:
    match spec.source:
        case SqlSource():
            from include.adapters.sources.sql import open_sql

            return open_sql(settings.source_url(spec.source.connection), spec)
        case FileSource():
            from include.adapters.sources.files import open_files

            return open_files(settings, spec, spec.source)
        case HttpSource():
            from include.adapters.sources.http import open_http

            return open_http(settings, spec, spec.source)
