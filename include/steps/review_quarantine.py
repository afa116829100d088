"""Write the page that says what is in a dataset's quarantine, and why."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from include.adapters.files import write_atomically
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.adapters.quarantine_rows import count_reasons, example_rows
from include.core.observed import key_texts
from include.core.partition import ONE_DAY, days_between
from include.core.quarantine_review import Example, Reason, ReviewedDay, sum_up_reasons
from include.errors import IntegrityError
from include.pages import render_page
from include.settings import Settings
from include.specs import DatasetSpec, Specs

log = logging.getLogger(__name__)

DAYS = 28
_EXAMPLES = 5


def run(settings: Settings, specs: Specs, dataset: str, last: date) -> str:
    """Write the page over the `DAYS` days up to one.

    A day whose file of quarantined rows is damaged is named on the page and does not stop the others.

    Parameters
    ----------
    settings
        Where lake and reports lie.
    specs
        All specs.
    dataset, last
        Whose quarantine, up to which day.

    Returns
    -------
    str
        Where the page lies, relative to the reports' root.
    """
    spec = specs.dataset(dataset)
    lake = Lake(settings.lake_root)
    first = max(spec.start, last - timedelta(days=DAYS - 1))
    manifests = lake.clean_manifests(dataset, first, last + ONE_DAY)
    files, damaged = _files(lake, manifests)
    page = render_page(
        "quarantine.html",
        title=f"Quarantine of {dataset}",
        subtitle=f"{first} to {last}. {spec.description}",
        spec=spec,
        first=first,
        last=last,
        reasons=_reasons(spec, files, settings.work_root),
        days=[_day(manifest, manifest.ds in damaged) for manifest in manifests],
        absent=_absent(manifests, first, last),
    )
    report = f"{dataset}/quarantine/{last}.html"
    write_atomically(settings.reports_root / report, page.encode())
    log.info("%d of %d days of %s up to %s have quarantined rows", len(files), len(manifests), dataset, last)
    return report


def _files(lake: Lake, manifests: Sequence[CleanManifest]) -> tuple[dict[date, Path], set[date]]:
    """Return where each day's quarantined rows lie, and the days whose file is not what was recorded."""
    files, damaged = {}, set()
    for manifest in manifests:
        try:
            path = lake.verified_quarantine(manifest)
        except IntegrityError as error:
            log.warning("%s", error)
            damaged.add(manifest.ds)
            continue
        if path is not None:
            files[manifest.ds] = path
    return files, damaged


def _reasons(spec: DatasetSpec, files: dict[date, Path], work_root: Path) -> list[Reason]:
    found = example_rows(files, spec.key, _EXAMPLES, work_root)
    examples = [
        (rule, Example(ds, key_texts(row, spec.key)[0].as_py(), observed))
        for rule, ds, observed, row in found
    ]
    return sum_up_reasons(count_reasons(files, work_root), examples)


def _day(manifest: CleanManifest, damaged: bool) -> ReviewedDay:
    return ReviewedDay(
        ds=manifest.ds,
        rows=manifest.rows,
        quarantined_rows=manifest.quarantined_rows,
        run_id=manifest.run_id,
        report=manifest.report,
        damaged=damaged,
    )


def _absent(manifests: Sequence[CleanManifest], first: date, last: date) -> list[date]:
    present = {manifest.ds for manifest in manifests}
    return [ds for ds in days_between(first, last + ONE_DAY) if ds not in present]
