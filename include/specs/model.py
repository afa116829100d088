"""A model: what it learns from which dataset, how it is judged, and when it works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from include.specs.derived import Derived
from include.specs.drift import Drift
from include.specs.fields import Days, Identifier, Name, SpecModel
from include.specs.gates import Gates
from include.specs.leakage import Leakage
from include.specs.predict import Predict
from include.specs.retrain import Retrain
from include.specs.task import Task
from include.specs.task_fit import task_misfits
from include.specs.training import Training


class Label(SpecModel):
    """Where the truth is found and when it may be trusted.

    A row is mature when its `mature_at` day (a column of the model's dataset) plus `grace` has
    passed, whatever its outcome: taking labels as soon as they are known would favour outcomes
    that are known early.

    A binary label holds 0 and 1, unless `positive` says which of its values counts as 1; a multiclass
    label holds the names of classes, a regression's label numbers.
    """

    dataset: Name
    column: Identifier
    mature_at: Identifier
    grace: Days
    max_missing_share: float = Field(default=0.02, ge=0, le=1)
    positive: bool | int | str | None = None


class Features(SpecModel):
    """Columns known at the event and derived features, by how they enter the pipeline."""

    numeric: list[Identifier] = []
    categorical: list[Identifier] = []

    @property
    def all(self) -> list[str]:
        """All features, in the order the pipeline takes them."""
        return [*self.numeric, *self.categorical]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if not self.all:
            raise ValueError("name at least one feature")
        twice = sorted({name for name in self.all if self.all.count(name) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}")
        return self


class ModelSpec(SpecModel):
    """One model, trained on a dataset and scored nightly.

    `intended_use` and `limits` are words for the model card: whom its answers are for, and where not to
    trust them.
    """

    model: Name
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    intended_use: str = ""
    limits: list[Annotated[str, Field(min_length=1)]] = []
    task: Task
    dataset: Name
    label: Label
    derived: list[Derived] = []
    features: Features
    training: Training
    leakage: Leakage = Leakage()
    gates: Gates
    predict: Predict
    drift: Drift
    retrain: Retrain

    @property
    def datasets(self) -> list[str]:
        """The datasets a snapshot for this model freezes."""
        return sorted({self.dataset, self.label.dataset, *(one.dataset for one in self.derived)})

    def look_back(self, dataset: str) -> int:
        """How many days before its events the model looks at a dataset; 0 where it derives nothing."""
        return max((one.look_back for one in self.derived if one.dataset == dataset), default=0)

    def derived_among(self, features: Iterable[str]) -> list[Derived]:
        """Return those of the features that are derived, in the order of the spec."""
        wanted = set(features)
        return [one for one in self.derived if one.name in wanted]

    @model_validator(mode="after")
    def _derived_named_once(self) -> Self:
        names = [one.name.lower() for one in self.derived]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"derived: named twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _task_fits(self) -> Self:
        if problems := list(task_misfits(self)):
            raise ValueError("; ".join(problems))
        return self
