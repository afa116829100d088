from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from include.core.leakage.finding import Known
from include.core.leakage.split_overlap import entity_across_split, row_key_across_split
from tests.support.leakage import sound_rows


def with_key_in_both(known: Known) -> Known:
    ids = known.keys["id"].to_numpy().copy()
    ids[np.flatnonzero(known.split.holdout)[:3]] = ids[np.flatnonzero(known.split.train)[:3]]
    return replace(known, keys=pd.DataFrame({"id": ids}))


def test_row_keys_that_stand_once_are_fine() -> None:
    known, _ = sound_rows()
    assert row_key_across_split(known) == []


def test_a_row_key_in_two_parts_is_found_and_named() -> None:
    known = with_key_in_both(sound_rows()[0])
    first = known.keys["id"][np.flatnonzero(known.split.holdout)[0]]
    (found,) = row_key_across_split(known)
    assert found.facts == {"train_holdout_rows": 3}
    assert f"3 of {known.split.holdout.sum()} holdout rows have row keys (id) that are also in train" in (
        found.evidence
    )
    assert f"such as {first}, " in found.evidence


def test_a_key_of_two_columns_is_compared_whole() -> None:
    known, _ = sound_rows()
    rows = len(known.labels)
    keys = pd.DataFrame({"shop": np.arange(rows) % 7, "number": np.arange(rows) // 7})
    assert row_key_across_split(replace(known, keys=keys)) == []


def test_an_entity_in_two_parts_is_found_where_the_spec_names_one() -> None:
    known, _ = sound_rows()
    customers = pd.DataFrame({"customer": np.arange(len(known.labels)) % 50})
    (found,) = entity_across_split(replace(known, entities=customers))
    assert set(found.facts) == {"train_validation_rows", "train_holdout_rows", "validation_holdout_rows"}
    assert entity_across_split(known) == []


def test_rows_without_an_entity_share_none() -> None:
    known, _ = sound_rows()
    nobody = pd.DataFrame({"customer": np.full(len(known.labels), None, dtype=object)})
    assert entity_across_split(replace(known, entities=nobody)) == []
