"""How the columns of a source change over the years, and what that means for a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from include.errors import SourceError, name_some

Columns = Mapping[str, str]


def describe_news(known: Columns, found: Columns, declared: Iterable[str]) -> list[str]:
    """Say what is new about a source whose rows still fit.

    Parameters
    ----------
    known, found
        The source's columns as recorded before and as they are now, each with the source's own type.
        Nothing is new where nothing was recorded.
    declared
        The columns of the dataset's spec.

    Returns
    -------
    list of str
        One sentence for each undeclared column that was added and each declared one whose type changed.
    """
    wanted = set(declared)
    news = []
    for name, kind in found.items() if known else ():
        if name not in known and name not in wanted:
            news.append(f"the source has a new column {name} ({kind}) that the spec does not declare")
        elif name in wanted and known.get(name, kind) != kind:
            news.append(f"column {name} of the source was {known[name]} and is {kind} now; it still fits")
    return news


def explain_misfit(error: SourceError, known: Columns, since: date, found: Columns) -> SourceError:
    """Add to an error about columns what they were before, where that was recorded.

    Parameters
    ----------
    error
        Its facts name the lost columns (`missing`) or the one whose value does not fit (`column`).
    known, since
        The source's columns with their types as recorded, and the day that recorded them.
    found
        The source's columns now, as far as they could be found out.

    Returns
    -------
    SourceError
        The same error where nothing was recorded about its columns.
    """
    lost = error.facts.get("missing", [])
    name = str(error.facts.get("column", ""))
    held = [name] if name in found else []  # it had a value: it is not gone
    changed = {name: known[name] for name in lost or held if name in known and found.get(name) != known[name]}
    if not changed:
        return error
    moves = [f"{name} was {old}, it is {found.get(name, 'gone')} now" for name, old in changed.items()]
    return SourceError(
        f"{error.what}; the source changed since the partition of {since}: {name_some(moves)}",
        where=error.where,
        next_step="if that was not meant, bring the column back as it was; if it was, change `columns` of the"
        " dataset's spec to what the source has now and load the history again",
        **{**error.facts, "changed": changed},
    )
