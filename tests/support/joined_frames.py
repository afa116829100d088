"""Events joined with labels in pandas, frame by frame: what the SQL of the product is held against."""

from __future__ import annotations

from datetime import date

import pandas as pd

from include.core.training_set import LABEL, MATURED, TrainingSet, take_training_set
from include.specs.model import ModelSpec


def build_training_set(
    events: pd.DataFrame, outcomes: pd.DataFrame, key: list[str], spec: ModelSpec, as_of: date
) -> TrainingSet:
    """Join frames that are ordered by day; an event counts as first seen, an outcome as last corrected."""
    label = spec.label
    known = outcomes.drop_duplicates(key, keep="last").set_index(key)[label.column].rename(LABEL)
    joined = events.drop_duplicates(key, keep="first").join(known, on=key)
    joined[MATURED] = _day(joined[label.mature_at])
    return take_training_set(joined, spec, as_of)


def _day(column: pd.Series) -> pd.Series:
    moments = pd.to_datetime(column, utc=True)
    return moments.dt.tz_localize(None).dt.normalize()
