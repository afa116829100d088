"""The trigger forms of operations on models."""

from __future__ import annotations

from airflow.sdk import Param


def rollback_params() -> dict[str, Param]:
    """Return which version serves again, since when and why."""
    return {
        "dry_run": _dry_run(),
        "reason": _reason("Why this version has to go."),
        "version": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Version",
            description="One that served before. Empty: the one before the champion; of a retired model, the"
            " champion it had.",
        ),
        "effective_from": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Effective from",
            description="The first day (UTC) it serves again. Empty: the day after the newest published"
            " night.",
        ),
        "rescore": Param(
            False,
            type="boolean",
            title="Score again",
            description="Also score the nights again that are published from that day on.",
        ),
    }


def retire_params() -> dict[str, Param]:
    """Return why a model leaves service."""
    return {"dry_run": _dry_run(), "reason": _reason("Why the model is no longer needed.")}


def _dry_run() -> Param:
    return Param(
        True,
        type="boolean",
        title="Dry run",
        description="Only say what would change. Switch it off to do it.",
    )


def _reason(what: str) -> Param:
    return Param(
        type="string",
        minLength=1,
        title="Reason",
        description=f"{what} It stays on record, with your name.",
    )
