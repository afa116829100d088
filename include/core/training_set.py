"""The rows that may train or judge a model: events joined with mature labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.labels import LabelArray, encode_labels
from include.core.split import Split, split_by_maturity
from include.errors import TrainingDataError, name_some
from include.specs.model import ModelSpec
from include.specs.task import Task

# No spec can name columns like these.
DS = "#ds"
"""The day of an event's partition, as datetime64."""

LABEL = "#label"
"""The label as read, text or a number, missing where it is not known."""

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
        Shape (rows,). Binary: int64, 0 or 1. Multiclass: int64, places in `classes`. Regression: float64.
    matured
        Shape (rows,), datetime64[D]: the day each label became mature, without grace.
    counts
        What was left out, and why.
    classes
        The names of the train part's classes, sorted; empty unless multiclass.
    """

    rows: pd.DataFrame
    labels: LabelArray
    matured: NDArray[np.datetime64]
    counts: RowCounts
    classes: tuple[str, ...] = ()


def take_training_set(
    events: pd.DataFrame, spec: ModelSpec, as_of: date, classes: Sequence[str] | None = None
) -> TrainingSet:
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
    classes
        The classes of a version that was trained already; by default those of the train part.

    Raises
    ------
    TrainingDataError
        When too many mature rows have no label, there are fewer rows than `training.min_rows`, or as
        `encode_labels`.
    """
    mature = events[MATURED] < pd.Timestamp(as_of - timedelta(days=spec.label.grace))
    labelled = mature & events[LABEL].notna()
    counts = RowCounts(
        len(events), int((~mature).sum()), int((mature & ~labelled).sum()), int(labelled.sum())
    )
    used = events[labelled].reset_index(drop=True)
    _check_counts(counts, spec)
    matured = used[MATURED].to_numpy().astype("datetime64[D]")
    labels = encode_labels(used[LABEL], _split(matured, spec, as_of).train, spec, classes)
    return TrainingSet(
        rows=used.drop(columns=[LABEL, MATURED]),
        labels=labels.values,
        matured=matured,
        counts=counts,
        classes=labels.classes,
    )


def check_classes(
    labels: LabelArray, part: str, spec: ModelSpec, classes: Sequence[str] = (), *, fits: bool = True
) -> None:
    """Refuse a part of the training set that has too little to learn or to choose from.

    Parameters
    ----------
    labels
        Shape (rows,): the part's.
    part
        Its name, for the message.
    spec
        The model.
    classes
        The names of a multiclass model's classes.
    fits
        Whether something is fitted on the part: it must then hold every class, or different values.
        Otherwise some rows will do; a binary part always holds both classes.

    Raises
    ------
    TrainingDataError
        Names the part and the class.
    """
    found = np.unique(labels)
    if not len(found):
        lacking = "no rows"
    elif classes and fits and len(found) < len(classes):
        absent = [name for code, name in enumerate(classes) if code not in found]
        lacking = f"no row of class {name_some(absent)}"
    elif len(found) < 2 and (fits or spec.task is Task.BINARY_CLASSIFICATION):
        lacking = f"only {'class' if spec.task.is_classification else 'the value'} {found[0]:g}"
    else:
        return
    raise _refusal(
        f"the {part} part has {lacking}", spec, "widen its span in `training`, or wait for more outcomes"
    )


def _split(matured: NDArray[np.datetime64], spec: ModelSpec, as_of: date) -> Split:
    training = spec.training
    return split_by_maturity(matured, as_of, spec.label.grace, training.validation, training.holdout)


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


def _check_counts(counts: RowCounts, spec: ModelSpec) -> None:
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


def _refusal(
    what: str, spec: ModelSpec, next_step: str, counts: RowCounts | None = None
) -> TrainingDataError:
    facts = asdict(counts) if counts else {}
    return TrainingDataError(what, where=f"model {spec.model}", next_step=next_step, **facts)
