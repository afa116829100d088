from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.labels import Labels, encode_labels
from include.errors import TrainingDataError
from include.specs.task import Task
from tests.support.model_specs import task_spec

BINARY, MULTICLASS, REGRESSION = (
    Task.BINARY_CLASSIFICATION,
    Task.MULTICLASS_CLASSIFICATION,
    Task.REGRESSION,
)


def encode(
    values: list[Any], task: Task, *, train: int | None = None, classes: list[str] | None = None, **label: Any
) -> Labels:
    """Encode labels, the first `train` of which train."""
    in_train = np.arange(len(values)) < (len(values) if train is None else train)
    return encode_labels(pd.Series(values), in_train, task_spec(task, label=label), classes)


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        pytest.param([0, 1, 1], None, id="integers"),
        pytest.param([0.0, 1.0, 1.0], None, id="numbers"),
        pytest.param([False, True, True], None, id="booleans"),
        pytest.param(["no", "yes", "yes"], "yes", id="text"),
        pytest.param([7, 3, 3], 3, id="other-integers"),
        pytest.param([True, False, False], False, id="the-negative-one"),
        pytest.param(["0", "1", "1"], "1", id="digits-as-text"),
    ],
)
def test_a_binary_label_is_0_or_1(values: list[Any], positive: object) -> None:
    found = encode(values, BINARY, positive=positive)
    assert found.values.tolist() == [0, 1, 1]
    assert (found.values.dtype, found.classes) == (np.int64, ())


@pytest.mark.parametrize(
    ("values", "positive", "said"),
    [
        pytest.param([0, 1, 2], None, r"takes the values 0, 1, 2, not 0 and 1", id="three-numbers"),
        pytest.param([1, 1], None, "takes the values 1, not 0 and 1", id="one-class"),
        pytest.param(["no", "yes"], None, "'no', 'yes', not 0 and 1.*in label.positive", id="text"),
        pytest.param(["no", "yes"], "Yes", "'no', 'yes', none of which is the 'Yes'", id="another-spelling"),
        pytest.param(["no", "yes", "?"], "yes", r"'\?', 'no', 'yes'; a binary label has two", id="three"),
        pytest.param(["yes", "yes"], "yes", "'yes'; a binary label has two", id="one-text"),
        pytest.param(["0", "1"], 1, "none of which is the 1 of label.positive.*in quotes", id="not-quoted"),
        pytest.param([0, np.inf], None, "inf", id="infinite"),
    ],
)
def test_a_binary_label_that_is_none_is_refused(values: list[Any], positive: object, said: str) -> None:
    with pytest.raises(
        TrainingDataError, match=f"model demo: label happened .*{said}.*Next: .*happened|{said}"
    ):
        encode(values, BINARY, positive=positive)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        pytest.param(["car", "bus", "car"], ("bus", "car"), id="text"),
        pytest.param([10, 9, 10], ("10", "9"), id="integers"),
        pytest.param([2.0, 1.0, 2.0], ("1", "2"), id="whole-numbers"),
    ],
)
def test_classes_are_named_by_sorted_text(values: list[Any], classes: tuple[str, ...]) -> None:
    found = encode(values, MULTICLASS)
    assert found.classes == classes
    assert [found.classes[code] for code in found.values] == [
        f"{value:g}" if isinstance(value, float) else str(value) for value in values
    ]


def test_a_class_that_never_trained_is_named() -> None:
    with pytest.raises(
        TrainingDataError, match=r"takes the value 'tram' in 2 rows, but nowhere in the train part"
    ):
        encode(["bus", "car", "tram", "tram"], MULTICLASS, train=2)


def test_the_classes_of_a_trained_version_are_kept() -> None:
    found = encode(["b", "c"], MULTICLASS, classes=["a", "b", "c"])
    assert (found.values.tolist(), found.classes) == ([1, 2], ("a", "b", "c"))
    with pytest.raises(TrainingDataError, match="takes the value 'd'"):
        encode(["b", "d"], MULTICLASS, classes=["a", "b", "c"])


@pytest.mark.parametrize(
    ("values", "train", "said"),
    [
        pytest.param(["bus", "bus"], None, "only the value 'bus' in the train part", id="one-class"),
        pytest.param(["bus", "car"], 0, "no value in the train part, of 2 values", id="nothing-trains"),
        pytest.param([1.5, 2.0], None, r"holds np\.float64\(1\.5\)|holds 1\.5", id="fractions"),
        pytest.param([f"n{n}" for n in range(101)], None, "takes 101 values such as 'n0'", id="names"),
    ],
)
def test_classes_that_cannot_be_learned_are_refused(values: list[Any], train: int | None, said: str) -> None:
    with pytest.raises(TrainingDataError, match=f"model demo: label happened .*({said})"):
        encode(values, MULTICLASS, train=train)


@pytest.mark.parametrize(
    "values", [[1.5, -2.0], [1, -2], [True, False]], ids=["numbers", "integers", "booleans"]
)
def test_the_label_of_a_regression_is_a_number(values: list[Any]) -> None:
    found = encode(values, REGRESSION)
    assert (found.values.tolist(), found.values.dtype) == ([float(value) for value in values], np.float64)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param([1.0, np.inf], "holds inf in 1 of 2 rows.*quarantine", id="infinite"),
        pytest.param([1.0, -1e200], r"holds -1e\+200 in 1 of 2 rows", id="too-large-to-be-squared"),
        pytest.param(["1.0", "2.0"], r"holds text such as '1\.0'", id="text"),
        pytest.param([3.0, 3.0], "is 3 in every row", id="one-value"),
    ],
)
def test_numbers_that_cannot_be_learned_are_refused(values: list[Any], said: str) -> None:
    with pytest.raises(TrainingDataError, match=f"model demo: label happened {said}"):
        encode(values, REGRESSION)


@given(
    st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=30).filter(
        lambda names: len(set(names)) > 1
    )
)
def test_every_code_leads_back_to_its_name(names: list[str]) -> None:
    found = encode(names, MULTICLASS)
    assert [found.classes[code] for code in found.values] == names
    assert list(found.classes) == sorted(found.classes)
