"""How near a rebuilt version comes to the registered one, and in what they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from include.contracts import Reproduced
from include.core.scored_sample import ScoredSample
from include.errors import name_some

METRIC_TOLERANCE = 1e-6
"""By how much a metric may differ, relative to the greater of one and its registered value."""


@dataclass(frozen=True)
class Circumstances:
    """Under what a model was built.

    Attributes
    ----------
    code_commit
        Of the code, `-dirty` appended where files differed from it.
    lock_sha256
        Of the lock of packages.
    seed
        The only one.
    machine
        Python, platform, cores and memory, by name.
    """

    code_commit: str
    lock_sha256: str
    seed: int
    machine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Build:
    """A version, as it was registered or as it was built again.

    Attributes
    ----------
    model_sha256
        Of the canonical bytes of its pipeline.
    metrics
        Of the train and the validation part, by `<part>_<metric>`.
    sample
        The first rows of the validation part and their scores.
    circumstances
        Under what it was built.
    """

    model_sha256: str
    metrics: Mapping[str, float]
    sample: ScoredSample
    circumstances: Circumstances


@dataclass(frozen=True)
class Comparison:
    """What two builds of a version have in common.

    `largest_score_difference` is None where the builds scored other rows.
    """

    verdict: Reproduced
    largest_score_difference: float | None
    differences: list[str]


def compare_builds(registered: Build, rebuilt: Build) -> Comparison:
    """Hold a rebuilt version against the registered one.

    Bit-equal: the pipelines have equal bytes. Metric-equal: they have not, but the same rows were scored
    and every metric agrees within `METRIC_TOLERANCE`. Different: anything else.

    Parameters
    ----------
    registered, rebuilt
        The two builds.

    Returns
    -------
    Comparison
        `differences` names what was not equal, and what else was not the same and may be why.
    """
    other_rows = _other_rows(registered.sample, rebuilt.sample)
    score_difference = None if other_rows else _largest(registered.sample.scores, rebuilt.sample.scores)
    other_metrics = list(_other_metrics(registered.metrics, rebuilt.metrics))
    same_bytes = registered.model_sha256 == rebuilt.model_sha256
    if same_bytes:
        verdict = Reproduced.BIT_EQUAL
    else:
        alike = not other_rows and not other_metrics
        verdict = Reproduced.METRIC_EQUAL if alike else Reproduced.DIFFERENT
    differences = [
        *([] if same_bytes else [f"model.skops: {_hashes(registered.model_sha256, rebuilt.model_sha256)}"]),
        *([f"training set: other values in {name_some(other_rows)}"] if other_rows else []),
        *_other_scores(registered.sample, score_difference),
        *other_metrics,
        *_other_circumstances(registered.circumstances, rebuilt.circumstances),
    ]
    return Comparison(verdict, score_difference, differences)


def _other_rows(registered: ScoredSample, rebuilt: ScoredSample) -> list[str]:
    """Name the features of the sample that hold other values."""
    first, second = registered.rows, rebuilt.rows
    if len(first) != len(second) or set(first.columns) != set(second.columns):  # JSON may have sorted them
        return [f"the sample of {len(first)} rows, now {len(second)}"]
    return [name for name in first.columns if not first[name].equals(second[name])]


def _largest(registered: NDArray[np.float64], rebuilt: NDArray[np.float64]) -> float | None:
    return float(np.abs(registered - rebuilt).max()) if registered.shape == rebuilt.shape else None


def _other_scores(sample: ScoredSample, difference: float | None) -> Iterator[str]:
    if difference:
        yield f"scores: those of {len(sample.scores)} sampled rows differ by up to {difference:.3g}"


def _other_metrics(registered: Mapping[str, float], rebuilt: Mapping[str, float]) -> Iterator[str]:
    for name in sorted(registered.keys() | rebuilt.keys()):
        before, now = registered.get(name), rebuilt.get(name)
        if before is None or now is None:
            yield f"{name}: {_number(now)}, registered {_number(before)}"
        elif abs(now - before) > METRIC_TOLERANCE * max(1.0, abs(before)):
            yield f"{name}: {_number(now)}, registered {_number(before)} ({now - before:+.3g})"


def _other_circumstances(registered: Circumstances, rebuilt: Circumstances) -> Iterator[str]:
    if registered.seed != rebuilt.seed:
        yield f"seed: {rebuilt.seed}, registered {registered.seed}"
    if registered.code_commit != rebuilt.code_commit:
        yield f"code: commit {rebuilt.code_commit}, registered {registered.code_commit}"
    if registered.lock_sha256 != rebuilt.lock_sha256:
        yield f"packages: lock with {_hashes(registered.lock_sha256, rebuilt.lock_sha256)}"
    for name, before in registered.machine.items():
        now = rebuilt.machine.get(name)
        if now != before:
            yield f"machine: {name} {now}, registered {before}"


def _hashes(registered: str, rebuilt: str) -> str:
    return f"SHA-256 {rebuilt[:12]}…, registered {registered[:12]}…"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
