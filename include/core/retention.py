"""Which snapshots stay although no model version needs them: the newest of each model, and young ones."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

_SNAPSHOT = re.compile(r"(?P<model>.+)/(?P<day>\d{4}-\d\d-\d\d)-[0-9a-f]{8}")


def kept_by_rule(frozen: Mapping[str, date], *, newest: int, days: int, as_of: date) -> set[str]:
    """Return the tags that the rule keeps.

    Parameters
    ----------
    frozen
        The day on which each tag's commit was made, by tag.
    newest
        So many of each model's stay, those frozen last.
    days
        So do those that were frozen, or whose data ends, less than so many days before `as_of`.
    as_of
        The day the rule is applied on.

    Returns
    -------
    set of str
        Tags that are no snapshot's are among them: somebody made them on purpose.
    """
    snapshots = {tag: match for tag in frozen if (match := _SNAPSHOT.fullmatch(tag))}
    limit = as_of - timedelta(days=days)
    young = {tag for tag, match in snapshots.items() if max(frozen[tag], _day(match)) > limit}
    by_model: dict[str, list[str]] = defaultdict(list)
    for tag, match in snapshots.items():
        by_model[match["model"]].append(tag)
    last = {
        tag
        for tags in by_model.values()
        for tag in sorted(tags, key=lambda tag: (frozen[tag], tag), reverse=True)[:newest]
    }
    return (frozen.keys() - snapshots.keys()) | young | last


def _day(match: re.Match[str]) -> date:
    return date.fromisoformat(match["day"])
