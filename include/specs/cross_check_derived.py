"""What derived features ask of the datasets: columns that are there, and that agree with each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from include.specs.column_type import ColumnType
from include.specs.dataset import DatasetSpec
from include.specs.derived import Derived
from include.specs.model import ModelSpec

Problem = tuple[Sequence[str | int], str]
"""The place in the model's file, as keys, and what is wrong with it."""

_ADDABLE = {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN}


def check_derived(
    model: ModelSpec, base: DatasetSpec, datasets: Mapping[str, DatasetSpec]
) -> Iterator[Problem]:
    """Yield what the derived features of a model ask in vain of the sound datasets, given by name."""
    taken = {column.lower(): column for column in base.columns}
    for number, one in enumerate(model.derived):
        where: list[str | int] = ["derived", number]
        if (column := taken.get(one.name.lower())) is not None:
            yield [*where, "name"], f"{base.dataset} has a column {column!r}; choose another name"
        yield from (([*where, key], problem) for key, problem in _label_problems(one, model))
        source = datasets.get(one.dataset)
        if source is not None:
            yield from (([*where, "by"], problem) for problem in _by_problems(one, base, source))
            yield from (([*where, key], problem) for key, problem in _value_problems(one, source))


def types_of_derived(model: ModelSpec, datasets: Mapping[str, DatasetSpec]) -> dict[str, ColumnType]:
    """Return the type of each derived feature whose dataset and column are there."""
    return {
        one.name: one.type_from(datasets[one.dataset].columns)
        for one in model.derived
        if one.dataset in datasets and (one.reads is None or one.reads in datasets[one.dataset].columns)
    }


def no_column(name: str, dataset: DatasetSpec) -> str:
    """Say that a dataset has no such column, and which one may have been meant."""
    close = difflib.get_close_matches(name, list(dataset.columns), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"dataset {dataset.dataset} has no column {name!r}{hint}"


def _by_problems(one: Derived, base: DatasetSpec, source: DatasetSpec) -> Iterator[str]:
    for name in one.by:
        lacking = [dataset for dataset in (base, source) if name not in dataset.columns]
        if lacking:
            yield no_column(name, lacking[0])
            continue
        here, there = base.columns[name], source.columns[name]
        if here is not there:
            yield f"{name!r} is {here} in {base.dataset} and {there} in {source.dataset}"
        elif here is ColumnType.NUMBER:
            yield f"{name!r} is a number, whose fractions rarely agree; use an integer or a string"


def _label_problems(one: Derived, model: ModelSpec) -> Iterator[tuple[str, str]]:
    label = model.label.column
    if label in one.by:
        yield "by", f"{label!r} is the label, which nobody knows at the event"
    if one.dataset == model.dataset and one.reads == label:
        yield (
            "column" if one.column else "latest",
            f"{label!r} is the label; earlier rows of {model.dataset} have it now, but did not at the event:"
            " take it from a dataset whose event time is when the outcome was known",
        )


def _value_problems(one: Derived, source: DatasetSpec) -> Iterator[tuple[str, str]]:
    if one.reads is None:
        return
    key = "column" if one.column else "latest"
    found = source.columns.get(one.reads)
    if found is None:
        yield key, no_column(one.reads, source)
    elif one.compute is not None and one.compute.of_numbers and found not in _ADDABLE:
        yield key, f"{one.reads!r} is a {found}; {one.compute} takes numbers"
