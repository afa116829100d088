"""What all records share."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from include.errors import FatalError, name_some


class Contract(BaseModel):
    """Base of all records: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary of JSON types only."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Rebuild the record from `to_json`'s answer.

        Raises
        ------
        FatalError
            When it is not such a record, as in an event that somebody made by hand; names the fields.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors()]
            raise FatalError(
                f"this is not what the task before hands on: {name_some(wrong)}",
                where=cls.__name__,
                next_step="run the DAG before this one; events made by hand carry no record",
            ) from None
