"""What the leakage section of a model names: columns of its dataset, and features it has."""

from __future__ import annotations

from collections.abc import Iterator

from include.specs.cross_check_derived import Problem, no_column
from include.specs.dataset import DatasetSpec
from include.specs.model import ModelSpec


def check_leakage(model: ModelSpec, base: DatasetSpec) -> Iterator[Problem]:
    """Yield the columns that are not there, and the waivers of what is not a feature."""
    for number, name in enumerate(model.leakage.entity):
        if name not in base.columns:
            yield ["leakage", "entity", number], no_column(name, base)
    for number, waiver in enumerate(model.leakage.waivers):
        if waiver.column is not None and waiver.column not in model.features.all:
            yield ["leakage", "waivers", number, "column"], f"{waiver.column!r} is not among the features"
