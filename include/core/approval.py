"""Who may answer whether a candidate shall serve, and which answers count."""

from __future__ import annotations

from collections.abc import Collection, Sequence

LONGEST_REASON = 2_000


def eligible_approvers(approvers: Sequence[str], requested_by: str | None) -> list[str]:
    """Return the approvers without the one who asked for the training, in their order."""
    return [name for name in approvers if name != requested_by]


def objection(
    *, names: Collection[str], approvers: Sequence[str], requested_by: str | None, reason: str
) -> str | None:
    """Say why an answer does not count; None where it does.

    Parameters
    ----------
    names
        All names of the one who answered, as Airflow gives them: user id and user name.
    approvers
        Who may answer by the model's spec.
    requested_by
        Who asked for the training, None where no person did.
    reason
        What was given as the reason.
    """
    who = " or ".join(dict.fromkeys(names)) or "somebody without a name"
    if requested_by is not None and requested_by in names:
        return f"{who} asked for the training, and nobody approves what they asked for themselves"
    if not set(names) & set(approvers):
        return f"{who} is not among the approvers ({', '.join(approvers)})"
    if not reason.strip():
        return f"{who} gave no reason"
    if "\0" in reason or len(reason) > LONGEST_REASON:
        return f"the reason must be a text of at most {LONGEST_REASON:,} characters"
    return None
