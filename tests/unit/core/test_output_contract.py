"""Predictions that must not be published are refused, with every reason."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from include.core.output_contract import check_output, require_shape
from include.core.predictions import build_predictions
from include.errors import OutputContractError
from include.specs.task import Task

BINARY, MULTICLASS, REGRESSION = Task
CLASSES = ["cat", "dog"]
KEYS = ["1", "2", "3"]


def predictions(keys: list[str | None], scores: list[float | None], predicted: list[int]) -> pa.Table:
    return pa.table(
        {
            "entity_key": pa.array(keys, pa.string()),
            "score": pa.array(scores, pa.float64()),
            "prediction": pa.array(predicted, pa.int16()),
        }
    )


def refusal(table: pa.Table, keys: list[str | None] | None = None, recorded: int = 3) -> OutputContractError:
    with pytest.raises(OutputContractError) as caught:
        check_output(
            table, pa.array(KEYS if keys is None else keys), recorded, BINARY, [], where="churn, 2017-05-03"
        )
    return caught.value


def by_class(scores: list[list[float]], codes: list[int] | None = None) -> pa.Table:
    found = np.array(scores)
    keys = pa.array(KEYS[: len(scores)])
    return build_predictions(
        keys, found, np.argmax(found, axis=1) if codes is None else np.array(codes), MULTICLASS, CLASSES
    )


def class_problems(table: pa.Table, classes: list[str] = CLASSES) -> list[str]:
    with pytest.raises(OutputContractError) as caught:
        check_output(
            table, table.column("entity_key").combine_chunks(), table.num_rows, MULTICLASS, classes, ""
        )
    return list(caught.value.facts["problems"])


def test_sound_predictions_pass() -> None:
    check_output(predictions(KEYS, [0.0, 0.5, 1.0], [0, 1, 1]), pa.array(KEYS), 3, BINARY, [], where="")


def test_no_rows_are_sound_for_an_empty_partition() -> None:
    check_output(predictions([], [], []), pa.array([], pa.string()), 0, BINARY, [], where="")


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (np.nan, "1 scores are missing or not finite"),
        (np.inf, "1 scores are missing or not finite"),
        (None, "1 scores are missing or not finite"),
        (-0.001, "1 scores outside 0 to 1, such as -0.001"),
        (1.5, "1 scores outside 0 to 1, such as 1.5"),
    ],
    ids=["nan", "infinite", "null", "negative", "above one"],
)
def test_a_score_that_is_no_probability(score: float | None, said: str) -> None:
    assert refusal(predictions(KEYS, [0.1, score, 0.2], [0, 0, 0])).facts["problems"] == [said]


def test_a_key_without_a_prediction() -> None:
    problems = refusal(predictions(["1", "2"], [0.1, 0.2], [0, 0])).facts["problems"]

    assert problems == ["2 predictions for 3 rows", "1 keys without a prediction: 3"]


def test_a_key_the_partition_lacks() -> None:
    problems = refusal(predictions(["1", "2", "9"], [0.1, 0.2, 0.3], [0, 0, 0])).facts["problems"]

    assert problems == [
        "1 keys without a prediction: 3",
        "1 predictions for keys the partition lacks: 9",
    ]


def test_a_key_that_stands_twice_in_the_partition() -> None:
    keys = ["1", "2", "2"]
    problems = refusal(predictions(keys, [0.1, 0.2, 0.3], [0, 0, 0]), keys).facts["problems"]

    assert problems == ["1 keys predicted more than once: 2"]


def test_a_row_without_a_key() -> None:
    keys = ["1", "2", None]
    problems = refusal(predictions(keys, [0.1, 0.2, 0.3], [0, 0, 0]), keys).facts["problems"]

    assert problems == ["1 predictions without a key"]


def test_rows_that_the_manifest_does_not_record() -> None:
    error = refusal(predictions(KEYS, [0.1, 0.2, 0.3], [0, 0, 0]), recorded=4)

    assert "holds 3 rows and its manifest records 4" in str(error)
    assert str(error).startswith("churn, 2017-05-03")


def test_a_prediction_that_is_neither_zero_nor_one() -> None:
    problems = refusal(predictions(KEYS, [0.1, 0.2, 0.3], [0, 2, 0])).facts["problems"]

    assert problems == ["1 predictions are neither 0 nor 1"]


def test_at_most_ten_keys_are_named() -> None:
    keys = [f"k{number:02}" for number in range(15)]
    problems = refusal(predictions([], [], []), keys, recorded=15).facts["problems"]

    assert problems[-1].endswith("k09 and 5 more")


def test_sound_predictions_of_classes_pass() -> None:
    third = 1 / 3
    table = by_class([[third, 2 * third], [1.0, 0.0], [0.5, 0.5 + 1e-7]])
    check_output(table, pa.array(KEYS), 3, MULTICLASS, CLASSES, where="")


def test_no_rows_of_classes_are_sound() -> None:
    none = build_predictions(pa.array([], pa.string()), np.empty((0, 2)), np.empty(0), MULTICLASS, CLASSES)
    check_output(none, pa.array([], pa.string()), 0, MULTICLASS, CLASSES, where="")


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([np.nan, 0.5], "1 class scores are missing or not finite"),
        ([np.inf, 0.5], "1 class scores are missing or not finite"),
        ([-0.25, 1.25], "2 class scores outside 0 to 1, such as -0.25"),
        ([0.5, 0.25], "1 rows whose class scores do not add up to 1, but to 0.75"),
        ([0.5, 0.5 + 2e-6], "1 rows whose class scores do not add up to 1, but to 1.000002"),
    ],
    ids=["nan", "infinite", "outside", "too little", "just too much"],
)
def test_class_scores_that_are_no_probabilities(scores: list[float], said: str) -> None:
    assert said in class_problems(by_class([[0.5, 0.5], scores]))


def test_a_class_that_training_did_not_know() -> None:
    table = by_class([[0.25, 0.75], [0.75, 0.25], [0.5, 0.5]])
    odd = table.set_column(2, "predicted_class", pa.array(["emu", "cat", None]))

    assert class_problems(odd) == ["2 predicted classes that training did not know: None, emu"]


@pytest.mark.parametrize("value", [-5.0, 0.0, 1e300], ids=["negative", "zero", "huge"])
def test_any_finite_value_of_a_regression_passes(value: float) -> None:
    values = np.array([value])
    table = build_predictions(pa.array(["1"]), values, values, REGRESSION)
    check_output(table, pa.array(["1"]), 1, REGRESSION, [], where="")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=["nan", "infinite", "minus infinite"])
def test_a_value_of_a_regression_that_is_no_number(value: float) -> None:
    values = np.array([value])
    table = build_predictions(pa.array(["1"]), values, values, REGRESSION)
    with pytest.raises(OutputContractError, match="1 scores are missing or not finite"):
        check_output(table, pa.array(["1"]), 1, REGRESSION, [], where="")


@pytest.mark.parametrize(
    ("task", "shape"),
    [(BINARY, (3,)), (MULTICLASS, (3, 2)), (REGRESSION, (3,))],
    ids=["binary", "multiclass", "regression"],
)
def test_scores_of_their_tasks_shape_pass(task: Task, shape: tuple[int, ...]) -> None:
    classes = CLASSES if task is MULTICLASS else []
    require_shape(np.zeros(shape), np.zeros(3), 3, task, classes, where="")


@pytest.mark.parametrize(
    ("task", "shape", "answers", "wanted"),
    [
        (BINARY, (3, 2), 3, r"scores have shape \(3, 2\) .* wanted are \(3,\)"),
        (BINARY, (3,), 2, r"answers \(2,\); wanted are \(3,\) and \(3,\)"),
        (MULTICLASS, (3, 3), 3, r"\(3, 3\) .* wanted are \(3, 2\)"),
        (REGRESSION, (2,), 3, r"\(2,\) .* wanted are \(3,\)"),
    ],
    ids=["two columns", "an answer short", "a class too many", "a row short"],
)
def test_scores_of_another_shape(task: Task, shape: tuple[int, ...], answers: int, wanted: str) -> None:
    classes = CLASSES if task is MULTICLASS else []
    with pytest.raises(OutputContractError, match=wanted):
        require_shape(np.zeros(shape), np.zeros(answers), 3, task, classes, where="")
