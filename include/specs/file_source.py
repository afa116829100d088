"""A source that is files: on a disk or in a bucket, one or several for each day."""

from __future__ import annotations

import codecs
import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from include.specs.fields import Identifier, SpecModel

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS = ("ds", "ds_nodash", "year", "month", "day")
_MOST_DAYS = 31


class FileFormat(StrEnum):
    """How the rows are written."""

    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"


def _check_encoding(value: str) -> str:
    try:
        codecs.lookup(value)
        "".encode(value)
    except LookupError:
        raise ValueError("no text encoding of that name, such as utf-8, utf-16, cp1252 or latin-1") from None
    return value


def _check_path(value: str) -> str:
    if "::" in value:
        raise ValueError("one address, not several chained by `::`")
    if not (value.startswith("/") or _SCHEME.match(value)):
        raise ValueError("begin with / or with a scheme such as s3://")
    if value.startswith(("http://", "https://")):
        raise ValueError("what is read over HTTP is a source of kind http")
    found = set(_PLACEHOLDER.findall(value))
    if unknown := sorted(found - set(_PLACEHOLDERS)):
        raise ValueError(
            f"unknown placeholder {{{unknown[0]}}}; there are {', '.join(f'{{{n}}}' for n in _PLACEHOLDERS)}"
        )
    if "{" in (rest := _PLACEHOLDER.sub("", value)) or "}" in rest:
        raise ValueError("a brace without its partner")
    if not ({"ds"} & found or {"ds_nodash"} & found or {"year", "month", "day"} <= found):
        raise ValueError("it must hold the day: {ds}, {ds_nodash}, or {year} with {month} and {day}")
    return value


FilePath = Annotated[str, AfterValidator(_check_path)]


class CsvOptions(SpecModel):
    """How a CSV file is written.

    An unquoted field that equals one of `null_values` is missing. `names` are the columns of files
    that have no header. A quote within a quoted field is written twice; `quote: none` where quotes are
    ordinary characters.
    """

    delimiter: str = Field(default=",", pattern=r"^[\t -~]$")
    quote: str = Field(default='"', pattern=r"^([!-~]|none)$")
    encoding: Annotated[str, AfterValidator(_check_encoding)] = "utf-8"
    null_values: list[str] = [""]
    names: list[str] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        if self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.quote!r}")
        return self


class FileSource(SpecModel):
    """Files that a path with the day in it leads to, with `*` and `?` as in a shell.

    A file holds the rows of its own day. Where late rows are delivered with a later day's file,
    `late_days` says how many days later at most; `early_days` is for files cut by a clock west of UTC.
    A partition then takes its rows out of all files that may hold some.
    """

    kind: Literal["files"]
    path: FilePath
    format: FileFormat
    connection: Identifier | None = None
    marker: FilePath | None = None
    csv: CsvOptions = CsvOptions()
    late_days: int = Field(default=0, ge=0, le=_MOST_DAYS)
    early_days: int = Field(default=0, ge=0, le=_MOST_DAYS)
    may_be_absent: list[Identifier] = []

    @property
    def named_columns(self) -> list[str]:
        """The dataset's columns that are named here."""
        return self.may_be_absent

    def path_of(self, day: date) -> str:
        """Return the path with a day in it."""
        return _with_day(self.path, day)

    def marker_of(self, day: date) -> str | None:
        """Return the path of the file that says that a day is complete, None where there is none."""
        return None if self.marker is None else _with_day(self.marker, day)

    @model_validator(mode="after")
    def _options_fit_the_format(self) -> Self:
        if "csv" in self.model_fields_set and self.format is not FileFormat.CSV:
            raise ValueError(f"`csv` says how CSV is written, the format is {self.format}")
        if self.path.endswith((".zip", ".tar", ".tgz", ".tar.gz")):
            raise ValueError("archives are not read: compress each file as .gz, .bz2, .xz or .zst")
        if self.marker is not None and _scheme(self.marker) != _scheme(self.path):
            raise ValueError("path and marker lie in different kinds of storage")
        return self


def _scheme(path: str) -> str:
    found = _SCHEME.match(path)
    return found[0] if found else ""


def _with_day(path: str, day: date) -> str:
    return path.format(
        ds=day.isoformat(),
        ds_nodash=f"{day:%Y%m%d}",
        year=f"{day.year:04d}",
        month=f"{day.month:02d}",
        day=f"{day.day:02d}",
    )
