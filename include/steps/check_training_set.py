"""Look at a training set before anything is fitted: who waits for maturity, and what should not be known."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from include.adapters.files import write_atomically
from include.adapters.lake_manifests import raw_log
from include.contracts import SnapshotRef
from include.core.cohorts import DAY, LABELLED, MATURE, Cohorts, count_cohorts
from include.core.label_summary import describe_labels
from include.core.leakage.altered_later import Alterations, add_up_changes
from include.core.leakage.check import LeakageReport, check_leakage, refuse_leaks
from include.core.leakage.finding import Days, Known, Waiting
from include.core.prepare import prepare
from include.core.split import split_by_maturity
from include.core.training_set import DS, LABEL, MATURED, TrainingSet
from include.pages import render_page
from include.settings import Settings
from include.specs import ModelSpec, Specs

_TAG_LENGTH = 5000
"""MLflow takes no longer tag."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingSetReport:
    """What is recorded with the run.

    Attributes
    ----------
    document
        Cohorts, parts and leakage as JSON values.
    page
        The same for people, as one HTML document.
    tags
        The outcome in a word, and every accepted finding with its reason.
    """

    document: dict[str, Any]
    page: str
    tags: dict[str, str]


def check_training_set(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    snapshot: SnapshotRef,
    events: pd.DataFrame,
    data: TrainingSet,
) -> TrainingSetReport:
    """Count the cohorts, search for leaks, and write the page into the reports.

    Parameters
    ----------
    settings, specs
        The installation and its specs.
    spec
        The model.
    snapshot
        What the rows were read from.
    events, data
        What `load_training_set` returned for the features and the columns of `leakage.entity`.

    Raises
    ------
    LeakageError
        When something was found that the spec does not waive; the page is written before.
    """
    mature = events[MATURED] < pd.Timestamp(snapshot.as_of - timedelta(days=spec.label.grace))
    known = _known(data, list(specs.dataset(spec.dataset).key), spec, snapshot)
    alterations = _alterations(settings, spec.dataset, _days(events[DS]), len(events))
    leakage = check_leakage(known, _waiting(events[~mature], spec), alterations, spec.leakage)
    cohorts, parts = _cohorts(events, mature), _parts(known)
    page = _page(spec, snapshot, cohorts, parts, leakage)
    path = page_of(snapshot)
    write_atomically(settings.reports_root / path, page.encode())
    _log(spec, cohorts, leakage, path)
    refuse_leaks(leakage, spec.model, path)
    document = {"cohorts": cohorts.to_json(), "parts": parts, "leakage": leakage.to_json()}
    return TrainingSetReport(document, page, _tags(leakage))


def page_of(snapshot: SnapshotRef) -> str:
    """Return where a snapshot's page lies, relative to the reports' root."""
    return f"{snapshot.model}/training_set/{snapshot.as_of}-{snapshot.content_hash[:8]}.html"


def _cohorts(events: pd.DataFrame, mature: pd.Series[bool]) -> Cohorts:
    labelled = events[LABEL].notna()
    return count_cohorts(pd.DataFrame({DAY: events[DS], MATURE: mature, LABELLED: labelled}))


def _known(data: TrainingSet, key: list[str], spec: ModelSpec, snapshot: SnapshotRef) -> Known:
    training = spec.training
    return Known(
        features=prepare(data.rows, spec.features),
        labels=data.labels,
        matured=data.matured,
        event_day=_days(data.rows[DS]),
        keys=data.rows[key],
        entities=data.rows[spec.leakage.entity],
        split=split_by_maturity(
            data.matured, snapshot.as_of, spec.label.grace, training.validation, training.holdout
        ),
        task=spec.task,
        classes=data.classes,
    )


def _waiting(rows: pd.DataFrame, spec: ModelSpec) -> Waiting:
    return Waiting(prepare(rows, spec.features), _days(rows[DS]))


def _days(column: pd.Series) -> Days:
    return column.to_numpy().astype("datetime64[D]")


def _alterations(settings: Settings, dataset: str, event_days: Days, rows: int) -> Alterations:
    """Ask the lake what revisions changed in the snapshot's partitions; on first revisions it has no word."""
    revisions = raw_log(settings.lake_root)
    changes = {
        day: [m.changes for m in revisions.later_revisions(dataset, day) if m.changes is not None]
        for day in np.unique(event_days).tolist()
    }
    return add_up_changes(rows, changes.values())


def _parts(known: Known) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "rows": int(rows.sum()),
            "labels": describe_labels(known.labels[rows], known.task, known.classes),
            "first": str(known.matured[rows].min()) if rows.any() else None,
            "last": str(known.matured[rows].max()) if rows.any() else None,
        }
        for name, rows in known.parts
    ]


def _page(
    spec: ModelSpec,
    snapshot: SnapshotRef,
    cohorts: Cohorts,
    parts: list[dict[str, Any]],
    leakage: LeakageReport,
) -> str:
    return render_page(
        "training_set.html",
        title=f"Training set of {spec.model}, as of {snapshot.as_of}",
        subtitle=f"Snapshot {snapshot.tag}: {cohorts.total.rows} events, {cohorts.total.labelled} labelled",
        spec=spec,
        cohorts=cohorts,
        parts=parts,
        leakage=leakage,
    )


def _tags(leakage: LeakageReport) -> dict[str, str]:
    """Name every accepted finding and its reason, so that they can be searched for in MLflow."""
    accepted = leakage.accepted
    reasons = "; ".join(f"{item.title}: {item.waived}" for item in accepted)
    outcome = f"{len(accepted)} accepted" if accepted else "none"
    return {"leakage": outcome} | ({"leakage_waivers": reasons[:_TAG_LENGTH]} if accepted else {})


def _log(spec: ModelSpec, cohorts: Cohorts, leakage: LeakageReport, path: str) -> None:
    for waiver in leakage.unused:
        log.warning(
            "%s: nothing was found that needs the waiver of %s%s; take it out of the spec",
            spec.model, waiver.check, f" of {waiver.column}" if waiver.column else "",
        )  # fmt: skip
    total = cohorts.total
    log.info(
        "%s: of %d events %d are labelled, %d mature without label, %d wait for maturity;"
        " %d leaks found, %d of them accepted; page %s",
        spec.model, total.rows, total.labelled, total.without_label, total.waiting,
        len(leakage.findings), len(leakage.accepted), path,
    )  # fmt: skip
