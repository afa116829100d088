"""Read the days before a night again, as far back as rows may come late."""

from __future__ import annotations

from datetime import date, timedelta

from include.adapters.lake import Lake
from include.contracts import HistoryResult
from include.settings import Settings
from include.specs import Specs
from include.steps import load_history


def run(
    settings: Settings, specs: Specs, dataset: str, ds: date, run_id: str | None = None
) -> HistoryResult | None:
    """Make new revisions of the days within `lateness` before `ds` whose rows changed in the source.

    A day that has not changed is left as it is, and one that has no clean partition is left to its own
    run, which may still wait for its rows. Rows that come later than `lateness` are not seen by any
    night; a history load over their days brings them in.

    Parameters
    ----------
    settings
        Where lake and reports lie and how to reach the source.
    specs
        All specs.
    dataset
        What to read.
    ds
        The night's own day, which is not read.
    run_id
        The Airflow run, recorded with what it writes.

    Returns
    -------
    HistoryResult
        Of the days read; None where there are none.

    Raises
    ------
    FatalError, ContractError, SourceError, SourceUnavailableError, SettingsError, ConcurrentWriteError
        As for `load_history`.
    """
    spec = specs.dataset(dataset)
    spec.require_days(ds, ds)
    first = ds - timedelta(days=min(spec.lateness or 0, (ds - spec.start).days))
    days = [manifest.ds for manifest in Lake(settings.lake_root).clean_manifests(dataset, first, ds)]
    if not days:
        return None
    only = frozenset(days)
    return load_history.run(settings, specs, dataset, days[0], days[-1], only=only, run_id=run_id)
