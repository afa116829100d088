"""A version's name says what changed against the champion before it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from include.core.model_info import Holdout, ModelInfo
from include.core.semantic_version import FIRST, Level, identity_of, next_version
from include.specs.model import Features
from include.specs.task import Task

SPEC: dict[str, Any] = {
    "dataset": "bookings",
    "label": {"dataset": "outcomes", "column": "cancelled", "mature_at": "due", "grace": 1, "positive": None},
    "training": {
        "window": 540, "seed": 7, "estimator": "linear", "params": {"C": 1.0}, "search": None,
        "calibration": "none", "threshold": {"costs": None},
    },
}  # fmt: skip


def info(**changes: Any) -> ModelInfo:
    training = SPEC["training"] | changes.pop("training", {})
    label = SPEC["label"] | changes.pop("label", {})
    given = {
        "model": "demo",
        "features": Features(numeric=["size"]),
        "threshold": 0.5,
        "holdout": Holdout(first=date(2024, 1, 1), last=date(2024, 1, 7)),
        "spec": SPEC | changes.pop("spec", {}) | {"training": training, "label": label},
    }
    return ModelInfo(**(given | changes))


CHAMPION = json.loads(json.dumps(identity_of(info())))


def named(candidate: ModelInfo, taken: tuple[str, ...] = ("1.2.3",)) -> tuple[str, Level | None, list[str]]:
    found = next_version(identity_of(candidate), CHAMPION, "1.2.3", taken)
    return found.version, found.level, found.changed


def test_the_first_version_is_one() -> None:
    assert next_version(identity_of(info()), None, None, []).version == FIRST


@pytest.mark.parametrize(
    ("changes", "version", "level", "changed"),
    [
        pytest.param({}, "1.2.4", Level.PATCH, [], id="other data"),
        pytest.param({"training": {"seed": 8, "window": 90}}, "1.2.4", Level.PATCH, [], id="seed and window"),
        pytest.param({"threshold": 0.3}, "1.2.4", Level.PATCH, [], id="another threshold by the same rule"),
        pytest.param(
            {"features": Features(numeric=["size", "age"])}, "1.3.0", Level.MINOR, ["features"], id="feature"
        ),
        pytest.param(
            {"training": {"params": {"C": 2}}}, "1.3.0", Level.MINOR, ["parameters"], id="parameter"
        ),
        pytest.param(
            {"training": {"estimator": "random_forest", "search": {"trials": 3}}},
            "1.3.0",
            Level.MINOR,
            ["estimator", "search"],
            id="estimator",
        ),
        pytest.param(
            {"training": {"calibration": "sigmoid"}}, "1.3.0", Level.MINOR, ["calibration"], id="calibration"
        ),
        pytest.param({"label": {"column": "no_show"}}, "2.0.0", Level.MAJOR, ["label"], id="label"),
        pytest.param(
            {"training": {"threshold": {"recall": 0.9}}}, "2.0.0", Level.MAJOR, ["threshold rule"], id="rule"
        ),
        pytest.param({"task": Task.REGRESSION, "threshold": None}, "2.0.0", Level.MAJOR, ["task"], id="task"),
        pytest.param(
            {"label": {"grace": 2}, "features": Features(numeric=["age"])},
            "2.0.0",
            Level.MAJOR,
            ["label"],
            id="the greater change counts",
        ),
    ],
)
def test_what_changed_raises_its_part(
    changes: dict[str, Any], version: str, level: Level, changed: list[str]
) -> None:
    assert named(info(**changes)) == (version, level, changed)


def test_after_a_rollback_no_name_is_given_twice() -> None:
    assert named(info(), ("1.2.3", "1.2.4", "1.2.5"))[0] == "1.2.6"
    assert named(info(features=Features(numeric=["a"])), ("1.2.3", "1.3.0"))[0] == "1.4.0"


def test_a_champion_without_a_record_makes_a_major_version() -> None:
    found = next_version(identity_of(info()), None, None, ["1.0.0", "1.10.0", "1.9.0"])
    assert (found.version, found.level) == ("2.0.0", Level.MAJOR)
