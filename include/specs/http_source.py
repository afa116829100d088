"""A source that is an HTTP API which answers in JSON, page by page."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from include.specs.fields import Identifier, SpecModel

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS = ("ds", "first", "last_exclusive")
_KEYS = re.compile(r"[^.\s]+(\.[^.\s]+)*")

Parameter: TypeAlias = str | int | float


def _check_placeholders(value: str) -> str:
    if unknown := sorted(set(_PLACEHOLDER.findall(value)) - set(_PLACEHOLDERS)):
        raise ValueError(
            f"unknown placeholder {{{unknown[0]}}}; there are {', '.join(f'{{{n}}}' for n in _PLACEHOLDERS)}"
        )
    if "{" in (rest := _PLACEHOLDER.sub("", value)) or "}" in rest:
        raise ValueError("a brace without its partner")
    return value


def _check_path(value: str) -> str:
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("begin with a single /: the server stands in the connection")
    if "?" in value or "#" in value:
        raise ValueError("what follows a ? belongs into `params`")
    return _check_placeholders(value)


def _check_keys(value: str) -> str:
    if not _KEYS.fullmatch(value):
        raise ValueError("write the keys that lead there, joined by dots, such as data.items")
    return value


def _refuse_booleans(value: object) -> object:
    for name, given in value.items() if isinstance(value, dict) else ():
        if isinstance(given, bool):  # it would be sent as 1 or 0
            raise ValueError(f'put the value of {name} in quotes: "true" or "True", as the API has it')
    return value


def _check_params(value: dict[str, Parameter]) -> dict[str, Parameter]:
    for given in value.values():
        if isinstance(given, str):
            _check_placeholders(given)
    return value


Params = Annotated[dict[str, Parameter], BeforeValidator(_refuse_booleans), AfterValidator(_check_params)]
Keys = Annotated[str, AfterValidator(_check_keys)]


class NoPages(SpecModel):
    """One answer holds the whole day."""

    kind: Literal["none"]


class NumberedPages(SpecModel):
    """Pages by number, up to the first one that is empty."""

    kind: Literal["page"]
    param: str = Field(default="page", min_length=1)
    first: int = Field(default=1, ge=0)


class CursorPages(SpecModel):
    """Each page names the cursor of the next one; the last one names none."""

    kind: Literal["cursor"]
    next: Keys
    param: str = Field(default="cursor", min_length=1)


class LinkedPages(SpecModel):
    """Each page holds the address of the next one: in its body, or in the header `Link` with rel=next."""

    kind: Literal["link"]
    next: Keys | None = None


Pagination = Annotated[NoPages | NumberedPages | CursorPages | LinkedPages, Field(discriminator="kind")]


class HttpSource(SpecModel):
    """Rows of an API, asked for day by day.

    `records` are the keys that lead to the list of rows, `fields` those that lead from a row to a column
    which is not called so there, `total` those that lead to the number of rows of the day.
    """

    kind: Literal["http"]
    connection: Identifier
    path: Annotated[str, AfterValidator(_check_path)]
    params: Params = {}
    records: Keys | None = None
    fields: dict[Identifier, Keys] = {}
    total: Keys | None = None
    pagination: Pagination
    requests_per_second: float = Field(default=5, gt=0, le=1000)
    timeout_seconds: float = Field(default=60, gt=0, le=3600)
    attempts: int = Field(default=5, ge=1, le=20)
    longest_wait_seconds: float = Field(default=120, gt=0, le=3600)
    may_be_absent: list[Identifier] = []

    @property
    def named_columns(self) -> list[str]:
        """The dataset's columns that are named here."""
        return [*self.fields, *self.may_be_absent]

    def path_of(self, day: date) -> str:
        """Return the path for a day."""
        return _with_day(self.path, day)

    def params_of(self, day: date) -> dict[str, Parameter]:
        """Return the parameters for a day."""
        return {name: _with_day(v, day) if isinstance(v, str) else v for name, v in self.params.items()}

    @model_validator(mode="after")
    def _asks_for_a_day(self) -> Self:
        texts = [self.path, *(value for value in self.params.values() if isinstance(value, str))]
        if not any(_PLACEHOLDER.search(text) for text in texts):
            raise ValueError("`path` or `params` must ask for a day: {ds}, or {first} and {last_exclusive}")
        paged = getattr(self.pagination, "param", None)
        if paged in self.params:
            raise ValueError(f"`params` and `pagination` both set {paged!r}")
        return self


def _with_day(text: str, day: date) -> str:
    return text.format(
        ds=day.isoformat(), first=day.isoformat(), last_exclusive=(day + timedelta(days=1)).isoformat()
    )
