"""Datasets and models as YAML describes them: parsed strictly, checked as a whole."""

from include.specs.column_type import ColumnType
from include.specs.dataset import DatasetSpec
from include.specs.expectation import Expectation, ExpectationKind, Severity
from include.specs.loader import Specs, load_specs
from include.specs.model import ModelSpec
from include.specs.task import Metric, Task

__all__ = [
    "ColumnType",
    "DatasetSpec",
    "Expectation",
    "ExpectationKind",
    "Metric",
    "ModelSpec",
    "Severity",
    "Specs",
    "Task",
    "load_specs",
]
