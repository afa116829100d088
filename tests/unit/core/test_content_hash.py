"""Equal predictions have equal hashes; any difference shows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.content_hash import content_hash
from include.core.predictions import build_predictions
from include.specs.task import Task

scores_by_key = st.dictionaries(st.text(), st.floats(0, 1), max_size=20)


def binary(by_key: dict[str, float], threshold: float = 0.5) -> pa.Table:
    scores = np.array(list(by_key.values()), dtype=float)
    answers = scores >= threshold
    return build_predictions(pa.array(list(by_key), pa.string()), scores, answers, Task.BINARY_CLASSIFICATION)


def hashed(scores: dict[str, float], *, version: int = 1, snapshot: str = "s", threshold: float = 0.5) -> str:
    return content_hash(binary(scores, threshold), model_version=version, snapshot_hash=snapshot)


def hashed_classes(scores: list[list[float]], codes: list[int], classes: list[str]) -> str:
    keys = pa.array([f"k{row}" for row in range(len(codes))], pa.string())
    table = build_predictions(
        keys, np.array(scores), np.array(codes), Task.MULTICLASS_CLASSIFICATION, classes
    )
    return content_hash(table, model_version=1, snapshot_hash="s")


def hashed_values(values: list[float]) -> str:
    keys, scores = pa.array([f"k{row}" for row in range(len(values))], pa.string()), np.array(values)
    table = build_predictions(keys, scores, scores, Task.REGRESSION)
    return content_hash(table, model_version=1, snapshot_hash="s")


@given(scores_by_key, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(scores: dict[str, float], random: object) -> None:
    shuffled = list(scores.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert hashed(dict(shuffled)) == hashed(scores)


def test_chunks_do_not_matter() -> None:
    predictions = binary({"a": 0.1, "b": 0.2})
    chunked = pa.concat_tables([predictions.slice(0, 1), predictions.slice(1)])

    assert content_hash(chunked, model_version=1, snapshot_hash="s") == content_hash(
        predictions, model_version=1, snapshot_hash="s"
    )


@pytest.mark.parametrize(
    "other",
    [
        hashed({"ab": 0.1, "c": np.nextafter(0.2, 1)}),
        hashed({"a": 0.1, "bc": 0.2}),
        hashed({"ab": 0.1}),
        hashed({"ab": 0.1, "c": 0.2}, version=2),
        hashed({"ab": 0.1, "c": 0.2}, snapshot="t"),
        hashed({"ab": 0.1, "c": 0.2}, threshold=0.15),
        hashed({}),
    ],
    ids=["last bit", "keys that join alike", "fewer rows", "version", "snapshot", "threshold", "no rows"],
)
def test_a_difference_shows(other: str) -> None:
    assert hashed({"ab": 0.1, "c": 0.2}) != other


def test_the_hash_of_known_rows_stays_what_it_is() -> None:
    # A changed value would publish every night anew: change it only on purpose.
    assert hashed({"ab": 0.1, "c": 0.7}) == "d44efd3cb99bcbff933edf126ce3d985881b9f40919d671a20c41f62a2d42661"


CLASSES = hashed_classes([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], [0, 2], ["ab", "c", "d"])


@pytest.mark.parametrize(
    "other",
    [
        hashed_classes([[0.5, 0.25, 0.25], [0.2, np.nextafter(0.2, 1), 0.6]], [0, 2], ["ab", "c", "d"]),
        hashed_classes([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], [0, 2], ["a", "bc", "d"]),
        hashed_classes([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], [0, 2], ["ab", "d", "c"]),
        hashed_classes([[0.25, 0.25, 0.5], [0.6, 0.2, 0.2]], [2, 0], ["d", "c", "ab"]),
        hashed_classes([[0.5, 0.25, 0.25]], [0], ["ab", "c", "d"]),
        hashed_values([0.5, 0.6]),
        hashed({"k0": 0.5, "k1": 0.6}),
    ],
    ids=[
        "last bit of another class",
        "names that join alike",
        "names that changed places",
        "order of the classes",
        "fewer rows",
        "values",
        "binary",
    ],
)
def test_a_difference_between_classes_shows(other: str) -> None:
    assert other != CLASSES


def test_a_tie_is_another_answer_where_another_class_won() -> None:
    assert hashed_classes([[0.5, 0.5]], [0], ["a", "b"]) != hashed_classes([[0.5, 0.5]], [1], ["a", "b"])


def test_a_difference_between_values_shows() -> None:
    assert hashed_values([1.5]) == hashed_values([1.5])
    assert hashed_values([1.5]) != hashed_values([np.nextafter(1.5, 2)])
    assert hashed_values([1.0]) != hashed({"k0": 1.0})


def test_chunks_of_classes_do_not_matter() -> None:
    scores, keys = np.array([[0.5, 0.5], [0.1, 0.9]]), pa.array(["a", "b"])
    whole = build_predictions(keys, scores, np.array([0, 1]), Task.MULTICLASS_CLASSIFICATION, ["x", "y"])
    chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])

    assert content_hash(chunked, model_version=1, snapshot_hash="s") == content_hash(
        whole, model_version=1, snapshot_hash="s"
    )


def test_the_hashes_of_other_tasks_stay_what_they_are() -> None:
    # As above: a changed value would publish every night anew.
    assert CLASSES == "d44a9be8ccfc2d2a74b7cac8bd710f3ac1b1af8226291dd35e96a4fce4c94c68"
    assert hashed_values([1.5, -2.0]) == "d74e0bb9a4b01653511d829b62e606535c6800b5e35050a0ff5f4440749427d6"
