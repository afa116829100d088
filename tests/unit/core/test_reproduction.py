from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from include.contracts import Reproduced
from include.core.reproduction import Build, Circumstances, compare_builds
from include.core.scored_sample import ScoredSample

ROWS = pd.DataFrame({"size": [1.0, np.nan, 3.0], "kind": np.array(["a", None, "b"], dtype=object)})
SCORES = np.array([0.1, 0.5, 0.9])
UNDER = Circumstances("c" * 40, "1" * 64, 7, {"python": "3.11.9", "cpus": "2"})
REGISTERED = Build(
    "a" * 64, {"train_log_loss": 0.3, "validation_log_loss": 0.4}, ScoredSample(ROWS, SCORES), UNDER
)


def rebuilt(**changes: object) -> Build:
    return replace(REGISTERED, **changes)


def test_equal_bytes_are_bit_equal_and_say_nothing() -> None:
    in_another_order = ROWS[list(reversed(ROWS.columns))].copy()
    found = compare_builds(REGISTERED, rebuilt(sample=ScoredSample(in_another_order, SCORES.copy())))
    assert (found.verdict, found.differences, found.largest_score_difference) == (
        Reproduced.BIT_EQUAL, [], 0.0,
    )  # fmt: skip


def test_other_packages_are_named_even_where_the_bytes_agree() -> None:
    under = replace(UNDER, lock_sha256="2" * 64, machine={"python": "3.12.1", "cpus": "2"})
    found = compare_builds(REGISTERED, rebuilt(circumstances=under))
    assert found.verdict is Reproduced.BIT_EQUAL
    assert found.differences == [
        "packages: lock with SHA-256 222222222222…, registered 111111111111…",
        "machine: python 3.12.1, registered 3.11.9",
    ]


def test_other_bytes_with_the_same_metrics_are_metric_equal() -> None:
    sample = ScoredSample(ROWS, SCORES + 1e-9)
    metrics = {name: value + 1e-9 for name, value in REGISTERED.metrics.items()}
    found = compare_builds(REGISTERED, rebuilt(model_sha256="b" * 64, sample=sample, metrics=metrics))
    assert found.verdict is Reproduced.METRIC_EQUAL
    assert found.largest_score_difference == pytest.approx(1e-9)
    assert found.differences[0].startswith("model.skops: SHA-256 bbbbbbbbbbbb…")
    assert "differ by up to 1e-09" in found.differences[1]


def test_another_metric_is_different_and_named_with_both_values() -> None:
    metrics = {**REGISTERED.metrics, "validation_log_loss": 0.45}
    under = replace(UNDER, seed=8)
    found = compare_builds(REGISTERED, rebuilt(model_sha256="b" * 64, metrics=metrics, circumstances=under))
    assert found.verdict is Reproduced.DIFFERENT
    assert "validation_log_loss: 0.45, registered 0.4 (+0.05)" in found.differences
    assert "seed: 8, registered 7" in found.differences


def test_a_metric_that_is_gone_is_different() -> None:
    found = compare_builds(REGISTERED, rebuilt(model_sha256="b" * 64, metrics={"train_log_loss": 0.3}))
    assert found.verdict is Reproduced.DIFFERENT
    assert "validation_log_loss: none, registered 0.4" in found.differences


@pytest.mark.parametrize("rows", [ROWS.assign(size=[1.0, 2.0, 3.0]), ROWS.head(2)], ids=["values", "number"])
def test_other_rows_are_different_whatever_the_metrics_say(rows: pd.DataFrame) -> None:
    sample = ScoredSample(rows, SCORES[: len(rows)])
    found = compare_builds(REGISTERED, rebuilt(model_sha256="b" * 64, sample=sample))
    assert found.verdict is Reproduced.DIFFERENT
    assert found.largest_score_difference is None
    assert any(said.startswith("training set: ") for said in found.differences)


def test_a_large_error_is_judged_by_its_own_size() -> None:
    errors = {"validation_root_mean_squared_error": 250_000.0}
    nearly = {"validation_root_mean_squared_error": 250_000.1}
    found = compare_builds(rebuilt(metrics=errors), rebuilt(model_sha256="b" * 64, metrics=nearly))
    assert found.verdict is Reproduced.METRIC_EQUAL
