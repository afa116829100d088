"""Field types that specs share: names that are safe as identifiers, lengths of time, cron strings."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationInfo

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")
_DURATION = re.compile(r"([1-9][0-9]{0,4})([smhd])")
_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_CRON_PART = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?")
_CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


RECORDED = "recorded"
"""Validation context of specs that were written by a program, where days are numbers; no person's text."""


class SpecModel(BaseModel):
    """Base of everything parsed from YAML: frozen, no unknown keys, no number that is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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


def _parse_days(value: object, info: ValidationInfo) -> object:
    if isinstance(value, int) and (info.context or {}).get(RECORDED):
        return value
    if isinstance(value, str):
        match = _DAYS.fullmatch(value)
        if match:
            return int(match.group(1))
    raise ValueError("write a number of days with its unit, such as 28d")


def _parse_duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        return int(match[1]) * _UNITS[match[2]]
    raise ValueError("write a length of time with its unit: 90s, 5m, 6h or 2d")


def duration_text(value: timedelta) -> str:
    """Say a length of time in the largest unit that fits, as specs write it."""
    unit = next(name for name, length in _UNITS.items() if value % length == timedelta(0))
    return f"{value // _UNITS[unit]}{unit}"


def _check_cron(value: str) -> str:
    fields = value.split()
    if len(fields) != 5:
        raise ValueError('write five cron fields, such as "0 2 * * *" (UTC)')
    _, _, days, months, weekdays = map(_cron_values, fields, _CRON_RANGES)
    never = all(min(days) > _LONGEST_MONTH.get(month, 31) for month in months)
    if never and len(weekdays) == 8:
        raise ValueError("there is no such day in any year")
    return value


def _cron_values(field: str, limits: tuple[int, int]) -> set[int]:
    """List the values that a cron field stands for.

    Airflow itself would refuse a wrong one while it reads a DAG file, and with it every DAG of that file.
    """
    values: set[int] = set()
    for part in field.split(","):
        match = _CRON_PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} in a cron field is not `*`, a number, a range or a step")
        low = int(match[1] or limits[0])
        high = int(match[2] or match[1] or limits[1])
        step = int(match[3] or 1)
        if not (limits[0] <= low <= high <= limits[1] and step):
            raise ValueError(f"{part!r} in a cron field does not lie within {limits[0]}-{limits[1]}")
        values.update(range(low, high + 1, step))
    return values


Name = Annotated[str, AfterValidator(_check_name)]
Identifier = Annotated[str, AfterValidator(_check_identifier)]
Table = Annotated[str, AfterValidator(_check_table)]
Days = Annotated[int, BeforeValidator(_parse_days)]
Duration = Annotated[
    timedelta, BeforeValidator(_parse_duration), PlainSerializer(duration_text, return_type=str)
]
Cron = Annotated[str, AfterValidator(_check_cron)]
