"""Datasets and models as YAML describes them: parsed strictly, checked as a whole."""

from include.specs.dataset import ColumnType, DatasetSpec, Expectation, ExpectationKind, Severity
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
