"""Rows for the leakage checks: sound unless a test spoils them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from include.core.leakage.finding import Known, Waiting
from include.core.split import split_by_maturity

AS_OF = date(2024, 6, 1)
_DAYS = 120


def sound_rows(rows: int = 4000, seed: int = 0, *, fixed_horizon: bool = False) -> tuple[Known, Waiting]:
    """Return rows whose features know a little about the label and nothing they should not.

    `spend` is a number with many values, `visits` one with few, both sometimes missing; `plan` is text.
    Events mature up to 60 days later, or all after three days; grace is 5 days, validation and holdout
    14 days each.
    """
    rng = np.random.default_rng(seed)
    event_day = np.datetime64(AS_OF) - 1 - rng.integers(0, _DAYS, rows)
    matured = event_day + (3 if fixed_horizon else rng.integers(0, 60, rows))
    spend = rng.gamma(2, 50, rows)
    plan = rng.choice(["basic", "plus", "pro"], rows, p=[0.6, 0.3, 0.1])
    chance = 1 / (1 + np.exp(spend / 50 - 1.5 - (plan == "basic")))
    features = pd.DataFrame(
        {
            "spend": np.where(rng.random(rows) < 0.05, np.nan, spend),
            "visits": rng.poisson(2, rows).astype(float),
            "plan": plan.astype(object),
        }
    )
    labels = (rng.random(rows) < chance).astype(np.int64)
    known = matured < np.datetime64(AS_OF) - 5
    keys = pd.DataFrame({"id": np.arange(rows)})
    return (
        Known(
            features=features[known].reset_index(drop=True),
            labels=labels[known],
            matured=matured[known],
            event_day=event_day[known],
            keys=keys[known].reset_index(drop=True),
            entities=pd.DataFrame(index=range(int(known.sum()))),
            split=split_by_maturity(matured[known], AS_OF, 5, 14, 14),
        ),
        Waiting(features[~known].reset_index(drop=True), event_day[~known]),
    )


def with_feature(known: Known, name: str, values: Any) -> Known:
    """Return the rows with one more feature: numbers as float64, text as objects."""
    column = np.asarray(values)
    kind = object if column.dtype.kind in "OU" else np.float64
    return replace(known, features=known.features.assign(**{name: column.astype(kind)}))


def waiting_with(waiting: Waiting, name: str, values: Any) -> Waiting:
    """Return the rows that wait with one more feature."""
    column = np.asarray(values)
    kind = object if column.dtype.kind in "OU" else np.float64
    return replace(waiting, features=waiting.features.assign(**{name: column.astype(kind)}))
