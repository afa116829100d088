"""What a dataset's foreign keys ask of other datasets: to be there, with columns of the same types."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from include.specs.checks import ForeignKeyCheck
from include.specs.dataset import DatasetSpec

Problem = tuple[list[str | int], str]
"""The place in the dataset's file, as keys and positions, and what is wrong with it."""


def cross_check_dataset(spec: DatasetSpec, datasets: Mapping[str, DatasetSpec]) -> Iterator[Problem]:
    """Yield what a dataset's foreign keys ask in vain of the sound datasets, given by name."""
    for number, check in enumerate(spec.checks):
        if isinstance(check, ForeignKeyCheck):
            yield from (
                (["checks", number, *where], message) for where, message in _check(spec, check, datasets)
            )


def _check(
    spec: DatasetSpec, check: ForeignKeyCheck, datasets: Mapping[str, DatasetSpec]
) -> Iterator[Problem]:
    other = datasets.get(check.dataset)
    if other is None:
        known = ", ".join(sorted(set(datasets) - {spec.dataset})) or "none"
        yield ["dataset"], f"no sound dataset {check.dataset!r}; known: {known}"
    elif spec.dataset in _waits_for(other, datasets):
        yield (
            ["dataset"],
            f"each day of {check.dataset} would wait for the same day of {spec.dataset}, and the other way"
            " round; leave out one of the foreign keys",
        )
    else:
        yield from _check_columns(spec, check, other)


def _check_columns(spec: DatasetSpec, check: ForeignKeyCheck, other: DatasetSpec) -> Iterator[Problem]:
    for position, (ours, theirs) in enumerate(zip(check.columns, check.references, strict=True)):
        if theirs not in other.columns:
            close = difflib.get_close_matches(theirs, list(other.columns), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            yield ["references", position], f"dataset {other.dataset} has no column {theirs!r}{hint}"
        elif ours in spec.columns and spec.columns[ours] != other.columns[theirs]:
            yield (
                ["references", position],
                f"{theirs!r} is {other.columns[theirs]} in {other.dataset}, {ours!r} is {spec.columns[ours]}",
            )


def _waits_for(spec: DatasetSpec, datasets: Mapping[str, DatasetSpec]) -> set[str]:
    """Return the datasets whose day must be there before a day of `spec` is judged, itself included."""
    found: set[str] = set()
    ahead = [spec.dataset]
    while ahead:
        name = ahead.pop()
        if name not in found and name in datasets:
            found.add(name)
            ahead += [c.dataset for c in datasets[name].checks if isinstance(c, ForeignKeyCheck)]
    return found
