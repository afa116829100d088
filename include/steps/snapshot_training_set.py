"""The training set of a snapshot, as training and evaluation both read it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from include.adapters.dvc_reader import open_snapshot
from include.adapters.feature_rows import PartitionFiles, open_rows, read_frame
from include.adapters.parquet_files import FileFacts
from include.adapters.work_folders import work_folder
from include.contracts import SnapshotRef
from include.core.feature_sql import rows_of
from include.core.look_back import look_backs, require_every_day
from include.core.training_set import TrainingSet, take_training_set
from include.core.training_set_sql import training_set_sql
from include.errors import DataError, name_some
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.derived import Derived
from include.steps.window_bounds import window_bounds

log = logging.getLogger(__name__)


def load_training_set(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    snapshot: SnapshotRef,
    features: Iterable[str],
    derived: Sequence[Derived] | None = None,
    classes: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, TrainingSet]:
    """Read a snapshot and join its events with their features and mature labels.

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
        The columns and derived features wanted.
    derived
        How derived features are computed, by default as the spec says today.
    classes
        The classes of a version that was trained already; by default those of the train part.

    Returns
    -------
    tuple
        All events of the snapshot, mature or not, each key once, with their day in `DS`; and the
        training set.

    Raises
    ------
    TrainingDataError
        When the rows cannot train.
    MissingPartitionError
        When days that derived features look back at are not in the snapshot.
    """
    derived = spec.derived if derived is None else derived
    wanted = list(dict.fromkeys(features))
    with work_folder(settings.work_root, "training-set-") as folder:
        path = folder / "training_set.parquet"
        write_snapshot_set(settings, specs, spec, snapshot, wanted, derived, path)
        events = read_frame(path, settings.work_root)
    return events, take_training_set(events, spec, snapshot.as_of, classes)


def write_snapshot_set(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    snapshot: SnapshotRef,
    wanted: Sequence[str],
    derived: Sequence[Derived],
    path: Path,
) -> FileFacts:
    """Write the events of a snapshot with features and labels into one file; see `write_training_set`."""
    with _snapshot_files(settings, specs, spec, snapshot, derived) as files:
        facts = write_training_set(
            settings.work_root, specs, spec, snapshot.first, files, wanted, derived, path
        )
    log.info("%s: training set of %d events, SHA-256 %s", spec.model, facts.rows, facts.sha256)
    return facts


def write_training_set(
    work_root: Path,
    specs: Specs,
    spec: ModelSpec,
    first: date | None,
    files: Mapping[str, PartitionFiles],
    wanted: Sequence[str],
    derived: Sequence[Derived],
    path: Path,
    **limits: str | int,
) -> FileFacts:
    """Write all events with features and labels into one Parquet file, in the order of their rows.

    Equal partitions give equal bytes, whatever memory and threads DuckDB is given in `limits`.

    Parameters
    ----------
    work_root
        Below it DuckDB may spill.
    specs
        All sound specs.
    spec
        The model.
    first
        The day of the first event; earlier partitions are only looked back at. None: there are none.
    files
        The partitions of each dataset.
    wanted
        The columns and derived features wanted.
    derived
        How derived features are computed; those not wanted are not.
    path
        The file.
    """
    chosen = [one for one in derived if one.name in wanted]
    names = {one.name for one in chosen}
    columns = [spec.label.mature_at, *(name for name in wanted if name not in names)]
    begin = first or min(day for one in files.values() for day in one.paths)
    base = specs.dataset(spec.dataset)
    views = {rows_of(name): one for name, one in files.items()}
    where = f"model {spec.model}, {name_some(sorted(files))}"
    with open_rows(views, work_root, where, **limits) as rows:  # type: ignore[arg-type]
        bounds = window_bounds(rows, specs.datasets, chosen)
        sql = training_set_sql(base, spec.label, specs.datasets, chosen, columns, begin, bounds, spec.task)
        return rows.write(sql.setup, sql.select, path)


@contextmanager
def _snapshot_files(
    settings: Settings, specs: Specs, spec: ModelSpec, snapshot: SnapshotRef, derived: Sequence[Derived]
) -> Iterator[dict[str, PartitionFiles]]:
    """Give the partitions of a snapshot, with every day that derived features look back at."""
    names = sorted({spec.dataset, spec.label.dataset, *(one.dataset for one in derived)})
    next_step = (
        "keep the derived features of the version that serves in the spec's `derived` until a version"
        f" without them serves, and trigger the DAG {spec.model}__snapshot again"
    )
    if unknown := [name for name in names if name not in snapshot.listings]:
        raise DataError(
            f"it does not hold {name_some(unknown)}, which features are derived from",
            where=f"snapshot {snapshot.tag}",
            next_step=next_step,
        )
    with open_snapshot(
        settings.snapshot_registry, snapshot, settings.work_root, storage=settings.snapshot_storage()
    ) as reader:
        found = {name: _by_day(reader.paths(name)) for name in names}
        for name, days in look_backs(derived).items():
            first = (snapshot.first or min(found[spec.dataset])) - timedelta(days=days)
            require_every_day(specs.dataset(name), found[name], first, snapshot.as_of, next_step)
        yield {name: PartitionFiles(specs.dataset(name).columns, paths) for name, paths in found.items()}


def _by_day(paths: Mapping[str, Path]) -> dict[date, Path]:
    return {date.fromisoformat(Path(name).stem): path for name, path in paths.items()}
