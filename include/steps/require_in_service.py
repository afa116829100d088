"""Whether a model is in service: one that was retired neither scores nor is watched."""

from __future__ import annotations

from sqlalchemy import Connection

from include.adapters import warehouse
from include.errors import RetiredError
from include.settings import Settings


def run(settings: Settings, model: str) -> None:
    """Refuse a model that was retired.

    Raises
    ------
    RetiredError
        Says who retired it and why.
    """
    with warehouse.transaction(settings) as conn:
        require_in_service(conn, model)


def require_in_service(conn: Connection, model: str) -> None:
    """Do the same inside a transaction."""
    retired = warehouse.retirement(conn, model)
    if retired is None:
        return
    by = f" by {retired.actor}" if retired.actor else ""
    raise RetiredError(
        f"retired{by}: {retired.reason}",
        where=f"model {model}",
        next_step=f"nothing, if that still holds; the DAG {model}__rollback puts a version back into service",
        model=model,
        reason=retired.reason,
    )
