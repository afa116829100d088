from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.prepare import prepare
from include.core.scored_sample import SAMPLE_ROWS, build_sample, read_sample
from include.errors import DataError
from include.specs.model import Features

FEATURES = Features(numeric=["size", "members"], categorical=["kind", "agent"])


def frame(rows: int = 4) -> pd.DataFrame:
    columns = {
        "size": [1.5, np.nan, np.inf, -np.inf],
        "members": [1, 2, 3, 4],
        "kind": ["a", None, "9.0", "ü"],
        "agent": [9.0, np.nan, 12.0, 0.5],
        "other": ["not", "a", "feature", "!"],
    }
    return pd.DataFrame(columns).iloc[np.resize(np.arange(4), rows)].reset_index(drop=True)


@pytest.mark.parametrize(
    "scores",
    [
        pytest.param(np.array([0.1, 0.2, 0.3, 1 / 3]), id="one-score"),
        pytest.param(np.array([[0.1, 0.9]] * 4), id="a-score-a-class"),
    ],
)
def test_a_sample_keeps_every_value_through_json(scores: np.ndarray) -> None:
    document = json.loads(json.dumps(build_sample(frame(), FEATURES, scores), allow_nan=False))
    found = read_sample(document)
    pd.testing.assert_frame_equal(prepare(found.rows, FEATURES), prepare(frame(), FEATURES))
    np.testing.assert_array_equal(found.scores, scores)


@given(st.lists(st.floats(width=64), min_size=1, max_size=20))
def test_numbers_come_back_to_the_last_bit(values: list[float]) -> None:
    features = Features(numeric=["size"])
    document = build_sample(pd.DataFrame({"size": values}), features, np.zeros(len(values)))
    found = read_sample(json.loads(json.dumps(document, allow_nan=False)))
    np.testing.assert_array_equal(found.rows["size"].to_numpy(), np.array(values))


def test_a_sample_is_the_first_rows() -> None:
    found = read_sample(build_sample(frame(300), FEATURES, np.arange(300.0)))
    assert len(found.rows) == SAMPLE_ROWS
    assert found.scores[-1] == SAMPLE_ROWS - 1


@pytest.mark.parametrize(
    ("document", "what"),
    [
        pytest.param({}, "KeyError", id="empty"),
        pytest.param({"numeric": {"a": ["x"]}, "categorical": {}, "scores": [1]}, "ValueError", id="text"),
        pytest.param({"numeric": {"a": [1]}, "categorical": {}, "scores": [1, 2]}, "1 rows and 2", id="more"),
        pytest.param({"numeric": {}, "categorical": {}, "scores": []}, "0 rows", id="no-rows"),
        pytest.param(
            {"numeric": {"a": [1], "b": [1, 2]}, "categorical": {}, "scores": [1]}, "length", id="ragged"
        ),
    ],
)
def test_what_is_no_sample_is_refused(document: dict[str, object], what: str) -> None:
    with pytest.raises(DataError, match=f"version 3: this is no scored sample: .*{what}"):
        read_sample(document, "version 3")
