"""Predictions that must not be published are refused, with every reason."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from include.core.output_contract import check_output
from include.errors import OutputContractError

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
        check_output(table, pa.array(KEYS if keys is None else keys), recorded, where="churn, 2017-05-03")
    return caught.value


def test_sound_predictions_pass() -> None:
    check_output(predictions(KEYS, [0.0, 0.5, 1.0], [0, 1, 1]), pa.array(KEYS), 3, where="")


def test_no_rows_are_sound_for_an_empty_partition() -> None:
    check_output(predictions([], [], []), pa.array([], pa.string()), 0, where="")


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
