from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from include.core.training_set import TrainingSet, check_classes
from include.errors import TrainingDataError
from include.specs.task import Task
from tests.support.joined_frames import build_training_set
from tests.support.model_specs import model_spec, task_spec

AS_OF = date(2024, 3, 31)
LAST_MATURE = pd.Timestamp("2024-03-25")  # grace is five days: due plus five full days have passed


def events(due: list[pd.Timestamp | None]) -> pd.DataFrame:
    rows = len(due)
    return pd.DataFrame(
        {"id": range(rows), "due": due, "size": np.arange(rows, dtype=float), "kind": ["a"] * rows}
    )


def outcomes(happened: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"id": range(len(happened)), "happened": happened})


def build(due: list[pd.Timestamp | None], happened: list[object]) -> TrainingSet:
    return build_training_set(events(due), outcomes(happened), ["id"], model_spec(), AS_OF)


def test_a_row_is_mature_from_the_day_after_its_grace() -> None:
    after = LAST_MATURE + pd.Timedelta(days=1)
    data = build([LAST_MATURE] * 10 + [after] * 4, [0, 1] * 7)
    assert (data.counts.used, data.counts.immature) == (10, 4)


def test_an_outcome_known_early_does_not_enter_early() -> None:
    future = pd.Timestamp("2024-06-01")
    data = build([LAST_MATURE] * 10 + [future] * 10, [0, 1] * 5 + [1] * 10)
    assert data.labels.sum() == 5


def test_an_event_without_a_day_never_matures() -> None:
    data = build([LAST_MATURE] * 10 + [None], [0, 1] * 5 + [1])
    assert (data.counts.used, data.counts.immature) == (10, 1)


def test_counts_add_up() -> None:
    data = build([LAST_MATURE] * 20 + [pd.Timestamp(AS_OF)] * 3, [0, 1] * 9 + [None, 1, 1, 1, 1])
    counts = data.counts
    assert counts.rows == counts.immature + counts.mature_without_label + counts.used
    assert (counts.immature, counts.mature_without_label) == (3, 1)


def test_a_corrected_outcome_replaces_the_first_one() -> None:
    twice = pd.concat([outcomes([0, 1] * 10), outcomes([1])])
    data = build_training_set(events([LAST_MATURE] * 20), twice, ["id"], model_spec(), AS_OF)
    assert (len(data.labels), data.labels[0]) == (20, 1)


def test_an_event_recorded_again_counts_as_first_seen() -> None:
    first = events([LAST_MATURE] * 20)
    again = first.head(1).assign(size=99.0)
    data = build_training_set(pd.concat([first, again]), outcomes([0, 1] * 10), ["id"], model_spec(), AS_OF)
    assert (len(data.rows), data.rows["size"].max()) == (20, 19.0)


def test_keys_of_several_columns_join() -> None:
    left = events([LAST_MATURE] * 20).assign(shop=[1, 2] * 10)
    right = outcomes([0, 1] * 10).assign(shop=[1, 2] * 10)
    assert build_training_set(left, right, ["id", "shop"], model_spec(), AS_OF).counts.used == 20


@pytest.mark.parametrize(
    "due",
    [
        pytest.param(pd.Timestamp("2024-03-25T23:59", tz="UTC"), id="timestamp"),
        pytest.param(date(2024, 3, 25), id="date"),
    ],
)
def test_maturity_is_a_utc_day(due: object) -> None:
    data = build([due] * 10, [0, 1] * 5)  # type: ignore[list-item]
    assert set(data.matured.tolist()) == {date(2024, 3, 25)}


def test_too_many_missing_labels_are_refused_with_counts() -> None:
    with pytest.raises(TrainingDataError, match=r"4 of 20 mature rows .* have no label") as refused:
        build([LAST_MATURE] * 20, [0, 1] * 8 + [None] * 4)
    assert refused.value.facts["mature_without_label"] == 4


def test_no_rows_are_refused() -> None:
    with pytest.raises(TrainingDataError, match=r"training\.min_rows asks for 10"):
        build([], [])


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TrainingDataError, match="8 of 8 rows are mature and labelled"):
        build([LAST_MATURE] * 8, [0, 1] * 4)


@pytest.mark.parametrize("label", [pytest.param(0, id="one-class"), pytest.param(2, id="not-binary")])
def test_labels_other_than_zero_and_one_are_refused(label: int) -> None:
    with pytest.raises(TrainingDataError, match="not 0 and 1"):
        build([LAST_MATURE] * 20, [label] * 20)


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        pytest.param([], "no rows", id="empty"),
        pytest.param([1, 1], "only class 1", id="one-class"),
    ],
)
def test_a_part_without_both_classes_is_named(labels: list[int], found: str) -> None:
    with pytest.raises(TrainingDataError, match=f"the validation part has {found}"):
        check_classes(np.array(labels, dtype=np.int64), "validation", model_spec(), fits=False)


def test_inputs_are_not_changed() -> None:
    left, right = events([LAST_MATURE] * 20), outcomes([0, 1] * 10)
    before = left.copy(), right.copy()
    build_training_set(left, right, ["id"], model_spec(), AS_OF)
    pd.testing.assert_frame_equal(left, before[0])
    pd.testing.assert_frame_equal(right, before[1])


@pytest.mark.parametrize(
    ("task", "labels", "fits", "found"),
    [
        pytest.param(Task.MULTICLASS_CLASSIFICATION, [0, 2], True, "no row of class car", id="class"),
        pytest.param(Task.MULTICLASS_CLASSIFICATION, [], False, "no rows", id="no-class"),
        pytest.param(Task.REGRESSION, [2.5, 2.5], True, "only the value 2.5", id="constant"),
        pytest.param(Task.REGRESSION, [], False, "no rows", id="no-number"),
    ],
)
def test_a_part_that_nothing_can_be_learned_from_is_named(
    task: Task, labels: list[float], fits: bool, found: str
) -> None:
    classes = ("bus", "car", "van") if task is Task.MULTICLASS_CLASSIFICATION else ()
    with pytest.raises(TrainingDataError, match=f"model demo: the train part has {found}"):
        check_classes(np.array(labels), "train", task_spec(task), classes, fits=fits)


@pytest.mark.parametrize("task", [Task.MULTICLASS_CLASSIFICATION, Task.REGRESSION])
def test_some_rows_are_enough_to_measure_on(task: Task) -> None:
    check_classes(np.array([1, 1]), "validation", task_spec(task), ("bus", "car"), fits=False)


def test_the_classes_are_those_of_the_train_part() -> None:
    """The last ten days before the grace are the holdout, the ten before them validation."""
    spec = task_spec(Task.MULTICLASS_CLASSIFICATION)
    due = [LAST_MATURE - pd.Timedelta(days=30)] * 10 + [LAST_MATURE] * 10
    names = ["car", "bus"] * 5 + ["bus"] * 10
    data = build_training_set(events([*due]), outcomes([*names]), ["id"], spec, AS_OF)
    assert data.classes == ("bus", "car")
    assert data.labels.tolist() == [1, 0] * 5 + [0] * 10
    with pytest.raises(TrainingDataError, match="takes the value 'van' in 1 rows, but nowhere in the train"):
        build_training_set(events([*due]), outcomes([*names[:-1], "van"]), ["id"], spec, AS_OF)
