"""What uniqueness across partitions and foreign keys looked at, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from include.contracts import Decision, Verdict
from include.errors import name_some
from include.specs.checks import ForeignKeyCheck, UniqueAcrossPartitionsCheck


def nothing_before(check: UniqueAcrossPartitionsCheck) -> Decision:
    """Say that there is no earlier day to look at, or none that was written with the columns."""
    return Decision(
        gate=check.rule,
        verdict=Verdict.NOT_ENOUGH_EVIDENCE,
        reasons=[f"none of the {check.days} days before is in the lake with these columns"],
        thresholds={"days": check.days},
    )


def describe_repeats(check: UniqueAcrossPartitionsCheck, looked_at: int, repeats: Mapping[date, int]) -> str:
    """Say on which days the keys of a partition stood before, and in how many rows."""
    if not repeats:
        return f"{check.rule}: none of {looked_at} earlier day(s) has one of them"
    days = name_some(f"{ds} ({rows:,} rows)" for ds, rows in repeats.items())
    return f"{check.rule}: seen before on {days}"


def describe_orphans(check: ForeignKeyCheck, looked_at: int, orphans: int) -> str:
    """Say how many rows point to nothing."""
    found = f"{orphans:,} row(s) without one" if orphans else "every row has one"
    return f"{check.rule}: {found}; looked at {looked_at} day(s) of {check.dataset}"
