"""The profile a model version is measured against: its bins, its counts, and how weeks vary by nature."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.core.design_effect import design_effect
from include.core.profile import Profile, build_profile, count_in
from include.specs.model import Features

WEEK_DAYS = 7


def build_reference_profile(frame: pd.DataFrame, features: Features, days: pd.Series[Any]) -> Profile:
    """Profile a frame and estimate each feature's design effect from the weeks in it.

    Parameters
    ----------
    frame
        Rows as read, with a column for each feature; missing values allowed.
    features
        Which columns are profiled, and how.
    days
        The day of each row, as datetime64.
    """
    profile = build_profile(frame, features)
    weeks = _whole_weeks(days)
    counted = [count_in(profile, frame[weeks == week]) for week in np.unique(weeks[weeks >= 0])]
    effects = {
        name: design_effect([week.features[name].counts for week in counted]) for name in profile.features
    }
    return profile.model_copy(update={"design_effects": effects})


def _whole_weeks(days: pd.Series[Any]) -> npt.NDArray[np.int64]:
    """Number the weeks back from the newest day; -1 for days older than the last whole week."""
    if days.empty:
        return np.empty(0, dtype=np.int64)
    age = (days.max() - days).dt.days.to_numpy(dtype=np.int64)
    whole = (age.max() + 1) // WEEK_DAYS
    weeks = age // WEEK_DAYS
    return np.where(weeks < whole, weeks, -1)
