"""Which rows train a model, what is fitted, how it is searched for, and how its scores become answers."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from include.specs.fields import Days, Duration, SpecModel
from include.specs.task import Metric

_LEAST_FIRST_TRIALS = 4
_FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


class Estimator(StrEnum):
    """The estimators a spec may name; each has a classifier and a regressor."""

    HIST_GRADIENT_BOOSTING = "hist_gradient_boosting"
    RANDOM_FOREST = "random_forest"
    LINEAR = "linear"


def _check_estimator(value: str) -> str:
    if value not in set(Estimator) and not _FACTORY.fullmatch(value):
        raise ValueError(
            f"{value!r} is not one of {', '.join(Estimator)}, nor a `module:factory` of your own"
        )
    return value


EstimatorName = Annotated[str, AfterValidator(_check_estimator)]
Value: TypeAlias = bool | int | float | str


class Numbers(SpecModel):
    """A range of numbers to search; whole ones where both ends are whole, ends included."""

    low: int | float
    high: int | float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are tried."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"low {self.low:g} has no logarithm: begin above 0, or leave `log` out")
        return self


class Choices(SpecModel):
    """Some values to search."""

    choices: list[Value] = Field(min_length=2)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = sorted({repr(one) for one in self.choices if self.choices.count(one) > 1})
        if twice:
            raise ValueError(f"the same choice twice: {', '.join(twice)}")
        return self


class Search(SpecModel):
    """How parameters of the estimator are searched, on the train and the validation part only.

    Each trial fits on `folds` growing spans of time and is scored on the span after each; a trial that
    falls behind the median of the first ones is pruned after one of them. No new trial begins once the
    finished ones took `budget` together. `metric` is what trials are ranked by; that of
    `gates.versus_champion` where it is not said.
    """

    trials: int = Field(ge=1, le=500)
    parallel: int = Field(default=2, ge=1, le=64)
    budget: Duration | None = None
    metric: Metric | None = None
    folds: int = Field(default=3, ge=1, le=10)
    prune: bool = True
    space: dict[str, Numbers | Choices] = Field(min_length=1)

    @property
    def first_trials(self) -> int:
        """How many trials run whole before the others, which are pruned by them; 0 where none is pruned."""
        first = max(_LEAST_FIRST_TRIALS, self.trials // 4)
        return first if self.prune and self.folds > 1 and first < self.trials else 0


class Calibration(StrEnum):
    """How scores are bent to be probabilities, fitted on the validation part."""

    NONE = "none"
    SIGMOID = "sigmoid"
    ISOTONIC = "isotonic"


class Costs(SpecModel):
    """What a wrong answer costs, in one unit."""

    false_positive: float = Field(gt=0)
    false_negative: float = Field(gt=0)


class Threshold(SpecModel):
    """From which score on a binary model answers 1, chosen on the validation part.

    One of: the least `costs`; at least so much `recall` (with the best precision then), at least so much
    `precision` (with the best recall then); or the best F1 where none is given.
    """

    costs: Costs | None = None
    recall: float | None = Field(default=None, gt=0, le=1)
    precision: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        given = [name for name in ("costs", "recall", "precision") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"choose one of {', '.join(given)}")
        return self


class Training(SpecModel):
    """Which rows train, and what is fitted."""

    window: Days
    validation: Days
    holdout: Days
    min_rows: int = Field(default=1000, ge=10)
    estimator: EstimatorName
    params: dict[str, Value] = {}
    search: Search | None = None
    calibration: Calibration = Calibration.NONE
    threshold: Threshold = Threshold()
    seed: int = Field(ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _window_holds_the_split(self) -> Self:
        if self.validation + self.holdout >= self.window:
            raise ValueError(
                f"validation {self.validation}d and holdout {self.holdout}d leave nothing of the"
                f" window {self.window}d to train on"
            )
        return self

    @model_validator(mode="after")
    def _window_holds_the_folds(self) -> Self:
        folds = self.search.folds if self.search else 0
        if folds * self.validation + self.holdout >= self.window:
            raise ValueError(
                f"search.folds: {folds} spans of {self.validation}d, as long as validation, and holdout"
                f" {self.holdout}d leave nothing of the window {self.window}d to train on"
            )
        return self

    @model_validator(mode="after")
    def _one_seed(self) -> Self:
        searched = self.search.space if self.search else {}
        for where, names in (("params", self.params), ("search.space", searched)):
            if "random_state" in names:
                raise ValueError(f"{where}.random_state: `training.seed` is the only seed")
        return self

    @model_validator(mode="after")
    def _searched_or_given(self) -> Self:
        both = sorted(self.params.keys() & self.search.space.keys()) if self.search else []
        if both:
            raise ValueError(f"{', '.join(both)}: both given in params and searched")
        return self
