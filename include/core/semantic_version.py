"""What a new champion is called outside: major.minor.patch by what changed against the one before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from include.core.model_info import ModelInfo

FIRST = "1.0.0"
_LABEL = ("dataset", "column", "mature_at", "grace", "positive")

Identity: TypeAlias = dict[str, dict[str, Any]]
"""What a version is, by the part of its name that a change of it raises: `major` and `minor`."""


class Level(StrEnum):
    """The part of a semantic version that a change raises.

    major: whoever reads the answers must look again: task, dataset, label, classes, or the rule by which
    scores become answers. minor: the model works otherwise: features, estimator, its parameters, search,
    calibration. patch: the same model on other data.
    """

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


@dataclass(frozen=True)
class NextVersion:
    """A semantic version, the part that was raised (None for the first), and what changed."""

    version: str
    level: Level | None
    changed: list[str]


def identity_of(info: ModelInfo) -> Identity:
    """Return the parts of a version's spec that its name depends on, as it was trained."""
    spec, training = info.spec, info.spec.get("training", {})
    label = spec.get("label", {})
    return {
        Level.MAJOR: {
            "task": str(info.task),
            "dataset": spec.get("dataset"),
            "key": info.entity_key,
            "label": {name: label.get(name) for name in _LABEL},
            "classes": info.classes,
            "threshold rule": training.get("threshold"),
        },
        Level.MINOR: {
            "features": info.features.model_dump(mode="json"),
            "derived features": [one.model_dump(mode="json", by_alias=True) for one in info.derived],
            "estimator": training.get("estimator"),
            "parameters": training.get("params"),
            "search": training.get("search"),
            "calibration": training.get("calibration"),
        },
    }  # fmt: skip


def next_version(
    candidate: Identity,
    champion: Mapping[str, Any] | None,
    champion_version: str | None,
    taken: Collection[str],
) -> NextVersion:
    """Name a candidate that is about to replace the champion.

    The champion's version is raised by what changed, and raised again while another version of the model
    has that name, as may be after a rollback.

    Parameters
    ----------
    candidate
        Who is named.
    champion, champion_version
        Who served until now, None where that is not on record.
    taken
        The names given so far.
    """
    if not taken:
        return NextVersion(FIRST, None, [])
    if champion is None or champion_version is None:
        newest = max(taken, key=_numbers)
        return NextVersion(_raise(newest, Level.MAJOR, taken), Level.MAJOR, ["champion not on record"])
    for level in (Level.MAJOR, Level.MINOR):
        if changed := _changed(candidate[level], champion.get(level, {})):
            return NextVersion(_raise(champion_version, level, taken), level, changed)
    return NextVersion(_raise(champion_version, Level.PATCH, taken), Level.PATCH, [])


def _changed(candidate: Mapping[str, Any], champion: Mapping[str, Any]) -> list[str]:
    return [name for name, value in candidate.items() if champion.get(name) != value]


def _raise(version: str, level: Level, taken: Collection[str]) -> str:
    raised = version
    while True:
        major, minor, patch = _numbers(raised)
        numbers = {
            Level.MAJOR: (major + 1, 0, 0),
            Level.MINOR: (major, minor + 1, 0),
            Level.PATCH: (major, minor, patch + 1),
        }[level]
        raised = ".".join(map(str, numbers))
        if raised not in taken:
            return raised


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch
