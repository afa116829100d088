from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts import Decision, Verdict
from include.core.gates.stability import Answers, decide_stability
from include.specs.gates import Stability
from include.specs.task import Task

WHOLE = st.integers(-1000, 1000)
GATE = Stability(maximum_churn=0.25)


def judge(candidate: list[object], champion: list[object], task: Task) -> Decision:
    return decide_stability(GATE, task, Answers(4, np.array(candidate)), Answers(3, np.array(champion)))


@pytest.mark.parametrize(
    ("candidate", "verdict", "churn"),
    [
        pytest.param([0, 1, 1, 0], Verdict.PASSED, 0.0, id="equal"),
        pytest.param([1, 1, 1, 0], Verdict.PASSED, 0.25, id="at-the-limit"),
        pytest.param([1, 0, 1, 0], Verdict.FAILED, 0.5, id="above"),
    ],
)
def test_the_share_of_changed_answers_decides(
    candidate: list[object], verdict: Verdict, churn: float
) -> None:
    found = judge(candidate, [0, 1, 1, 0], Task.BINARY_CLASSIFICATION)
    assert (found.gate, found.verdict) == ("stability", verdict)
    assert found.observed == {"churn": churn, "champion_version": 3, "rows": 4}
    assert f"{churn:.1%} of 4 rows compared with champion version 3" in found.reasons[0]


def test_classes_are_compared_by_name() -> None:
    found = judge(["a", "c", "c"], ["a", "b", "c"], Task.MULTICLASS_CLASSIFICATION)
    assert found.observed["churn"] == pytest.approx(1 / 3)
    assert found.verdict is Verdict.FAILED


def test_a_regression_changes_in_standard_deviations_of_the_champion() -> None:
    found = judge([1.1, 3.1], [1.0, 3.0], Task.REGRESSION)
    assert found.observed["churn"] == pytest.approx(0.1)
    assert found.verdict is Verdict.PASSED
    assert "0.1000 standard deviations" in found.reasons[0]


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [
        pytest.param([2.0, 2.0], Verdict.PASSED, id="nothing-changes"),
        pytest.param([2.0, 2.1], Verdict.FAILED, id="something-changes"),
    ],
)
def test_a_champion_that_answers_all_rows_alike(candidate: list[object], verdict: Verdict) -> None:
    found = judge(candidate, [2.0, 2.0], Task.REGRESSION)
    assert found.verdict is verdict
    assert Decision.from_json(found.to_json()) == found


@given(st.lists(st.tuples(WHOLE, WHOLE)), WHOLE, st.floats(0.01, 100))
def test_churn_does_not_depend_on_zero_and_unit_of_the_scale(
    pairs: list[tuple[int, int]], by: int, unit: float
) -> None:
    candidate, champion = np.array([*pairs, (0, 0), (0, 1)], dtype=float).T
    found = judge(list(candidate), list(champion), Task.REGRESSION)
    moved = judge(list((candidate + by) * unit), list((champion + by) * unit), Task.REGRESSION)
    assert moved.observed["churn"] == pytest.approx(found.observed["churn"], rel=1e-6)


@pytest.mark.parametrize(
    ("champion", "reason"),
    [
        pytest.param(None, "no champion to differ from", id="first-model"),
        pytest.param(Answers(4, np.array([1])), "version 4 is the champion itself", id="itself"),
    ],
)
def test_nobody_to_differ_from_passes(champion: Answers | None, reason: str) -> None:
    found = decide_stability(GATE, Task.BINARY_CLASSIFICATION, Answers(4, np.array([0])), champion)
    assert found.verdict is Verdict.PASSED
    assert reason in found.reasons[0]


def test_no_rows_are_no_evidence() -> None:
    assert judge([], [], Task.REGRESSION).verdict is Verdict.NOT_ENOUGH_EVIDENCE


def test_answers_that_are_no_numbers_are_no_evidence() -> None:
    found = judge([1.0, np.nan], [1.0, 2.0], Task.REGRESSION)
    assert (found.verdict, found.observed["churn"]) == (Verdict.NOT_ENOUGH_EVIDENCE, None)
