"""What a candidate must show before it serves, and who must agree."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from include.specs.fields import Duration, Identifier, SpecModel
from include.specs.task import Metric

Cell: TypeAlias = bool | int | float | str | None

EXTREME_INPUTS = "extreme inputs"
"""The behavioural test that every model is given, whatever its spec says."""


class VersusChampion(SpecModel):
    """A candidate must not be worse than the champion by more than `margin`, in the metric's own unit.

    `require: better` asks for a proven gain instead.
    """

    metric: Metric
    margin: float = Field(ge=0)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    require: Literal["better", "not_worse"] = "not_worse"


class Slice(SpecModel):
    """Each group of rows with one value of `column` is judged by itself.

    Groups of fewer than `minimum_rows` are shown and not judged. A group must not fall behind all rows by
    more than `maximum_gap` in the metric (the better metric is the greater one or the lesser one, as the
    metric says); a gap counts only where its interval excludes the limit. `four_fifths` asks in binary
    tasks that each group is answered 1 at least four fifths as often as the group that is most often.
    """

    column: Identifier
    metric: Metric
    minimum_rows: int = Field(default=200, ge=20)
    maximum_gap: float = Field(gt=0)
    four_fifths: bool = False
    confidence: float = Field(default=0.95, gt=0.5, lt=1)


class Invariance(SpecModel):
    """Setting columns to other values must not move the score by more than `tolerance`."""

    kind: Literal["invariance"]
    name: str = Field(min_length=1)
    set: dict[Identifier, Cell] = Field(min_length=1)
    tolerance: float = Field(default=0.0, ge=0)
    min_share: float = Field(default=1.0, gt=0, le=1)

    @property
    def columns(self) -> list[str]:
        """The columns the test touches."""
        return list(self.set)


class Direction(SpecModel):
    """Adding to a numeric column must move the score in one direction, in at least `min_share` of rows.

    In a multiclass task `of` names the class whose probability is meant.
    """

    kind: Literal["direction"]
    name: str = Field(min_length=1)
    column: Identifier
    add: float
    score: Literal["increases", "decreases", "not_increases", "not_decreases"]
    of: str | None = None
    min_share: float = Field(default=0.95, gt=0, le=1)

    @property
    def columns(self) -> list[str]:
        """The columns the test touches."""
        return [self.column]

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if self.add == 0:
            raise ValueError("add: 0 changes nothing")
        return self


class Example(SpecModel):
    """One made-up row that the model must get right; columns that are left out are missing values.

    Say the answer (a class), or bounds of the score, or both.
    """

    kind: Literal["example"]
    name: str = Field(min_length=1)
    row: dict[Identifier, Cell] = Field(min_length=1)
    answer: bool | int | str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def columns(self) -> list[str]:
        """The columns the test touches."""
        return list(self.row)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.answer is None and self.at_least is None and self.at_most is None:
            raise ValueError("say `answer`, `at_least` or `at_most`")
        return self


class Extreme(SpecModel):
    """Rows with these values must be given a finite score within the answer's range."""

    kind: Literal["extreme"]
    name: str = Field(min_length=1)
    set: dict[Identifier, Cell] = Field(min_length=1)

    @property
    def columns(self) -> list[str]:
        """The columns the test touches."""
        return list(self.set)


BehaviouralTest: TypeAlias = Annotated[
    Invariance | Direction | Example | Extreme, Field(discriminator="kind")
]


class Stability(SpecModel):
    """How far a candidate's answers may differ from the champion's on the holdout.

    Classification: the share of rows whose answer changes. Regression: the mean absolute change in
    standard deviations of the champion's answers.
    """

    maximum_churn: float = Field(default=0.25, gt=0)


class Servability(SpecModel):
    """What a version may take in a clean process that loads it from the registry and scores a sample."""

    rows: int = Field(default=200, ge=1, le=100_000)
    load_seconds: float = Field(default=60.0, gt=0)
    milliseconds_per_row: float = Field(default=50.0, gt=0)
    megabytes: float = Field(default=4096.0, gt=0)


class Approval(SpecModel):
    """Who must agree before a candidate that passed its gates serves.

    `auto`: nobody. `manual`: one of `approvers`, by their user names in Airflow, who did not ask for the
    training themselves; no answer within `expires` means no.
    """

    mode: Literal["auto", "manual"] = "auto"
    approvers: list[str] = []
    expires: Duration | None = None

    @model_validator(mode="after")
    def _somebody_may_approve(self) -> Self:
        if self.mode == "manual" and not (self.approvers and self.expires):
            raise ValueError("manual approval needs `approvers` and `expires`, such as 2d")
        if self.mode == "auto" and (self.approvers or self.expires):
            raise ValueError("nobody is asked in mode auto: leave `approvers` and `expires` out")
        return self


def _approval_in_short(value: Any) -> Any:
    return {"mode": value} if isinstance(value, str) else value


class Gates(SpecModel):
    """What a candidate must show before it serves; those a spec leaves out hold with their defaults."""

    absolute: dict[Metric, float] = Field(min_length=1)
    versus_champion: VersusChampion
    slices: list[Slice] = []
    behaviour: list[BehaviouralTest] = []
    stability: Stability = Stability()
    servability: Servability = Servability()
    approval: Annotated[Approval, BeforeValidator(_approval_in_short)] = Approval()

    @model_validator(mode="after")
    def _thresholds_make_sense(self) -> Self:
        for metric, threshold in self.absolute.items():
            low, high = metric.bounds
            if low is not None and threshold < low:
                raise ValueError(f"absolute.{metric}: {threshold:g} is below {low:g}, the least there is")
            if high is not None and threshold > high:
                raise ValueError(f"absolute.{metric}: {threshold:g} is above {high:g}, the most there is")
        return self

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [test.name for test in self.behaviour] + [f"slice {one.column}" for one in self.slices]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"named twice: {', '.join(twice)}")
        if EXTREME_INPUTS in names:
            raise ValueError(f"{EXTREME_INPUTS!r} is the name of a test that every model is given")
        return self
