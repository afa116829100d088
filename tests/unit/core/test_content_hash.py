"""Equal predictions have equal hashes; any difference shows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.content_hash import content_hash
from include.core.predictions import build_predictions

scores_by_key = st.dictionaries(st.text(), st.floats(0, 1), max_size=20)


def hashed(scores: dict[str, float], *, version: int = 1, snapshot: str = "s", threshold: float = 0.5) -> str:
    keys = pa.array(list(scores), pa.string())
    predictions = build_predictions(keys, np.array(list(scores.values()), dtype=float), threshold)
    return content_hash(predictions, model_version=version, snapshot_hash=snapshot)


@given(scores_by_key, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(scores: dict[str, float], random: object) -> None:
    shuffled = list(scores.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert hashed(dict(shuffled)) == hashed(scores)


def test_chunks_do_not_matter() -> None:
    predictions = build_predictions(pa.array(["a", "b"]), np.array([0.1, 0.2]), 0.5)
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
