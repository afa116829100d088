"""A reference knows its counts and how its own weeks differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from include.core.profile import Profile, build_profile
from include.core.reference_profile import build_reference_profile
from include.specs.model import Features

FEATURES = Features(categorical=["steady", "grouped"])


def rows(days: int) -> pd.DataFrame:
    """A hundred rows a day: `steady` is drawn row by row, `grouped` once for each week."""
    rng = np.random.default_rng(1)
    day = np.repeat(pd.date_range("2017-03-01", periods=days), 100)
    weekly = rng.choice(["a", "b"], days // 7 + 1)
    return pd.DataFrame(
        {
            "day": day,
            "steady": rng.choice(["a", "b"], len(day)),
            "grouped": np.repeat(weekly[np.arange(days) // 7], 100),
        }
    )


def test_features_that_come_in_weekly_blocks_have_a_large_effect() -> None:
    frame = rows(56)

    effects = build_reference_profile(frame, FEATURES, frame["day"]).design_effects

    assert effects["grouped"] > 100
    assert effects["steady"] < 2


def test_the_counts_are_those_of_all_rows() -> None:
    frame = rows(59)

    reference = build_reference_profile(frame, FEATURES, frame["day"])

    assert reference.model_copy(update={"design_effects": {}}) == build_profile(frame, FEATURES)


def test_days_beyond_the_last_whole_week_do_not_count_as_a_week() -> None:
    frame = rows(13)

    assert build_reference_profile(frame, FEATURES, frame["day"]).design_effects == {
        "steady": 1.0,
        "grouped": 1.0,
    }


def test_no_rows_are_no_error_and_the_reference_survives_json() -> None:
    frame = rows(14).head(0)
    reference = build_reference_profile(frame, FEATURES, frame["day"])

    assert Profile.from_json(reference.to_json()) == reference
    assert reference.rows == 0
