"""Field types that specs share: names that are safe as identifiers, lengths of time, cron strings."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")
_CRON_FIELD = re.compile(r"[0-9*/,\-]+")


class SpecModel(BaseModel):
    """Base of everything parsed from YAML: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value) or "__" in value:
        raise ValueError(
            "use lower-case letters, digits and single underscores, starting with a letter,"
            " at most 63 characters"
        )
    return value


def _check_identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError(
            "not an SQL identifier: use letters, digits and underscores, not starting with a digit,"
            " at most 63 characters"
        )
    return value


def _check_table(value: str) -> str:
    parts = value.split(".")
    if len(parts) > 2:
        raise ValueError("write `table` or `schema.table`")
    for part in parts:
        _check_identifier(part)
    return value


def _parse_days(value: object) -> object:
    if isinstance(value, str):
        match = _DAYS.fullmatch(value)
        if match:
            return int(match.group(1))
    raise ValueError("write a number of days with its unit, such as 28d")


def _check_cron(value: str) -> str:
    fields = value.split()
    if len(fields) != 5 or not all(_CRON_FIELD.fullmatch(field) for field in fields):
        raise ValueError('write five cron fields, such as "0 2 * * *" (UTC)')
    return value


Name = Annotated[str, AfterValidator(_check_name)]
Identifier = Annotated[str, AfterValidator(_check_identifier)]
Table = Annotated[str, AfterValidator(_check_table)]
Days = Annotated[int, BeforeValidator(_parse_days)]
Cron = Annotated[str, AfterValidator(_check_cron)]
