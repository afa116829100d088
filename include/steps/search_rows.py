"""The training set that all trials of a search read: made once, kept on this machine while it lasts."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from include.adapters.feature_rows import read_frame
from include.adapters.files import holds_sha256
from include.contracts import SnapshotRef
from include.core.training_set import TrainingSet, take_training_set
from include.errors import IntegrityError
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.steps.snapshot_training_set import write_snapshot_set

_FOLDER = "searches"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchRows:
    """What a search reads.

    Attributes
    ----------
    events, data
        As `load_training_set` returns them.
    sha256
        Of the file they were read from: equal snapshots give equal files, on every machine.
    """

    events: pd.DataFrame
    data: TrainingSet
    sha256: str


def read_search_rows(
    settings: Settings, specs: Specs, spec: ModelSpec, snapshot: SnapshotRef, study: str, sha256: str | None
) -> SearchRows:
    """Read the rows of a search, from this machine's copy where there is a sound one, else from the snapshot.

    Parameters
    ----------
    settings, specs
        The installation and its specs.
    spec
        The model.
    snapshot
        What is searched on.
    study
        The search.
    sha256
        What the file must hold; None when the search is opened, which makes it anew.

    Raises
    ------
    IntegrityError
        When the snapshot gives other rows than those that the search began with.
    """
    path = _copy(settings, spec.model, study)
    if sha256 is None or not holds_sha256(path, sha256):
        wanted = list(dict.fromkeys([*spec.features.all, *spec.leakage.entity]))
        found = write_snapshot_set(settings, specs, spec, snapshot, wanted, spec.derived, path).sha256
        if sha256 is not None and found != sha256:
            raise IntegrityError(
                f"the snapshot gives a training set of SHA-256 {found} here, the search began with {sha256}",
                where=f"search {study}",
                next_step="bring all workers to the same version of Perennial and clear the task"
                " `plan_search`, which begins anew",
            )
        sha256 = found
    events = read_frame(path, settings.work_root)
    return SearchRows(events, take_training_set(events, spec, snapshot.as_of), sha256)


def forget_search_rows(settings: Settings, model: str, keep: str | None = None) -> None:
    """Remove this machine's copies for a model's searches, but for the one that is kept.

    A trial that still needs one makes it again.
    """
    mine = settings.work_root / _FOLDER / model
    for folder in mine.glob("*/") if keep else [mine]:
        if folder.name != keep:
            shutil.rmtree(folder, ignore_errors=True)  # another process may be at it


def _copy(settings: Settings, model: str, study: str) -> Path:
    return settings.work_root / _FOLDER / model / study / "training_set.parquet"
