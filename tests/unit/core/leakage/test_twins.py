from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.core.leakage.finding import Known
from include.core.leakage.twins import count_twins, duplicates_across_split
from include.specs.leakage import Leakage
from tests.support.leakage import sound_rows


def copied(known: Known, rows: int, *, label: bool = True) -> Known:
    """Copy rows of the train part over rows of the holdout."""
    there = np.flatnonzero(known.split.holdout)[:rows]
    here = np.flatnonzero(known.split.train)[:rows]
    features, labels = known.features.copy(), known.labels.copy()
    features.iloc[there] = known.features.iloc[here].to_numpy()
    labels[there] = known.labels[here] if label else 1 - known.labels[here]
    return replace(known, features=features.astype(known.features.dtypes), labels=labels)


def test_rows_with_a_continuous_feature_have_no_twins() -> None:
    counted = count_twins(sound_rows()[0])
    assert [(pair.earlier, pair.later) for pair in counted] == [
        ("train", "validation"), ("train", "holdout"), ("validation", "holdout"),
    ]  # fmt: skip
    assert duplicates_across_split(counted, Leakage()) == []


def test_copies_of_earlier_rows_are_found() -> None:
    known, _ = sound_rows()
    holdout = int(known.split.holdout.sum())
    rows = int(holdout * 0.2)
    (found,) = duplicates_across_split(count_twins(copied(known, rows)), Leakage())
    assert found.column is None
    assert set(found.facts) == {"train_holdout"}
    assert found.facts["train_holdout"]["twins"] == pytest.approx(rows, abs=rows * 0.1)
    assert "holdout rows" in found.evidence


def test_a_few_copies_are_counted_and_let_through() -> None:
    counted = count_twins(copied(sound_rows()[0], 10))
    assert sum(pair.twins for pair in counted) >= 9
    assert duplicates_across_split(counted, Leakage()) == []


def test_rows_with_another_label_are_no_twins() -> None:
    known, _ = sound_rows()
    counted = count_twins(copied(known, 100, label=False))
    assert sum(pair.twins for pair in counted) == 0


@pytest.mark.parametrize("columns", [["visits", "plan"], ["plan"]], ids=["two", "one"])
def test_coarse_features_are_alike_by_chance(columns: list[str]) -> None:
    known, _ = sound_rows()
    counted = count_twins(replace(known, features=known.features[columns]))
    assert all(pair.by_chance > 0.9 * pair.rows for pair in counted)
    assert duplicates_across_split(counted, Leakage()) == []


def test_missing_values_are_equal_to_each_other() -> None:
    known, _ = sound_rows()
    rng = np.random.default_rng(1)
    more = known.features.assign(extra=rng.normal(size=len(known.labels)), gone=np.nan)
    twice = copied(replace(known, features=more), 100)
    assert sum(pair.twins for pair in count_twins(twice)) == 100


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab"), st.integers(0, 1), st.integers(0, 2))))
def test_twins_are_the_rows_that_stand_in_the_earlier_part(rows: list[tuple[int, str, int, int]]) -> None:
    known, _ = sound_rows(10)
    size, kind, label, part = (list(side) for side in zip(*rows, strict=True)) if rows else ([], [], [], [])
    masks = {name: np.array([p == n for p in part], dtype=bool) for n, name in enumerate(
        ["train", "validation", "holdout"])}  # fmt: skip
    some = replace(
        known,
        features=pd.DataFrame({"size": np.array(size, float), "kind": np.array(kind, object)}),
        labels=np.array(label, dtype=np.int64),
        split=replace(known.split, **masks),
    )
    for pair in count_twins(some):
        places = ["train", "validation", "holdout"]
        earlier = {row[:3] for row in rows if row[3] == places.index(pair.earlier)}
        later = [row[:3] for row in rows if row[3] == places.index(pair.later)]
        assert pair.twins + pair.by_chance == sum(row in earlier for row in later)
