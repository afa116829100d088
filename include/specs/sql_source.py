"""A source that is a database: a table or a query, read by event time or as a whole."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from include.specs.fields import Identifier, SpecModel, Table

FIRST, LAST_EXCLUSIVE, DAY = "first", "last_exclusive", "ds"
# As SQLAlchemy finds parameters, in comments and literals too: `::date` is a cast, `\:x` a colon.
_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


class Load(StrEnum):
    """Which rows make up a day's partition."""

    INCREMENT = "increment"
    STATE = "state"


def _check_query(value: str) -> str:
    text = _COMMENT.sub(" ", value).strip()
    if not re.match(r"(select|with)\b", text, re.IGNORECASE):
        raise ValueError("a query begins with SELECT or WITH")
    if text.endswith(";"):
        raise ValueError("leave out the `;` at the end: the query becomes part of another")
    return value


class SqlSource(SpecModel):
    """Rows of a table or of a query, reached through an Airflow connection.

    `increment` reads the rows whose event time lies in the day. `state` reads all rows there are: the
    day's partition is the table as it stood when that day was over.
    """

    kind: Literal["sql"]
    connection: Identifier
    table: Table | None = None
    query: Annotated[str, AfterValidator(_check_query)] | None = None
    load: Load = Field(default=Load.INCREMENT)

    @property
    def parameters(self) -> set[str]:
        """The parameters that the query names."""
        return set(_PARAMETER.findall(self.query or ""))

    @property
    def holds_only_present(self) -> bool:
        """Whether the source can say how it stands now, but not how it stood on an earlier day."""
        return self.load is Load.STATE and DAY not in self.parameters

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"table {self.table!r}" if self.table else "the query"

    @model_validator(mode="after")
    def _one_of_table_and_query(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("name a `table` or write a `query`, one of both")
        return self

    @model_validator(mode="after")
    def _parameters_are_known(self) -> Self:
        known = {DAY} if self.load is Load.STATE else {FIRST, LAST_EXCLUSIVE}
        if unknown := sorted(self.parameters - known):
            listed = ", ".join(f":{name}" for name in sorted(known))
            raise ValueError(
                f"a query of load {self.load} knows no parameter :{unknown[0]}, only {listed};"
                r" a colon that is none is written \:"
            )
        return self
