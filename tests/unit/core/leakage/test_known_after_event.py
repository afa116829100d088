from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from include.core.leakage.finding import Known, Waiting
from include.core.leakage.known_after_event import known_after_event
from tests.support.leakage import sound_rows, waiting_with, with_feature

Filled = tuple[Known, Waiting]


def spoil(rows: Filled, share: float, filled: float = 1.0, empty: float = np.nan) -> Filled:
    """Add a column that some rows have filled, but none before the outcome is known."""
    known, waiting = rows
    some = np.random.default_rng(1).random(len(known.labels)) < share
    return (
        with_feature(known, "changes", np.where(some, filled, empty)),
        waiting_with(waiting, "changes", np.full(len(waiting.event_day), empty)),
    )


@pytest.mark.parametrize("fixed_horizon", [False, True], ids=["own horizon", "one horizon"])
def test_a_column_that_is_filled_with_the_outcome_is_found(fixed_horizon: bool) -> None:
    (found,) = known_after_event(*spoil(sound_rows(fixed_horizon=fixed_horizon), 0.9))
    assert found.column == "changes"
    assert found.facts["waiting_share"] == 0
    assert "is missing in all but 0.0%" in found.evidence
    assert ("same event days" in found.evidence) is not fixed_horizon


@pytest.mark.parametrize("share", [0.05, 1.0])
def test_a_column_that_leaves_its_default_with_the_outcome_is_found(share: float) -> None:
    (found,) = known_after_event(*spoil(sound_rows(), share, filled=2.0, empty=0.0))
    assert "is 0 in all but 0.0%" in found.evidence
    assert found.facts["known_share"] == pytest.approx(share, abs=0.02)


def test_text_that_changes_with_the_outcome_is_found() -> None:
    known, waiting = sound_rows()
    known = with_feature(known, "status", np.where(known.labels == 1, "left", "stays"))
    waiting = waiting_with(waiting, "status", np.full(len(waiting.event_day), "open"))
    (found,) = known_after_event(known, waiting)
    assert "is 'open' in all but" in found.evidence


def test_a_column_that_is_rarer_before_the_outcome_is_no_leak() -> None:
    known, waiting = sound_rows()
    rng = np.random.default_rng(1)
    known = with_feature(known, "regular", rng.random(len(known.labels)) < 0.3)
    waiting = waiting_with(waiting, "regular", rng.random(len(waiting.event_day)) < 0.03)
    assert known_after_event(known, waiting) == []


def test_a_season_is_no_leak() -> None:
    known, waiting = sound_rows(fixed_horizon=True)
    known = with_feature(known, "season", np.full(len(known.labels), "spring"))
    waiting = waiting_with(waiting, "season", np.full(len(waiting.event_day), "summer"))
    assert known_after_event(known, waiting) == []


def test_few_days_prove_nothing() -> None:
    known, waiting = spoil(sound_rows(fixed_horizon=True), 0.9)
    newest = waiting.event_day > waiting.event_day.max() - 4
    few = Waiting(waiting.features[newest].reset_index(drop=True), waiting.event_day[newest])
    assert known_after_event(known, few) == []


def test_without_rows_that_wait_nothing_is_compared() -> None:
    known, waiting = spoil(sound_rows(), 0.9)
    none = Waiting(waiting.features.head(0), waiting.event_day[:0])
    assert known_after_event(known, none) == []


def test_rows_of_one_day_that_share_their_value_are_one_observation() -> None:
    """A rare value on a few known days looks like a leak to a test that counts rows."""
    known, waiting = sound_rows()
    shared = np.intersect1d(known.event_day, waiting.event_day)[:2]
    known = with_feature(known, "party", np.isin(known.event_day, shared))
    waiting = waiting_with(waiting, "party", np.zeros(len(waiting.event_day)))
    assert known_after_event(known, waiting) == []


@pytest.mark.parametrize("fixed_horizon", [False, True], ids=["own horizon", "one horizon"])
def test_independent_features_are_left_alone(fixed_horizon: bool) -> None:
    """Rare, common, missing and clustered features in 100 trainings."""
    found = []
    for seed in range(100):
        known, waiting = sound_rows(1500, seed, fixed_horizon=fixed_horizon)
        rng = np.random.default_rng(seed)
        rows, idle = len(known.labels), len(known.labels) + len(waiting.event_day)
        days = np.concatenate([known.event_day, waiting.event_day]).astype(np.int64)
        parties = (rng.random(idle // 10) < 0.1)[rng.integers(0, idle // 10, idle)]
        columns = {
            "rare": rng.random(idle) < 0.03,
            "common": rng.random(idle) < 0.4,
            "sparse": np.where(rng.random(idle) < 0.1, 1.0, np.nan),
            "party": parties,
            "weekend": days % 7 < 2,
        }
        known = replace(
            known, features=known.features.assign(**{n: c[:rows] * 1.0 for n, c in columns.items()})
        )
        rest = {name: values[rows:] * 1.0 for name, values in columns.items()}
        found += known_after_event(known, Waiting(waiting.features.assign(**rest), waiting.event_day))
    assert len(found) <= 1
