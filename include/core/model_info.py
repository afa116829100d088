"""What a version is, beside its pipeline: all that scoring, judging and reproducing it need to know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Self

from pydantic import ConfigDict, ValidationError, model_validator

from include.contracts.base import Contract
from include.errors import IntegrityError, name_some
from include.specs.derived import Derived
from include.specs.model import Features
from include.specs.task import Task
from include.specs.training import Calibration


class Holdout(Contract):
    """The days of maturity that a version was kept from, both inclusive."""

    first: date
    last: date


class ModelInfo(Contract):
    """What stands in the document `model_info.json` of a version's run.

    Scoring goes by it, never by the spec, which may say something else today. Versions of before other
    tasks were known have fewer fields; what they lack has the value that held then.

    Attributes
    ----------
    model, task
        Whose version, and what kind of answer it gives.
    entity_key
        The columns of the dataset that name a row.
    features, derived
        What the pipeline takes, and how those features that are derived are computed.
    classes
        The names of the classes in the order of the scores' columns; empty unless multiclass.
    threshold
        From which score on the answer is 1; None unless binary.
    threshold_rule
        What the threshold was chosen for, in words.
    calibration
        How scores were bent on the validation part.
    holdout
        Not used to fit, to search or to choose.
    rows
        Where the snapshot's rows went.
    estimator, params
        What was fitted, and all it was given by name: of the spec and searched.
    seed
        The only one.
    spec
        The model's spec as it was trained, in JSON types.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str
    task: Task = Task.BINARY_CLASSIFICATION
    entity_key: list[str] = []
    features: Features
    derived: list[Derived] = []
    classes: list[str] = []
    threshold: float | None = None
    threshold_rule: str | None = None
    calibration: Calibration = Calibration.NONE
    holdout: Holdout
    rows: dict[str, int] = {}
    estimator: str | None = None
    params: dict[str, bool | int | float | str] = {}
    seed: int | None = None
    spec: dict[str, Any] = {}

    @model_validator(mode="after")
    def _fits_its_task(self) -> Self:
        if (self.threshold is not None) is not (self.task is Task.BINARY_CLASSIFICATION):
            raise ValueError(f"threshold: {self.threshold}, for {self.task}")
        if bool(self.classes) is not (self.task is Task.MULTICLASS_CLASSIFICATION):
            raise ValueError(f"classes: {len(self.classes)} of them, for {self.task}")
        return self

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary of JSON types only, as `read` takes it."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def read(cls, document: Mapping[str, Any], where: str = "model_info.json") -> Self:
        """Read the document of a version.

        Parameters
        ----------
        document
            What `to_json` answered.
        where
            Whose it is, for the message.

        Raises
        ------
        IntegrityError
            When it is none; names the fields.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, p['loc'])) or 'document'}: {p['msg']}" for p in error.errors()]
            raise IntegrityError(
                f"model_info.json cannot be read: {name_some(wrong)}",
                where=where,
                next_step="restore it, or train and promote another version; if a newer Perennial trained"
                " it, use that one",
            ) from None
