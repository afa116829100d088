"""What a model asks of its datasets: columns that are there, of types that can do the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from include.specs.behaviour_fit import behaviour_misfits
from include.specs.column_type import ColumnType
from include.specs.cross_check_derived import Problem, check_derived, no_column, types_of_derived
from include.specs.cross_check_leakage import check_leakage
from include.specs.dataset import DatasetSpec
from include.specs.model import ModelSpec
from include.specs.task import Task

_NUMERIC = {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN}
_TEMPORAL = {ColumnType.DATE, ColumnType.TIMESTAMP}


def cross_check(model: ModelSpec, datasets: Mapping[str, DatasetSpec]) -> Iterator[Problem]:
    """Yield what a model asks in vain of the sound datasets, given by name."""
    known = ", ".join(sorted(datasets)) or "none"
    named: list[tuple[Sequence[str | int], str]] = [
        (["dataset"], model.dataset),
        (["label", "dataset"], model.label.dataset),
    ]
    named += [(["derived", number, "from"], one.dataset) for number, one in enumerate(model.derived)]
    for where, name in named:
        if name not in datasets:
            yield where, f"no sound dataset {name!r}; known: {known}"
    base, truth = datasets.get(model.dataset), datasets.get(model.label.dataset)
    for problem in behaviour_misfits(model):
        yield ["gates", "behaviour"], problem
    if base is not None:
        yield from check_derived(model, base, datasets)
        yield from _check_features(model, base, datasets)
        yield from _check_maturity(model, base)
        yield from check_leakage(model, base)
        yield from _check_slices(model, base)
    if truth is not None:
        yield from _check_label(model, truth)
    if base is not None and truth is not None:
        yield from _check_keys(base, truth)


def _check_features(
    model: ModelSpec, base: DatasetSpec, datasets: Mapping[str, DatasetSpec]
) -> Iterator[Problem]:
    types = {**base.columns, **types_of_derived(model, datasets)}
    derived = {one.name for one in model.derived}
    for kind, names in (("numeric", model.features.numeric), ("categorical", model.features.categorical)):
        for name in names:
            if name in derived and name not in types:
                continue  # its dataset or column is not sound, which is said there
            if problem := _feature_problem(kind, name, types.get(name), model, base):
                yield ["features", kind], problem


def _feature_problem(
    kind: str, name: str, found: ColumnType | None, model: ModelSpec, base: DatasetSpec
) -> str | None:
    if found is None:
        return no_column(name, base)
    if name in base.key or name == model.label.column:
        return f"{name!r} is a key or the label, not a feature"
    if kind == "numeric" and found not in _NUMERIC:
        return f"{name!r} is {found}, not a number"
    if kind == "categorical" and found in _TEMPORAL:
        return f"{name!r} is a {found}, of which none comes again; offer its weekday or month as a column"
    return None


def _check_slices(model: ModelSpec, base: DatasetSpec) -> Iterator[Problem]:
    for number, one in enumerate(model.gates.slices):
        if one.column not in base.columns and one.column not in {derived.name for derived in model.derived}:
            yield ["gates", "slices", number, "column"], no_column(one.column, base)


def _check_maturity(model: ModelSpec, base: DatasetSpec) -> Iterator[Problem]:
    name = model.label.mature_at
    if name not in base.columns:
        yield ["label", "mature_at"], no_column(name, base)
    elif base.columns[name] not in _TEMPORAL:
        yield ["label", "mature_at"], f"{name!r} must be a date or timestamp"


def _check_label(model: ModelSpec, truth: DatasetSpec) -> Iterator[Problem]:
    name = model.label.column
    if name not in truth.columns:
        yield ["label", "column"], no_column(name, truth)
    elif problem := _label_problem(model, truth.columns[name]):
        yield ["label", "column"], f"{name!r} is {truth.columns[name]}; {problem}"


def _label_problem(model: ModelSpec, found: ColumnType) -> str | None:
    if model.task is Task.REGRESSION:
        return None if found in _NUMERIC else "the label of a regression is a number"
    if found in _TEMPORAL or (found is ColumnType.NUMBER and model.task is not Task.BINARY_CLASSIFICATION):
        return "a class is named by text or a whole number"
    if model.task is Task.BINARY_CLASSIFICATION and model.label.positive is None and found not in _NUMERIC:
        return "say with `positive` which of its values counts as 1"
    return None


def _check_keys(base: DatasetSpec, truth: DatasetSpec) -> Iterator[Problem]:
    where = ["label", "dataset"]
    if base.key != truth.key:
        yield where, f"key {truth.key} of {truth.dataset} differs from key {base.key} of {base.dataset}"
        return
    for name in base.key:
        here, there = base.columns[name], truth.columns[name]
        if here is not there:
            yield where, f"key {name!r} is {there} in {truth.dataset} and {here} in {base.dataset}"
