"""The training set of a snapshot, as training and evaluation both read it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from include.adapters.dvc_reader import open_snapshot
from include.adapters.snapshot_rows import read_rows
from include.contracts import SnapshotRef
from include.core.training_set import TrainingSet, build_training_set
from include.settings import Settings
from include.specs import ModelSpec, Specs


def load_training_set(
    settings: Settings, specs: Specs, spec: ModelSpec, snapshot: SnapshotRef, features: Iterable[str]
) -> tuple[pd.DataFrame, TrainingSet]:
    """Read a snapshot and join its events with their mature labels.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    spec
        The model.
    snapshot
        What is read; its `as_of` decides what is mature.
    features
        The feature columns wanted.

    Returns
    -------
    tuple
        All events of the snapshot, mature or not, with their day in `DS`; and the training set.
    """
    key = list(specs.dataset(spec.dataset).key)
    columns = list(dict.fromkeys([*key, spec.label.mature_at, *features]))
    with open_snapshot(
        settings.snapshot_registry, snapshot, settings.work_root, storage=settings.snapshot_storage()
    ) as reader:
        events = read_rows(reader.paths(spec.dataset), columns, key, settings.work_root)
        outcomes = read_rows(
            reader.paths(spec.label.dataset), [*key, spec.label.column], key, settings.work_root
        )
    return events, build_training_set(events, outcomes, key, spec, snapshot.as_of)
