from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest

from include.core.leakage.altered_later import Alterations
from include.core.leakage.check import LeakageReport, check_leakage, refuse_leaks
from include.errors import LeakageError, TrainingDataError
from include.specs.leakage import Leakage, LeakageCheck
from tests.support.leakage import sound_rows, with_feature

NEVER_ALTERED = Alterations(4000, 0, {})
REASON = "the plan is chosen before the event, we asked"


def leaky(**limits: Any) -> LeakageReport:
    known, waiting = sound_rows()
    status = np.where(known.labels == 1, "left", "stays")
    waiting.features["status"] = np.resize(["left", "stays"], len(waiting.event_day)).astype(object)
    return check_leakage(with_feature(known, "status", status), waiting, NEVER_ALTERED, Leakage(**limits))


def waiver(check: LeakageCheck, column: str | None = "status") -> dict[str, Any]:
    return {"check": check, "column": column, "reason": REASON}


def test_sound_rows_pass() -> None:
    report = check_leakage(*sound_rows(), NEVER_ALTERED, Leakage())
    assert (report.findings, report.unused) == ([], [])
    refuse_leaks(report, "demo", "page.html")


def test_a_leak_is_refused_with_its_evidence_and_the_next_step() -> None:
    with pytest.raises(LeakageError) as caught:
        refuse_leaks(leaky(), "demo", "demo/page.html")
    message = str(caught.value)
    assert isinstance(caught.value, TrainingDataError)
    assert "model demo: " in message
    assert "predicts_label of status: status alone predicts the label with ROC AUC 1.000" in message
    assert "'left': 100% of" in message
    assert "open the page demo/page.html" in message
    assert '`leakage: {waivers: [{check: predicts_label, column: status, reason: "…"}]}`' in message
    assert str(pickle.loads(pickle.dumps(caught.value))) == message  # noqa: S301


def test_no_waiver_is_offered_for_a_row_that_trains_and_judges() -> None:
    known, waiting = sound_rows()
    known.keys["id"] = 1
    with pytest.raises(LeakageError) as caught:
        refuse_leaks(check_leakage(known, waiting, NEVER_ALTERED, Leakage()), "demo", "page.html")
    assert "(1) row_key_across_split: " in str(caught.value)
    assert "waivers" not in str(caught.value)


def test_a_waived_finding_is_still_found() -> None:
    report = leaky(waivers=[waiver(LeakageCheck.PREDICTS_LABEL)])
    refuse_leaks(report, "demo", "page.html")
    (accepted,) = report.accepted
    assert (accepted.column, accepted.waived) == ("status", REASON)
    assert "ROC AUC 1.000" in accepted.evidence


def test_a_waiver_is_for_its_column_and_check_alone() -> None:
    other = [waiver(LeakageCheck.PREDICTS_LABEL, "plan"), waiver(LeakageCheck.KNOWN_AFTER_EVENT)]
    report = leaky(waivers=other)
    assert [item.column for item in report.refused] == ["status"]
    assert len(report.unused) == 2


def test_every_check_has_its_say() -> None:
    known, waiting = sound_rows()
    rows = len(known.labels)
    known.features["end"] = np.array([str(day + 9) for day in known.event_day], dtype=object)
    waiting.features["end"] = None
    known.entities["customer"] = np.arange(rows) % 50
    known.keys["id"] = np.arange(rows) % 60
    report = check_leakage(known, waiting, Alterations(100, 3, {"plan": 50}), Leakage())
    assert [(item.check.value, item.column) for item in report.findings] == [
        ("row_key_across_split", None),
        ("known_after_event", "end"),
        ("dated_after_event", "end"),
        ("altered_later", "plan"),
        ("entity_across_split", None),
    ]


def test_the_report_is_plain_json() -> None:
    report = leaky(waivers=[waiver(LeakageCheck.ALTERED_LATER)])
    document = json.loads(json.dumps(report.to_json()))
    assert document["findings"][0]["check"] == "predicts_label"
    assert document["findings"][0]["facts"]["auc"] == 1
    assert document["unused_waivers"][0]["reason"] == REASON
    assert {pair["later"] for pair in document["twins"]} == {"validation", "holdout"}


def test_independent_features_are_left_alone() -> None:
    """Rare, common, missing, clustered and unique values beside sound features, in 60 trainings."""
    found = []
    for seed in range(60):
        known, waiting = sound_rows(1500, seed, fixed_horizon=seed % 2 == 0)
        rows, idle = len(known.labels), len(known.labels) + len(waiting.event_day)
        rng = np.random.default_rng(seed)
        columns = {
            "rare": (rng.random(idle) < 0.03).astype(float),
            "sparse": np.where(rng.random(idle) < 0.1, 1.0, np.nan),
            "party": np.where((rng.random(100) < 0.1)[rng.integers(0, 100, idle)], 1.0, 0.0),
            "number": rng.normal(size=idle),
            "name": np.array([f"n{n}" for n in rng.integers(0, idle, idle)], dtype=object),
            "letter": rng.choice(list("abcde"), idle, p=[0.7, 0.2, 0.05, 0.03, 0.02]).astype(object),
        }
        for name, values in columns.items():
            known.features[name], waiting.features[name] = values[:rows], values[rows:]
        found += check_leakage(known, waiting, NEVER_ALTERED, Leakage()).findings
    assert len(found) <= 1
