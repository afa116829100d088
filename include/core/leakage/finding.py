"""What a leakage check hands back, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.labels import LabelArray
from include.core.split import Split
from include.specs.leakage import LeakageCheck
from include.specs.task import Task

Days = NDArray[np.datetime64]
Part = tuple[str, NDArray[np.bool_]]
"""A part of the split: its name and its rows."""


@dataclass(frozen=True)
class Finding:
    """One suspicion with its evidence.

    Attributes
    ----------
    check, column
        What was found, in which feature; None where it concerns whole rows.
    evidence
        One sentence with the numbers behind it.
    facts
        The same numbers, by name.
    waived
        The reason of the spec's waiver, None where there is none.
    """

    check: LeakageCheck
    column: str | None
    evidence: str
    facts: dict[str, Any] = field(default_factory=dict)
    waived: str | None = None

    @property
    def title(self) -> str:
        """The check, and the feature if it names one."""
        return f"{self.check} of {self.column}" if self.column else str(self.check)


@dataclass(frozen=True)
class Known:
    """The rows that train or judge.

    Attributes
    ----------
    features
        As `prepare` returns them.
    labels
        Shape (rows,): 0 or 1, places in `classes`, or numbers.
    matured, event_day
        Shape (rows,), datetime64[D].
    keys, entities
        The columns of the row key, and those the spec calls `entity` (none: no columns).
    split
        The parts.
    task, classes
        What the labels mean.
    """

    features: pd.DataFrame
    labels: LabelArray
    matured: Days
    event_day: Days
    keys: pd.DataFrame
    entities: pd.DataFrame
    split: Split
    task: Task = Task.BINARY_CLASSIFICATION
    classes: tuple[str, ...] = ()

    @property
    def feature_names(self) -> list[str]:
        """The features, in their order."""
        return [str(name) for name in self.features.columns]

    @property
    def parts(self) -> list[Part]:
        """The parts by name, in the order of time."""
        split = self.split
        return [("train", split.train), ("validation", split.validation), ("holdout", split.holdout)]

    @property
    def pairs(self) -> list[tuple[Part, Part]]:
        """Every part with every later one."""
        return list(combinations(self.parts, 2))


@dataclass(frozen=True)
class Waiting:
    """The rows whose outcome is not known yet: features and event day, as in `Known`."""

    features: pd.DataFrame
    event_day: Days
