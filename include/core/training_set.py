"""The rows that may train or judge a model: events joined with mature labels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.errors import TrainingDataError, name_some
from include.specs.model import ModelSpec

# No spec can name columns like these.
DS = "#ds"
"""The day of an event's partition, as datetime64."""

LABEL = "#label"
"""The label as float64, missing where it is not known."""

MATURED = "#matured"
"""The day on which the label becomes mature, without grace, as datetime64; missing where unknown."""


@dataclass(frozen=True)
class RowCounts:
    """Where the rows of a snapshot went."""

    rows: int
    immature: int
    mature_without_label: int
    used: int


@dataclass(frozen=True)
class TrainingSet:
    """Mature, labelled rows in the order of their events.

    Attributes
    ----------
    rows
        The events' columns.
    labels
        Shape (rows,), int64, 0 or 1.
    matured
        Shape (rows,), datetime64[D]: the day each label became mature, without grace.
    counts
        What was left out, and why.
    """

    rows: pd.DataFrame
    labels: NDArray[np.int64]
    matured: NDArray[np.datetime64]
    counts: RowCounts


def take_training_set(events: pd.DataFrame, spec: ModelSpec, as_of: date) -> TrainingSet:
    """Take the events whose labels may be trusted at the start of `as_of`.

    An event is mature when its `mature_at` day and `grace` further days have passed, whatever its
    outcome.

    Parameters
    ----------
    events
        Events in the order of their days, each key once: `MATURED`, `LABEL` and any other columns.
    spec
        The model.
    as_of
        The first day whose data is not known yet.

    Raises
    ------
    TrainingDataError
        When too many mature rows have no label, a label is not 0 or 1, there is only one class, or
        fewer rows than `training.min_rows`.
    """
    mature = events[MATURED] < pd.Timestamp(as_of - timedelta(days=spec.label.grace))
    labelled = mature & events[LABEL].notna()
    counts = RowCounts(
        len(events), int((~mature).sum()), int((mature & ~labelled).sum()), int(labelled.sum())
    )
    used = events[labelled].reset_index(drop=True)
    _check(used[LABEL], counts, spec)
    return TrainingSet(
        rows=used.drop(columns=[LABEL, MATURED]),
        labels=used[LABEL].to_numpy(dtype=np.int64),
        matured=used[MATURED].to_numpy().astype("datetime64[D]"),
        counts=counts,
    )


def check_classes(labels: NDArray[np.int64], part: str, spec: ModelSpec) -> None:
    """Refuse a part of the training set that holds only one class.

    Raises
    ------
    TrainingDataError
        Names the part and the class.
    """
    if len(np.unique(labels)) < 2:
        found = f"only class {labels[0]}" if len(labels) else "no rows"
        raise _refusal(
            f"the {part} part has {found}", spec, "widen its span in `training`, or wait for more outcomes"
        )


def check_features(prepared: pd.DataFrame, spec: ModelSpec) -> None:
    """Refuse features that are missing in every row: nothing can be learned from them.

    Raises
    ------
    TrainingDataError
        Names the features.
    """
    empty = [name for name in prepared.columns if prepared[name].isna().all()]
    if empty:
        raise _refusal(
            f"feature {name_some(empty)} has no value in the train part",
            spec,
            f"check these columns in {spec.dataset}, or take them out of `features`",
        )


def _check(labels: pd.Series, counts: RowCounts, spec: ModelSpec) -> None:
    mature = counts.used + counts.mature_without_label
    missing_share = counts.mature_without_label / mature if mature else 0.0
    if missing_share > spec.label.max_missing_share:
        raise _refusal(
            f"{counts.mature_without_label} of {mature} mature rows ({missing_share:.1%}) have no label,"
            f" more than the {spec.label.max_missing_share:.1%} that label.max_missing_share allows",
            spec,
            f"ingest the missing days of {spec.label.dataset}, or lengthen label.grace",
            counts,
        )
    if counts.used < spec.training.min_rows:
        raise _refusal(
            f"{counts.used} of {counts.rows} rows are mature and labelled, training.min_rows asks for"
            f" {spec.training.min_rows}",
            spec,
            "load more history, or widen training.window",
            counts,
        )
    classes = sorted(labels.unique().tolist())
    if classes != [0, 1]:
        raise _refusal(
            f"label {spec.label.column} takes the values {classes[:10]}, not 0 and 1",
            spec,
            f"check {spec.label.column} in {spec.label.dataset}",
            counts,
        )


def _refusal(
    what: str, spec: ModelSpec, next_step: str, counts: RowCounts | None = None
) -> TrainingDataError:
    facts = asdict(counts) if counts else {}
    return TrainingDataError(what, where=f"model {spec.model}", next_step=next_step, **facts)
