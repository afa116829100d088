"""The page and record of a training set; a folder is all the installation it needs."""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from include.adapters.lake import Lake
from include.adapters.partition_changes import compare_files
from include.contracts import RowChanges, SnapshotRef
from include.core.training_set import DS, LABEL, MATURED, take_training_set
from include.errors import LeakageError
from include.settings import Settings
from include.specs import ModelSpec
from include.steps.check_training_set import TrainingSetReport, check_training_set
from tests.support.shop import shop_specs

AS_OF = date(2024, 3, 31)
MODEL = "shop"
SNAPSHOT = SnapshotRef(
    model=MODEL, as_of=AS_OF, tag="shop/2024-03-30-0123abcd", commit="0" * 40, content_hash="0123abcd" * 8,
    listings={}, partitions=90, rows=3000,
)  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        lake_root=tmp_path / "lake",
        reports_root=tmp_path / "reports",
        snapshot_registry="none",
        mlflow_tracking_uri="none",
        work_root=tmp_path / "work",
        specs_root=tmp_path / "specs",
    )


def events(rows: int = 3000) -> pd.DataFrame:
    """Events of the 90 days before; one in a hundred mature ones never got a label."""
    rng = np.random.default_rng(0)
    ago = np.sort(rng.integers(1, 91, rows))[::-1]
    day = np.datetime64(AS_OF) - ago
    size = rng.normal(size=rows)
    label = (size + rng.normal(size=rows) > 0).astype(float)
    unknown = (ago <= 8) | (rng.random(rows) < 0.01)
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "due": day + 3,
            "size": size,
            "kind": rng.choice(["a", "b"], rows),
            DS: day.astype("datetime64[us]"),
            MATURED: (day + 3).astype("datetime64[us]"),
            LABEL: np.where(unknown, np.nan, label),
        }
    )


def check(settings: Settings, frame: pd.DataFrame, **leakage: Any) -> TrainingSetReport:
    specs = shop_specs(MODEL, leakage=leakage)
    spec: ModelSpec = specs.model(MODEL)
    return check_training_set(settings, specs, spec, SNAPSHOT, frame, take_training_set(frame, spec, AS_OF))


def page_of(settings: Settings) -> str:
    return (settings.reports_root / MODEL / "training_set" / "2024-03-31-0123abcd.html").read_text("utf-8")


def test_every_event_is_counted(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    frame = events()
    waiting = int((frame[MATURED] >= pd.Timestamp(AS_OF - timedelta(days=5))).sum())
    with caplog.at_level(logging.INFO):
        report = check(settings, frame)
    total = report.document["cohorts"]["total"]
    assert (total["rows"], total["waiting"]) == (3000, waiting)
    assert 0 < total["mature_without_label"] < 60
    assert sum(part["rows"] for part in report.document["parts"]) == total["labelled"]
    assert f"{waiting} wait for maturity; 0 leaks found" in caplog.messages[-1]
    assert report.tags == {"leakage": "none"}


def test_the_record_is_json_and_the_page_needs_nothing_else(settings: Settings) -> None:
    report = check(settings, events())
    assert json.loads(json.dumps(report.document)) == report.document
    assert page_of(settings) == report.page
    assert "<svg" in report.page
    assert "Fit to train." in report.page
    assert "http" not in report.page
    assert report == check(settings, events())


def leaky() -> pd.DataFrame:
    return events().assign(kind=lambda frame: np.where(frame[LABEL] == 1, "a<b", "b"))


def test_a_leak_stops_the_training_and_its_page_is_there(settings: Settings) -> None:
    with pytest.raises(LeakageError, match="predicts_label of kind") as caught:
        check(settings, leaky())
    assert caught.value.facts["report"] == "shop/training_set/2024-03-31-0123abcd.html"
    page = page_of(settings)
    assert "Refused" in page
    assert "a&lt;b" in page


def test_an_accepted_leak_is_shown_and_recorded(settings: Settings) -> None:
    reason = "The kind is chosen by the customer at the event"
    waivers = [{"check": "predicts_label", "column": "kind", "reason": reason}]
    report = check(settings, leaky(), waivers=waivers)
    assert report.tags == {
        "leakage": "1 accepted",
        "leakage_waivers": f"predicts_label of kind: {reason}",
    }
    assert report.document["leakage"]["findings"][0]["waived"] == reason
    assert reason in report.page


def test_a_waiver_that_nothing_needs_is_a_warning(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    waivers = [{"check": "predicts_label", "column": "kind", "reason": "It used to be a leak"}]
    report = check(settings, events(), waivers=waivers)
    (warned,) = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert "needs the waiver of predicts_label of kind; take it out of the spec" in warned
    assert "No longer needed in the spec" in report.page


def test_an_entity_may_not_stand_in_two_parts(settings: Settings) -> None:
    frame = events().assign(customer=lambda rows: rows["id"] % 100)
    with pytest.raises(LeakageError, match=r"entity_across_split: .* entities \(customer\)"):
        check(settings, frame, entity=["customer"])


def test_a_column_that_revisions_alter_is_found(settings: Settings) -> None:
    """A partition is read twice, with other sizes the second time."""
    lake, day, columns = Lake(settings.lake_root), AS_OF - timedelta(days=30), {"id": "integer"}

    def compare(old: Path, new: Path) -> RowChanges:
        return compare_files(old, new, ["id"], settings.work_root)

    for size in (0.0, 1.0):
        rows = pa.table({"id": list(range(200)), "size": [size] * 200})
        lake.commit_raw("events", day, rows, columns | {"size": "number"}, {}, compare=compare)
    with pytest.raises(LeakageError, match=r"size was altered in 200 of 3000 rows \(6\.7%\)"):
        check(settings, events())


def test_no_row_may_wait(settings: Settings) -> None:
    frame = events()
    mature = frame[frame[MATURED] < pd.Timestamp(AS_OF - timedelta(days=5))]
    report = check(settings, mature.reset_index(drop=True))
    assert report.document["cohorts"]["total"]["waiting"] == 0
