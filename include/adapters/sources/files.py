"""Rows of files that lie on a disk or in a bucket, some for each day."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, BinaryIO, cast

import pyarrow as pa

from include.adapters.sources.base import Readiness, Source
from include.adapters.sources.csv_rows import read_csv
from include.adapters.sources.file_rows import Found, missing_columns
from include.adapters.sources.file_store import FileStore, FoundFile, open_store
from include.adapters.sources.json_rows import read_jsonl
from include.adapters.sources.parquet_rows import read_parquet
from include.adapters.sources.row_days import DayCheck
from include.errors import NotReadyError, SourceError, name_some
from include.settings import Settings
from include.specs import DatasetSpec
from include.specs.arrival import Until
from include.specs.file_source import FileFormat, FileSource

_ONE_DAY = timedelta(days=1)


class DailyFiles(Source):
    """The files that a path with the day in it leads to."""

    def __init__(self, spec: DatasetSpec, source: FileSource, store: FileStore) -> None:
        super().__init__(spec)
        self._source, self._store = source, store
        self._listed: dict[date, list[FoundFile]] = {}
        self._found: Found = {}

    def read(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a range of days, file by file; see `Source`.

        Raises
        ------
        NotReadyError
            Where the marker of a day is not there yet.
        """
        self._found = {}
        days = list(self._file_days(first, last_exclusive))
        self._require_markers(first, last_exclusive)
        self._listed.update({day: self._list(day) for day in days})
        for day in days:
            check = DayCheck(
                self.spec.event_time,
                day - _ONE_DAY * self._source.late_days,
                day + _ONE_DAY * (self._source.early_days + 1),
            )
            for file in self._listed[day]:
                for batch in self._read_file(file, check):
                    yield _within(batch, self.spec, first, last_exclusive)
        self._require_columns()

    def count_rows(self, first: date, last_exclusive: date) -> None:  # noqa: ARG002
        """Return None: only reading the files tells."""
        return None

    def describe(self, ds: date) -> dict[str, str]:
        """Name path and event time, and at most ten of the day's files with their size in all."""
        days = list(self._file_days(ds, ds + _ONE_DAY))
        for day in days:
            if day not in self._listed:
                self._listed[day] = self._list(day)
        files = [file for day in days for file in self._listed[day]]
        connection = {"connection": self._source.connection} if self._source.connection else {}
        return {
            **connection,
            "path": self._source.path_of(ds),
            "event_time": self.spec.event_time,
            "files": f"{len(files)}: {name_some(map(_told, files))}" if files else "0",
            "bytes": str(sum(file.size for file in files)),
        }

    def found_columns(self) -> dict[str, str]:
        """Return the columns of the files read; CSV and JSON have no types of their own."""
        return dict(self._found)

    def is_ready(self, ds: date) -> Readiness:
        """Look for the day's marker where there is one, otherwise for the day's files.

        `later_rows` asks for the marker or a file of the next day.
        """
        later = self.spec.arrival is not None and self.spec.arrival.until is Until.LATER_ROWS
        day = ds + _ONE_DAY if later else ds
        marker = self._source.marker_of(day)
        there = bool(
            self._store.find(self._source.path_of(day)) if marker is None else self._store.exists(marker)
        )
        return Readiness(there, f"{marker or self._source.path_of(day)} is {'' if there else 'not '}there")

    def _file_days(self, first: date, last_exclusive: date) -> Iterator[date]:
        """Yield the days whose files may hold rows of a range of days."""
        low = first - _ONE_DAY * self._source.early_days
        high = last_exclusive + _ONE_DAY * self._source.late_days
        yield from (low + timedelta(days=number) for number in range((high - low).days))

    def _list(self, day: date) -> list[FoundFile]:
        """List a day's files; of a day whose marker is not there yet, none count."""
        marker = self._source.marker_of(day)
        whole = marker is None or self._store.exists(marker)
        return self._store.find(self._source.path_of(day)) if whole else []

    def _require_markers(self, first: date, last_exclusive: date) -> None:
        for number in range((last_exclusive - first).days):
            day = first + timedelta(days=number)
            marker = self._source.marker_of(day)
            if marker is not None and not self._store.exists(marker):
                raise NotReadyError(
                    "the file that says that the day is complete is not there",
                    where=marker,
                    next_step="nothing if the day is still being delivered: a retry looks again; otherwise"
                    " ask who delivers it, or have the dataset wait with `arrival`",
                )

    def _read_file(self, file: FoundFile, check: DayCheck) -> Iterator[pa.RecordBatch]:
        strays = check.of(file.path)
        with self._store.open(file) as packed, _unpacked(packed, file.path) as stream:
            for batch, found in self._rows_of(stream, file.path):
                for name, kind in found.items():
                    self._found.setdefault(name, kind)
                strays.look_at(batch)
                yield batch
        strays.raise_if_any()

    def _rows_of(self, stream: BinaryIO, path: str) -> Iterator[tuple[pa.RecordBatch, Found]]:
        match self._source.format:
            case FileFormat.CSV:
                return read_csv(stream, path, self.spec, self._source.csv, self._source.may_be_absent)
            case FileFormat.JSONL:
                return read_jsonl(stream, path, self.spec)
            case FileFormat.PARQUET:
                return read_parquet(stream, path, self.spec, self._source.may_be_absent)

    def _require_columns(self) -> None:
        """Refuse columns that not one JSON object has: a wrong name would make a column of nothing."""
        if self._source.format is not FileFormat.JSONL or not self._found:
            return
        known = {*self._found, *self._source.may_be_absent}
        if missing := [name for name in self.spec.columns if name not in known]:
            raise missing_columns(missing, self._found, self._source.path, self.spec)


@contextmanager
def open_files(settings: Settings, spec: DatasetSpec, source: FileSource) -> Iterator[DailyFiles]:
    """Open the storage of a dataset's files.

    Raises
    ------
    SettingsError
        Where the connection was not given to this run, or is of no use for this storage.
    """
    uri = settings.source_url(source.connection) if source.connection else None
    yield DailyFiles(spec, source, open_store(source.path, source.connection, uri))


def _within(batch: pa.RecordBatch, spec: DatasetSpec, first: date, last_exclusive: date) -> pa.RecordBatch:
    """Take the rows of a range of days; a file may hold some of the days around its own."""
    outside = DayCheck(spec.event_time, first, last_exclusive).outside(batch)
    return batch.filter(pa.compute.invert(outside)) if pa.compute.any(outside).as_py() else batch


def _told(file: FoundFile) -> str:
    etag = f", etag {file.etag}" if file.etag else ""
    return f"{file.name} ({file.size} bytes{etag})"


@contextmanager
def _unpacked(packed: BinaryIO, path: str) -> Iterator[BinaryIO]:
    """Give a file's bytes as they were before it was compressed, by the ending of its name."""
    unpack = _DECOMPRESSORS.get(path.rpartition(".")[2].lower())
    if unpack is None:
        yield packed
        return
    try:
        yield unpack(packed)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:  # an outage was told by the file itself
        raise SourceError(
            f"the compressed file is cut short or damaged: {' '.join(str(error).split())}",
            where=path,
            next_step="have the file delivered again, and renamed into its place once it is whole",
        ) from error


def _zstandard(packed: BinaryIO) -> BinaryIO:
    return cast(
        BinaryIO, io.BufferedReader(_Readable(pa.CompressedInputStream(pa.PythonFile(packed), "zstd")))
    )


class _Readable(io.RawIOBase):
    """An Arrow stream with the manners of a Python file."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._inner = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


_DECOMPRESSORS: Mapping[str, Callable[[BinaryIO], Any]] = {
    "gz": lambda packed: gzip.GzipFile(fileobj=packed),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zst": _zstandard,
}
