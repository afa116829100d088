"""A model: what it learns from which dataset, how it is judged, and when it works."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from include.specs.derived import Derived
from include.specs.fields import Cron, Days, Identifier, Name, SpecModel
from include.specs.leakage import Leakage


class Task(StrEnum):
    """What kind of answer a model gives."""

    BINARY_CLASSIFICATION = "binary_classification"


class Estimator(StrEnum):
    """The estimators a spec may name."""

    HIST_GRADIENT_BOOSTING = "hist_gradient_boosting"
    LOGISTIC_REGRESSION = "logistic_regression"


class Metric(StrEnum):
    """The metrics a gate may judge by; all of them are better when higher."""

    ROC_AUC = "roc_auc_score"
    AVERAGE_PRECISION = "average_precision_score"


class Label(SpecModel):
    """Where the truth is found and when it may be trusted.

    A row is mature when its `mature_at` day (a column of the model's dataset) plus `grace` has
    passed, whatever its outcome: taking labels as soon as they are known would favour outcomes
    that are known early.
    """

    dataset: Name
    column: Identifier
    mature_at: Identifier
    grace: Days
    max_missing_share: float = Field(default=0.02, ge=0, le=1)


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


class Training(SpecModel):
    """Which rows train, and what is fitted."""

    window: Days
    validation: Days
    holdout: Days
    min_rows: int = Field(default=1000, ge=10)
    estimator: Estimator
    params: dict[str, int | float | str | bool] = {}
    seed: int = Field(ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _window_holds_the_split(self) -> Self:
        if self.validation + self.holdout >= self.window:
            raise ValueError(
                f"validation {self.validation}d and holdout {self.holdout}d leave nothing of the"
                f" window {self.window}d to train on"
            )
        return self


class VersusChampion(SpecModel):
    """A candidate must not be worse than the champion by more than `margin`."""

    metric: Metric
    margin: float = Field(ge=0, lt=1)
    confidence: float = Field(gt=0.5, lt=1)


class Gates(SpecModel):
    """What a candidate must show before it serves."""

    absolute: dict[Metric, float] = Field(min_length=1)
    versus_champion: VersusChampion

    @model_validator(mode="after")
    def _thresholds_make_sense(self) -> Self:
        for metric, threshold in self.absolute.items():
            if not 0 <= threshold <= 1:
                raise ValueError(f"absolute.{metric}: {threshold:g} is not between 0 and 1")
        return self


class Predict(SpecModel):
    """When the champion scores last night's partition."""

    schedule: Cron


class Drift(SpecModel):
    """How the weekly check decides that the data changed.

    `false_alarm_rate` is the share of unchanged weeks in which any feature may be flagged;
    `minimum_effect` is the smallest population stability index worth a flag; `reference` is how
    many of the snapshot's newest days form the reference profile.
    """

    schedule: Cron
    reference: Days
    false_alarm_rate: float = Field(gt=0, lt=0.5)
    minimum_effect: float = Field(ge=0)


class Retrain(SpecModel):
    """What may ask for a new version."""

    on: list[Literal["drift"]] = []


class ModelSpec(SpecModel):
    """One model, trained on a dataset and scored nightly."""

    model: Name
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
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
