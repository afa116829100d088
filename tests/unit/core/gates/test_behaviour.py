"""Behavioural tests against small versions whose every score is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from include.contracts import Decision, Verdict
from include.core.gates.behaviour import LARGE, UNSEEN, decide_behaviour
from include.core.gates.probe import MAX_ROWS, Probe
from include.errors import DataError
from include.specs.gates import BehaviouralTest
from include.specs.model import Features
from include.specs.task import Task

FEATURES = Features(numeric=["size"], categorical=["kind"])
PASSED, FAILED, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ENOUGH_EVIDENCE
Score = Callable[[pd.DataFrame], Any]


def rising(rows: pd.DataFrame) -> np.ndarray:
    """Rises with size, from 0 to 1, and is higher for kind b."""
    size = rows["size"].fillna(0).to_numpy()
    return np.clip(0.5 + size / 100 + 0.2 * (rows["kind"] == "b").to_numpy(), 0, 1)


def three_classes(rows: pd.DataFrame) -> np.ndarray:
    first = rising(rows)
    return np.column_stack([first, (1 - first) / 2, (1 - first) / 2])


def probe(score: Score = rising, task: Task = Task.BINARY_CLASSIFICATION) -> Probe:
    def answer(scores: np.ndarray) -> np.ndarray:
        return scores.argmax(axis=1) if scores.ndim == 2 else (scores >= 0.5).astype(int)

    classes = ["x", "y", "z"] if task is Task.MULTICLASS_CLASSIFICATION else []
    return Probe(7, task, FEATURES, classes, score, answer)


def rows(count: int = 20) -> pd.DataFrame:
    return pd.DataFrame({"size": np.arange(count, dtype=float), "kind": ["a", "b"] * (count // 2)})


def judge(test: dict[str, Any], asked: Probe | None = None, on: pd.DataFrame | None = None) -> Decision:
    parsed: BehaviouralTest = TypeAdapter(BehaviouralTest).validate_python({"name": "one", **test})
    found, _ = decide_behaviour([parsed], asked or probe(), rows() if on is None else on)
    assert found.gate == "behaviour.one"
    assert Decision.from_json(found.to_json()) == found
    return found


def extreme_inputs(asked: Probe, on: pd.DataFrame | None = None) -> Decision:
    [found] = decide_behaviour([], asked, rows() if on is None else on)
    assert found.gate == "behaviour.extreme inputs"
    return found


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        pytest.param({"tolerance": 0.2001}, PASSED, id="within"),
        pytest.param({"tolerance": 0.1}, FAILED, id="beyond"),
        pytest.param({"tolerance": 0.1, "min_share": 0.5}, PASSED, id="in-half-of-the-rows"),
        pytest.param({"tolerance": 0.1, "min_share": 0.51}, FAILED, id="in-more-than-half"),
    ],
)
def test_an_invariance_bounds_how_far_the_score_moves(change: dict[str, Any], verdict: Verdict) -> None:
    found = judge({"kind": "invariance", "set": {"kind": "a"}, **change})
    assert found.verdict is verdict
    assert found.observed["largest_move"] == pytest.approx(0.2)
    assert found.observed["share"] == (1.0 if change["tolerance"] > 0.2 else 0.5)


def test_a_broken_invariance_shows_the_worst_row() -> None:
    found = judge({"kind": "invariance", "set": {"size": 0}, "tolerance": 0.05})
    assert "setting size=0, the score moves by at most 0.05" in found.reasons[0]
    assert "0.8900 became 0.7000 for size=19, kind=b" in found.reasons[0]


@pytest.mark.parametrize(
    ("test", "verdict"),
    [
        pytest.param({"add": 5, "score": "increases"}, PASSED, id="increases"),
        pytest.param({"add": -1, "score": "decreases"}, PASSED, id="decreases"),
        pytest.param({"add": 5, "score": "decreases"}, FAILED, id="wrong-way"),
        pytest.param({"add": 5, "score": "not_increases"}, FAILED, id="not-increases"),
        pytest.param({"add": 1000, "score": "not_decreases"}, PASSED, id="not-decreases"),
    ],
)
def test_a_direction_asks_which_way_the_score_moves(test: dict[str, Any], verdict: Verdict) -> None:
    assert judge({"kind": "direction", "column": "size", **test}).verdict is verdict


def test_no_move_at_all_is_no_increase() -> None:
    flat = probe(lambda rows: np.full(len(rows), 0.5))
    test = {"kind": "direction", "column": "size", "add": 1}
    assert judge({**test, "score": "increases"}, flat).verdict is FAILED
    assert judge({**test, "score": "not_decreases"}, flat).verdict is PASSED


def test_rows_without_the_value_say_nothing_about_a_direction() -> None:
    some = rows()
    some.loc[3:, "size"] = np.nan
    test = {"kind": "direction", "column": "size", "add": 1, "score": "increases"}
    assert judge(test, on=some).observed["rows"] == 3
    none = judge(test, on=some.assign(size=np.nan))
    assert (none.verdict, none.reasons) == (UNSURE, ["size is missing in every row"])


def test_a_direction_is_about_the_class_it_names() -> None:
    asked = probe(three_classes, Task.MULTICLASS_CLASSIFICATION)
    test = {"kind": "direction", "column": "size", "add": 1}
    assert judge({**test, "of": "x", "score": "increases"}, asked).verdict is PASSED
    assert judge({**test, "of": "z", "score": "decreases"}, asked).verdict is PASSED
    unknown = judge({**test, "of": "w", "score": "decreases"}, asked)
    assert unknown.verdict is UNSURE
    assert "knows no class 'w'; it knows x, y, z" in unknown.reasons[0]


@pytest.mark.parametrize(
    ("test", "verdict", "reason"),
    [
        pytest.param(
            {"row": {"size": 10}, "answer": 1}, PASSED, "the score is 0.6000, the answer 1", id="right"
        ),
        pytest.param({"row": {"size": 10}, "answer": False}, FAILED, "0 was asked for", id="wrong"),
        pytest.param({"row": {"size": -10}, "answer": False}, PASSED, "as asked", id="answered-no"),
        pytest.param({"row": {"size": 10}, "at_least": 0.7}, FAILED, "at least 0.7 was", id="too-low"),
        pytest.param({"row": {"size": 10}, "at_most": 0.5}, FAILED, "at most 0.5 was", id="too-high"),
        pytest.param(
            {"row": {"kind": "b"}, "at_least": 0.69, "at_most": 0.71},
            PASSED,
            "the score is 0.7000",
            id="rest-missing",
        ),
        pytest.param({"row": {"kind": None}, "at_most": 0.4}, FAILED, "for kind=missing", id="nothing-known"),
    ],
)
def test_an_example_must_be_got_right(test: dict[str, Any], verdict: Verdict, reason: str) -> None:
    found = judge({"kind": "example", **test})
    assert found.verdict is verdict
    assert reason in found.reasons[0]


@pytest.mark.parametrize(
    ("answer", "bound", "verdict"),
    [
        pytest.param("x", 0.5, PASSED, id="right"),
        pytest.param("x", 0.7, FAILED, id="not-sure-enough"),
        pytest.param("y", None, FAILED, id="wrong"),
        pytest.param("w", None, UNSURE, id="unknown-class"),
    ],
)
def test_an_example_of_several_classes(answer: str, bound: float | None, verdict: Verdict) -> None:
    asked = probe(three_classes, Task.MULTICLASS_CLASSIFICATION)
    test = {"kind": "example", "row": {"size": 10}, "answer": answer, "at_least": bound}
    assert judge(test, asked).verdict is verdict


def test_an_example_of_a_regression_has_bounds() -> None:
    asked = probe(lambda rows: rows["size"].to_numpy() * 2, Task.REGRESSION)
    found = judge({"kind": "example", "row": {"size": 10}, "at_least": 19, "at_most": 21}, asked)
    assert (found.verdict, found.observed) == (PASSED, {"score": 20.0, "answer": None})


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        pytest.param(lambda rows: np.full(len(rows), 1.0), PASSED, id="at-the-edge"),
        pytest.param(lambda rows: np.where(rows["size"] > 50, np.nan, 0.5), FAILED, id="not-a-number"),
        pytest.param(lambda rows: np.where(rows["size"] > 50, 1.01, 0.5), FAILED, id="out-of-range"),
    ],
)
def test_extreme_values_get_a_score_in_range(score: Score, verdict: Verdict) -> None:
    found = judge({"kind": "extreme", "set": {"size": 99}}, probe(score))
    assert found.verdict is verdict
    if verdict is FAILED:
        assert "20 rows of 20, such as" in found.reasons[0]
        assert "for size=99, kind=a" in found.reasons[0]


def test_probabilities_of_classes_add_up_to_one() -> None:
    asked = probe(lambda rows: np.full((len(rows), 3), 0.4), Task.MULTICLASS_CLASSIFICATION)
    assert judge({"kind": "extreme", "set": {"size": 1}}, asked).verdict is FAILED


def test_every_version_is_given_extreme_inputs() -> None:
    seen: list[pd.DataFrame] = []

    def spying(rows: pd.DataFrame) -> np.ndarray:
        seen.append(rows)
        return rising(rows)

    found = extreme_inputs(probe(spying))
    assert found.verdict is PASSED
    assert (len(seen[0]), seen[0].isna().all(axis=None)) == (1, True)
    assert (seen[1]["kind"] == UNSEEN).all()
    assert [frame["size"].unique().tolist() for frame in seen[2:]] == [[0.0], [LARGE], [-LARGE]]


def test_a_version_that_fails_on_some_extreme_input_says_on_which() -> None:
    def throwing(rows: pd.DataFrame) -> np.ndarray:
        if rows["size"].isna().any():
            raise DataError("a score is not a number")
        return np.where(rows["size"] > 1e9, np.inf, 0.5)

    found = extreme_inputs(probe(throwing, Task.REGRESSION))
    assert found.verdict is FAILED
    assert found.reasons[0] == "all features missing: the rows cannot be scored: a score is not a number"
    assert found.reasons[1].startswith("all numbers 1e+12: 20 rows of 20, such as inf for size=1e+12")
    assert found.observed == {"rows": 81, "rows_that_break_it": 21}


def test_a_version_that_cannot_score_the_rows_of_a_test_fails_it() -> None:
    def throwing(rows: pd.DataFrame) -> np.ndarray:
        raise DataError("feature 'kind' is not what it was")

    found = judge({"kind": "invariance", "set": {"kind": "a"}}, probe(throwing))
    assert (found.verdict, "is not what it was" in found.reasons[0]) == (FAILED, True)


@pytest.mark.parametrize(
    "test",
    [
        pytest.param({"kind": "invariance", "set": {"kind": "a"}, "min_share": 0.1}, id="invariance"),
        pytest.param(
            {"kind": "direction", "column": "size", "add": 1, "score": "increases", "min_share": 0.1},
            id="direction",
        ),
        pytest.param({"kind": "example", "row": {"size": 6}, "answer": 0}, id="example"),
    ],
)
def test_a_score_that_is_no_number_fails_a_test(test: dict[str, Any]) -> None:
    found = judge(test, probe(lambda rows: np.where(rows["size"] == 6, np.nan, rising(rows))))
    assert found.verdict is FAILED
    assert "the score is nan for size=6" in found.reasons[0]


def test_an_error_of_the_computation_is_no_verdict() -> None:
    def broken(rows: pd.DataFrame) -> np.ndarray:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        judge({"kind": "invariance", "set": {"kind": "a"}}, probe(broken))


def test_a_feature_that_the_version_was_not_trained_with_is_no_evidence() -> None:
    found = judge({"kind": "invariance", "set": {"colour": "red"}})
    assert (found.verdict, "was trained without colour" in found.reasons[0]) == (UNSURE, True)


def test_without_rows_only_examples_are_judged() -> None:
    empty = rows().head(0)
    assert judge({"kind": "invariance", "set": {"kind": "a"}}, on=empty).verdict is UNSURE
    assert judge({"kind": "example", "row": {"size": 10}, "answer": 1}, on=empty).verdict is PASSED
    assert extreme_inputs(probe(), empty).observed["rows"] == 1


def test_many_rows_are_thinned_out_evenly_and_always_alike() -> None:
    chosen = probe().choose(rows(50_000))
    assert len(chosen) == MAX_ROWS
    assert (chosen["size"].iloc[0], chosen["size"].iloc[-1]) == (0, 49_999)
    pd.testing.assert_frame_equal(chosen, probe().choose(rows(50_000)))
