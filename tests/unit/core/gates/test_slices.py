from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, roc_auc_score

from include.contracts import Decision, Verdict
from include.core.gates.groups import MISSING
from include.core.gates.slice_group import MAX_SHOWN, read_groups
from include.core.gates.slices import ScoredRows, decide_slices
from include.errors import DataError
from include.specs.gates import Slice
from include.specs.task import Task

PASSED, FAILED, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ENOUGH_EVIDENCE


def binary(noise: np.ndarray, seed: int = 7) -> ScoredRows:
    """Scores that tell the classes apart the worse, the more noise a row has."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, len(noise))
    scores = 1 / (1 + np.exp(-(labels * 2 - 1 + rng.normal(size=len(noise)) * noise)))
    return ScoredRows(Task.BINARY_CLASSIFICATION, labels, scores, (scores >= 0.5).astype(int), 0.5)


def judge(scored: ScoredRows, column: Any, **gate: Any) -> Decision:
    gate = {"metric": "roc_auc_score", "maximum_gap": 0.05, **gate}
    rows = pd.DataFrame({"side": column})
    [found] = decide_slices([Slice.model_validate({"column": "side", **gate})], scored, rows)
    assert found.gate == "slice.side"
    assert Decision.from_json(found.to_json()) == found
    return found


SIDES = np.array(["left", "right"] * 1500)


def test_groups_that_are_alike_pass() -> None:
    scored = binary(np.full(3000, 1.0))
    found = judge(scored, SIDES)
    assert found.verdict is PASSED
    assert found.observed["all"] == pytest.approx(roc_auc_score(scored.labels, scored.scores))
    assert (found.observed["groups"], found.observed["judged"]) == (2, 2)
    assert found.reasons[-1] == "2 of 2 groups judged, together at 95% confidence"


def test_a_group_that_falls_behind_fails_and_is_told_of_first() -> None:
    scored = binary(np.where(SIDES == "right", 4.0, 1.0))
    found = judge(scored, SIDES)
    right = SIDES == "right"
    assert found.verdict is FAILED
    assert found.reasons[0].startswith("side right (1500 rows): roc_auc_score ")
    assert "behind all rows'" in found.reasons[0]
    groups = read_groups(found.observed)
    assert list(groups) == ["right", "left"]
    assert groups["right"]["value"] == pytest.approx(
        roc_auc_score(scored.labels[right], scored.scores[right])
    )
    assert [group["verdict"] for group in groups.values()] == ["failed", "passed"]
    assert groups["left"]["gap"] < 0 < 0.05 < groups["right"]["gap_lower"] < groups["right"]["gap_upper"]


def test_a_gap_that_may_be_chance_passes() -> None:
    few = np.arange(300) < 100
    scored = binary(np.where(few, 1.6, 1.0))
    found = judge(scored, np.where(few, "few", "many"), minimum_rows=50)
    assert found.observed["worst_gap"] > 0.05
    assert found.verdict is PASSED
    assert "not shown to be more than the maximum 0.05" in found.reasons[0]


def test_losses_are_worse_when_higher() -> None:
    scored = binary(np.where(SIDES == "right", 4.0, 1.0))
    found = judge(scored, SIDES, metric="log_loss", maximum_gap=0.1)
    right = SIDES == "right"
    expected = log_loss(scored.labels[right], scored.scores[right]) - log_loss(scored.labels, scored.scores)
    assert found.verdict is FAILED
    assert read_groups(found.observed)["right"]["gap"] == pytest.approx(expected)


def test_the_interval_of_a_gap_is_that_of_resampled_rows() -> None:
    """Beside draws of whole rows, on each of which the gap is measured again."""
    scored = binary(np.where(SIDES == "right", 2.0, 1.0))
    group = read_groups(judge(scored, SIDES).observed)["right"]
    rng, gaps = np.random.default_rng(3), []
    for _ in range(300):
        drawn = rng.integers(0, len(SIDES), len(SIDES))
        right = drawn[SIDES[drawn] == "right"]
        whole = roc_auc_score(scored.labels[drawn], scored.scores[drawn])
        gaps.append(whole - roc_auc_score(scored.labels[right], scored.scores[right]))
    width = group["gap_upper"] - group["gap_lower"]
    assert width == pytest.approx(2 * 2.2432 * np.std(gaps), rel=0.12)


@pytest.mark.parametrize("groups", [2, 12])
def test_a_slice_within_its_limit_seldom_fails(groups: int) -> None:
    """One group lies behind by exactly the maximum, the others within it: 2.5 % of samples may fail."""
    rng, failed = np.random.default_rng(11), 0
    column = np.arange(400 * groups) % groups
    # Absolute errors of a mean of 1, one group's of 1.5: all rows' mean error is 1 + 0.5 / groups.
    limit = 1.5 - (1 + 0.5 / groups)
    for _ in range(400):
        error = rng.exponential(np.where(column == 0, 1.5, 1.0))
        scored = ScoredRows(Task.REGRESSION, np.zeros(len(column)), error, error, None)
        found = judge(scored, column, metric="mean_absolute_error", maximum_gap=limit)
        failed += found.verdict is FAILED
    assert failed <= 18  # 4.5 %: of 400 samples that fail in 2.5 %, 99 in 100 times fewer


def test_groups_that_are_small_or_have_one_class_are_shown_and_not_judged() -> None:
    scored = binary(np.full(1000, 1.0))
    column = np.array(["large"] * 600 + ["small"] * 100 + ["one class"] * 300, dtype=object)
    scored.labels[700:] = 1
    found = judge(scored, column)
    groups = read_groups(found.observed)
    assert found.verdict is PASSED
    assert found.observed["judged"] == 1
    assert groups["small"] == {"rows": 100, "verdict": "not judged"}
    assert groups["one class"] == {"rows": 300, "verdict": "not judged"}
    assert "fewer than 200 rows in small; roc_auc_score is not defined in one class" in found.reasons[-1]


def test_missing_values_are_a_group() -> None:
    scored = binary(np.where(SIDES == "right", 4.0, 1.0))
    found = judge(scored, np.where(SIDES == "right", None, SIDES))
    assert found.verdict is FAILED
    assert found.observed["worst_group"] == MISSING


@pytest.mark.parametrize(
    ("scored", "column", "reason"),
    [
        pytest.param(binary(np.ones(100)), ["a"] * 100, "fewer than 200 rows in a", id="all-small"),
        pytest.param(binary(np.ones(0)), [], "not defined on the holdout's 0 rows", id="no-rows"),
        pytest.param(
            ScoredRows(Task.BINARY_CLASSIFICATION, np.ones(300, int), np.ones(300), np.ones(300, int), 0.5),
            ["a"] * 300,
            "not defined on the holdout's 300 rows",
            id="one-class",
        ),
        pytest.param(
            ScoredRows(
                Task.BINARY_CLASSIFICATION, np.arange(300) % 2, np.full(300, np.nan), np.ones(300), 0.5
            ),
            ["a"] * 300,
            "not defined on the holdout's 300 rows",
            id="scores-that-are-no-numbers",
        ),
    ],
)
def test_nothing_to_judge_is_no_evidence(scored: ScoredRows, column: list[str], reason: str) -> None:
    found = judge(scored, column)
    assert (found.verdict, reason in found.reasons[0]) == (UNSURE, True)


def test_the_four_fifths_rule_fails_a_group_that_is_as_good() -> None:
    rng = np.random.default_rng(3)
    labels = rng.random(3000) < np.where(SIDES == "left", 0.6, 0.2)
    scored = ScoredRows(
        Task.BINARY_CLASSIFICATION, labels.astype(int), labels * 0.8 + 0.1, labels.astype(int), 0.5
    )
    assert judge(scored, SIDES).verdict is PASSED
    found = judge(scored, SIDES, four_fifths=True)
    assert found.verdict is FAILED
    assert "side right (1500 rows): " in found.reasons[0]
    assert "times as often as the group that is most often" in found.reasons[0]
    assert read_groups(found.observed)["right"]["selection_rate"] == pytest.approx(labels[1::2].mean())
    assert found.thresholds["four_fifths"] == 0.8


def test_the_rule_is_judged_also_where_the_metric_is_not_defined() -> None:
    answers = (SIDES == "left").astype(int)
    labels = answers.copy()
    scored = ScoredRows(Task.BINARY_CLASSIFICATION, labels, answers * 0.8 + 0.1, answers, 0.5)
    found = judge(scored, SIDES, four_fifths=True)
    assert (found.verdict, found.observed["judged"]) == (FAILED, 0)
    assert "answered 1 in 0.0%" in found.reasons[0]


def test_a_regression_is_judged_by_its_errors() -> None:
    labels = np.arange(3000, dtype=float)
    scores = labels + np.where(SIDES == "right", 3.0, 1.0) * np.where(labels % 4 < 2, 1, -1)
    found = judge(
        ScoredRows(Task.REGRESSION, labels, scores, scores, None),
        SIDES,
        metric="mean_absolute_error",
        maximum_gap=0.5,
    )
    assert found.verdict is FAILED
    assert found.observed["all"] == pytest.approx(mean_absolute_error(labels, scores))
    assert found.observed["worst_gap"] == pytest.approx(1.0)


def test_a_group_without_any_error_is_judged() -> None:
    labels = np.arange(3000, dtype=float)
    scores = labels + np.where(SIDES == "right", 1.0, 0.0)
    scored = ScoredRows(Task.REGRESSION, labels, scores, scores, None)
    found = judge(scored, SIDES, metric="root_mean_squared_error", maximum_gap=0.1)
    assert (found.verdict, found.observed["worst_group"]) == (FAILED, "right")
    assert read_groups(found.observed)["left"]["value"] == 0


def test_several_classes_are_judged() -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, 3000)
    scores = np.full((3000, 3), 0.2)
    right_answer = np.where((SIDES == "right") & (rng.random(3000) < 0.5), (labels + 1) % 3, labels)
    scores[np.arange(3000), right_answer] = 0.6
    scored = ScoredRows(Task.MULTICLASS_CLASSIFICATION, labels, scores, scores.argmax(axis=1), None)
    found = judge(scored, SIDES, metric="accuracy_score", maximum_gap=0.1)
    assert (found.verdict, found.observed["worst_group"]) == (FAILED, "right")


def test_of_many_groups_the_worst_are_shown_and_the_rest_counted() -> None:
    column = np.repeat([f"g{n:02}" for n in range(60)], 50)
    found = judge(binary(np.where(column == "g37", 6.0, 1.0)), column, minimum_rows=50)
    groups = read_groups(found.observed)
    assert (len(groups), next(iter(groups))) == (MAX_SHOWN, "g37")
    assert found.observed["groups_not_shown"] == 40
    assert found.observed["judged"] == 60


def test_a_column_that_is_not_there_is_an_error() -> None:
    gate = Slice.model_validate({"column": "side", "metric": "roc_auc_score", "maximum_gap": 0.1})
    with pytest.raises(DataError, match="the holdout has no column 'side'"):
        decide_slices([gate], binary(np.ones(10)), pd.DataFrame({"other": range(10)}))
