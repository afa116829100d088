"""Datasets and models as YAML describes them: parsed strictly, checked as a whole."""

from include.specs.column_type import ColumnType
from include.specs.dataset import DatasetSpec
from include.specs.expectation import Expectation, ExpectationKind, Severity
from include.specs.loader import Specs, load_specs
from include.specs.model import Estimator, ModelSpec, Task

__all__ = [
    "ColumnType",
    "DatasetSpec",
    "Estimator",
    "Expectation",
    "ExpectationKind",
    "ModelSpec",
    "Severity",
    "Specs",
    "Task",
    "load_specs",
]
