"""The types a column may have."""

from __future__ import annotations

from enum import StrEnum


class ColumnType(StrEnum):
    """The types a column may have, from source to score."""

    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


NUMERIC = frozenset({ColumnType.INTEGER, ColumnType.NUMBER})
TEMPORAL = frozenset({ColumnType.DATE, ColumnType.TIMESTAMP})
