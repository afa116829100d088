from __future__ import annotations

from include.contracts import RowChanges
from include.core.leakage.altered_later import add_up_changes, altered_later
from include.specs.leakage import Leakage

CHANGES = [
    [RowChanges(added=1, removed=0, altered=0)],
    [
        RowChanges(added=0, removed=0, altered=3, altered_columns={"spend": 3, "plan": 1}),
        RowChanges(added=0, removed=0, altered=4, altered_columns={"spend": 4}),
    ],
    [],
]


def test_changes_of_all_revisions_add_up() -> None:
    found = add_up_changes(100, CHANGES)
    assert (found.rows, found.partitions, found.columns) == (100, 1, {"spend": 7, "plan": 1})


def test_a_feature_that_is_often_altered_is_found() -> None:
    (found,) = altered_later(add_up_changes(100, CHANGES), ["plan", "spend", "visits"], Leakage())
    assert found.column == "spend"
    assert "spend was altered in 7 of 100 rows (7.0%)" in found.evidence


def test_columns_that_are_no_features_do_not_matter() -> None:
    assert altered_later(add_up_changes(100, CHANGES), ["plan"], Leakage()) == []
