"""Operators hand the run's day and references to their step and announce what came back.

The steps are replaced by doubles with the real signatures: a call that would not fit fails the test.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import create_autospec

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include import steps
from include.contracts import (
    CandidateRef,
    ChampionRef,
    CleanPartitionRef,
    DriftResult,
    EvaluationRef,
    GarbageResult,
    HistoryResult,
    PartitionRef,
    PromotionResult,
    PublicationRef,
    QuarantineExport,
    ReplayResult,
    Reproduced,
    ReproductionResult,
    RetrainRequest,
    SnapshotRef,
)
from include.errors import ContractError, FatalError, LeakageError, NoChampionError, RetiredError
from perennial_airflow import assets
from perennial_airflow.operators.announce_champion import AnnounceChampionOperator
from perennial_airflow.operators.collect_snapshot_garbage import CollectSnapshotGarbageOperator
from perennial_airflow.operators.decide_promotion import DecidePromotionOperator
from perennial_airflow.operators.evaluate_candidate import EvaluateCandidateOperator
from perennial_airflow.operators.freeze_snapshot import FreezeSnapshotOperator
from perennial_airflow.operators.ingest_partition import IngestPartitionOperator
from perennial_airflow.operators.load_history import LoadHistoryOperator
from perennial_airflow.operators.measure_drift import MeasureDriftOperator
from perennial_airflow.operators.pin_champion import PinChampionOperator
from perennial_airflow.operators.predict_partition import PredictPartitionOperator
from perennial_airflow.operators.replay_quarantine import ReplayQuarantineOperator
from perennial_airflow.operators.reproduce_version import ReproduceVersionOperator
from perennial_airflow.operators.request_retraining import RequestRetrainingOperator
from perennial_airflow.operators.revise_late_days import ReviseLateDaysOperator
from perennial_airflow.operators.train_candidate import TrainCandidateOperator
from perennial_airflow.operators.validate_partition import ValidatePartitionOperator
from perennial_airflow.quiet_imports import import_skops

MODEL = "booking_cancellation"
DAY = date(2017, 5, 1)
HASH = "0" * 64
PARTITION = PartitionRef(dataset="bookings", ds=DAY, revision=1, rows=3, content_sha256=HASH)
CLEAN = CleanPartitionRef(
    dataset="bookings", ds=DAY, revision=1, rows=2, quarantined_rows=1, warned_rows=0,
    content_sha256=HASH, content_md5="0" * 32, report="bookings/validation/x.html",
)  # fmt: skip
SNAPSHOT = SnapshotRef(
    model=MODEL, as_of=DAY, tag="t", commit="c", content_hash=HASH, listings={"bookings": "m"},
    partitions=1, rows=2,
)  # fmt: skip
CANDIDATE = CandidateRef(
    model=MODEL, version=2, run_id="abc", as_of=DAY, artifact_sha256=HASH, snapshot=SNAPSHOT
)
EVALUATION = EvaluationRef(
    candidate=CANDIDATE, champion_version=1, holdout_first=DAY, holdout_last=DAY, holdout_rows=1,
    metrics={}, champion_metrics={}, decisions=[],
)  # fmt: skip
CHAMPION = ChampionRef(
    model=MODEL, version=2, run_id="abc", effective_from=DAY, artifact_sha256=HASH,
    snapshot_tag="t", snapshot_hash=HASH,
)  # fmt: skip
PUBLICATION = PublicationRef(
    model=MODEL, ds=DAY, revision=1, rows=2, model_version=2, content_hash=HASH, changed=True
)
REQUEST = RetrainRequest(model=MODEL, as_of=date(2017, 5, 8), source="drift", reason="moved")

MakeContext = Callable[..., dict[str, Any]]
Replace = Callable[[str, Any], Any]


def drift(*, drifted: bool) -> DriftResult:
    return DriftResult(
        model=MODEL, first=DAY, last=date(2017, 5, 7), champion_version=2, rows=9, drifted=drifted,
        features=[], report="booking_cancellation/drift/x.html",
    )  # fmt: skip


def promotion(*, promoted: bool) -> PromotionResult:
    return PromotionResult(
        model=MODEL, version=2, promoted=promoted, previous_version=1, effective_from=DAY, reasons=["worse"]
    )


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Replace a step by a double with its signature that gives the answer or raises the error."""

    def replace_step(name: str, answer: Any) -> Any:
        import_skops()
        module = importlib.import_module(f"{steps.__name__}.{name}")
        double = create_autospec(module.run)
        if isinstance(answer, Exception):
            double.side_effect = answer
        else:
            double.return_value = answer
        monkeypatch.setattr(module, "run", double)
        return double

    return replace_step


def test_ingest_reads_the_day_of_the_run(make_context: MakeContext, replace: Replace) -> None:
    step = replace("ingest_partition", PARTITION)
    made = IngestPartitionOperator(task_id="t", dataset="bookings").execute(make_context())
    assert made == PARTITION.to_json()
    settings, _, dataset, day = step.call_args.args
    assert (dataset, day) == ("bookings", DAY)
    assert set(settings.connections) == {"hotel_pms"}


@pytest.mark.parametrize(
    ("run_type", "present"), [("scheduled", True), ("manual", True), ("backfill", False)]
)
def test_only_a_run_for_the_present_tells_ingest_the_time(
    make_context: MakeContext, replace: Replace, run_type: str, present: bool
) -> None:
    step = replace("ingest_partition", PARTITION)
    named = {"partition": "2017-05-01"} if run_type == "manual" else {}
    IngestPartitionOperator(task_id="t", dataset="bookings").execute(make_context(run_type, named))
    read_at = step.call_args.kwargs["read_at"]
    assert (read_at is not None) is present
    if read_at is not None:
        assert abs(datetime.now(UTC) - read_at) < timedelta(minutes=1)


def test_validation_announces_the_clean_partition_and_links_its_page(
    make_context: MakeContext, replace: Replace
) -> None:
    step = replace("validate_partition", CLEAN)
    replace("review_quarantine", "bookings/quarantine/2017-05-01.html")
    context = make_context()
    operator = ValidatePartitionOperator(task_id="t", partition=PARTITION.to_json())
    assert operator.execute(context) == CLEAN.to_json()
    assert context["outlet_events"][assets.clean_partition("bookings")].extra == CLEAN.to_json()
    assert operator.link_urls == {
        "Validation result": "/perennial/reports/bookings/validation/x.html",
        "Quarantine": "/perennial/reports/bookings/quarantine/2017-05-01.html",
    }
    assert step.call_args.args[3] == "r"


def test_a_refused_partition_still_links_its_page(make_context: MakeContext, replace: Replace) -> None:
    replace("validate_partition", ContractError("2 rows fail", report="bookings/validation/bad.html"))
    operator = ValidatePartitionOperator(task_id="t", partition=PARTITION.to_json())
    with pytest.raises(ContractError):
        operator.execute(make_context())
    assert operator.link_urls == {"Validation result": "/perennial/reports/bookings/validation/bad.html"}


def test_history_is_loaded_between_the_named_days(make_context: MakeContext, replace: Replace) -> None:
    done = HistoryResult(
        dataset="bookings", first=DAY, last=DAY, partitions=1, written=1, rows=1, quarantined_rows=0
    )
    step = replace("load_history", done)
    params = {"first": "2017-04-01", "last": "2017-04-30"}
    LoadHistoryOperator(task_id="t", dataset="bookings").execute(make_context("manual", params))
    assert step.call_args.args[3:5] == (date(2017, 4, 1), date(2017, 4, 30))


def test_a_scheduled_night_looks_for_late_rows(make_context: MakeContext, replace: Replace) -> None:
    done = HistoryResult(
        dataset="bookings", first=DAY, last=DAY, partitions=1, written=1, rows=1, quarantined_rows=0
    )
    step = replace("revise_late_days", done)
    operator = ReviseLateDaysOperator(task_id="t", dataset="bookings")
    assert operator.execute(make_context()) == done.to_json()
    assert step.call_args.args[2:] == ("bookings", DAY, make_context()["dag_run"].run_id)
    assert set(step.call_args.args[0].connections) == {"hotel_pms"}


def test_where_no_day_can_be_late_the_task_is_skipped(make_context: MakeContext, replace: Replace) -> None:
    replace("revise_late_days", None)
    with pytest.raises(AirflowSkipException, match="no earlier day"):
        ReviseLateDaysOperator(task_id="t", dataset="bookings").execute(make_context())


@pytest.mark.parametrize("run_type", ["backfill", "manual"])
def test_only_scheduled_nights_look_for_late_rows(
    make_context: MakeContext, replace: Replace, run_type: str
) -> None:
    step = replace("revise_late_days", None)
    with pytest.raises(AirflowSkipException, match="only scheduled nights"):
        ReviseLateDaysOperator(task_id="t", dataset="bookings").execute(make_context(run_type))
    step.assert_not_called()


def test_a_history_that_ends_before_it_begins_is_refused(make_context: MakeContext) -> None:
    params = {"first": "2017-04-30", "last": "2017-04-01"}
    with pytest.raises(FatalError, match="2017-04-30 is after 2017-04-01"):
        LoadHistoryOperator(task_id="t", dataset="bookings").execute(make_context("manual", params))


RANGE = {"first": "2017-05-01", "last": "2017-05-02"}
EMPTY = {"file": None, "reason": None, "dry_run": True}


def test_without_a_file_the_quarantine_is_handed_out(make_context: MakeContext, replace: Replace) -> None:
    made = QuarantineExport(dataset="bookings", first=DAY, last=DAY, rows=3, file="bookings/quarantine/x.csv")
    replace("export_quarantine", made)
    operator = ReplayQuarantineOperator(task_id="t", dataset="bookings")
    assert operator.execute(make_context("manual", {**RANGE, **EMPTY})) == made.to_json()
    assert operator.link_urls == {"Rows to mend": "/perennial/reports/bookings/quarantine/x.csv"}


@pytest.mark.parametrize("dry_run", [True, False])
def test_with_a_file_it_is_replayed(make_context: MakeContext, replace: Replace, dry_run: bool) -> None:
    done = ReplayResult(dataset="bookings", file_sha256=HASH, dry_run=dry_run, unchanged=0, days=[])
    step = replace("replay_quarantine", done)
    replace("review_quarantine", "bookings/quarantine/2017-05-02.html")
    params = {**RANGE, "file": "/mnt/mended.csv", "reason": "typing error", "dry_run": dry_run}
    operator = ReplayQuarantineOperator(task_id="t", dataset="bookings")
    assert operator.execute(make_context("manual", params)) == done.to_json()
    assert step.call_args.args[3:] == (DAY, date(2017, 5, 2), "/mnt/mended.csv", "typing error")
    assert step.call_args.kwargs == {"dry_run": dry_run, "run_id": "r"}
    assert bool(operator.link_urls) is not dry_run


def test_a_replay_that_is_refused_links_the_page(make_context: MakeContext, replace: Replace) -> None:
    replace("replay_quarantine", ContractError("refused", report="bookings/validation/bad.html"))
    operator = ReplayQuarantineOperator(task_id="t", dataset="bookings")
    params = {**RANGE, "file": "/mnt/mended.csv", "reason": "typing error", "dry_run": False}
    with pytest.raises(ContractError):
        operator.execute(make_context("manual", params))
    assert operator.link_urls == {"Validation result": "/perennial/reports/bookings/validation/bad.html"}


def test_a_snapshot_takes_its_day_from_the_request(make_context: MakeContext, replace: Replace) -> None:
    step = replace("freeze_snapshot", SNAPSHOT)
    context = make_context(
        events={assets.retrain_request(MODEL): [REQUEST.to_json()]}, params={"as_of": None}
    )
    FreezeSnapshotOperator(task_id="t", model=MODEL).execute(context)
    assert step.call_args.args[2:] == (MODEL, date(2017, 5, 8))
    assert context["outlet_events"][assets.snapshot(MODEL)].extra == SNAPSHOT.to_json()


def test_a_snapshot_by_hand_takes_the_day_of_the_form(make_context: MakeContext, replace: Replace) -> None:
    step = replace("freeze_snapshot", SNAPSHOT)
    FreezeSnapshotOperator(task_id="t", model=MODEL).execute(make_context("manual", {"as_of": "2017-05-01"}))
    assert step.call_args.args[3] == DAY


@pytest.mark.parametrize("verify", [True, False])
def test_a_snapshot_is_read_back_on_request(
    make_context: MakeContext, replace: Replace, verify: bool
) -> None:
    step = replace("freeze_snapshot", SNAPSHOT)
    context = make_context("manual", {"as_of": "2017-05-01", "verify": verify})
    FreezeSnapshotOperator(task_id="t", model=MODEL).execute(context)
    assert step.call_args.kwargs == {"verify": verify}


def test_garbage_is_collected_as_the_form_says(make_context: MakeContext, replace: Replace) -> None:
    result = GarbageResult(
        as_of=DAY, dry_run=True, tags=0, removed_tags=[], objects=0, bytes=0, kept_tags=1, kept_objects=2
    )
    step = replace("collect_snapshot_garbage", result)
    params = {"as_of": "2017-05-01", "newest": 5, "days": 30, "dry_run": True}
    operator = CollectSnapshotGarbageOperator(task_id="t")
    assert operator.execute(make_context("manual", params)) == result.to_json()
    assert step.call_args.args[1:] == (DAY,)
    assert step.call_args.kwargs == {"newest": 5, "days": 30, "dry_run": True}


def test_a_snapshot_without_a_day_is_refused(make_context: MakeContext) -> None:
    with pytest.raises(FatalError, match="no day is named"):
        FreezeSnapshotOperator(task_id="t", model=MODEL).execute(make_context("manual", {"as_of": None}))


def test_training_takes_the_announced_snapshot(make_context: MakeContext, replace: Replace) -> None:
    step = replace("train_candidate", CANDIDATE)
    operator = TrainCandidateOperator(task_id="t", model=MODEL)
    operator.execute(make_context(events={assets.snapshot(MODEL): [SNAPSHOT.to_json()]}))
    assert step.call_args.args[3] == SNAPSHOT
    assert operator.link_urls["MLflow run"].endswith("/runs/abc")
    page = f"{MODEL}/training_set/{SNAPSHOT.as_of}-{SNAPSHOT.content_hash[:8]}.html"
    assert operator.link_urls["Training set"] == f"/perennial/reports/{page}"


def test_a_training_that_is_refused_for_a_leak_is_linked_to_its_page(
    make_context: MakeContext, replace: Replace
) -> None:
    replace("train_candidate", LeakageError("status is known later", report=f"{MODEL}/training_set/x.html"))
    operator = TrainCandidateOperator(task_id="t", model=MODEL)
    with pytest.raises(LeakageError, match="status is known later"):
        operator.execute(make_context(events={assets.snapshot(MODEL): [SNAPSHOT.to_json()]}))
    assert operator.link_urls == {"Training set": f"/perennial/reports/{MODEL}/training_set/x.html"}


@pytest.mark.parametrize("operator", [TrainCandidateOperator, DecidePromotionOperator])
def test_what_follows_an_event_cannot_be_started_without_one(
    make_context: MakeContext, operator: Any
) -> None:
    with pytest.raises(FatalError, match=f"trigger {MODEL}__snapshot"):
        operator(task_id="t", model=MODEL).execute(make_context("manual"))


def test_evaluation_announces_its_evidence(make_context: MakeContext, replace: Replace) -> None:
    evidence = EVALUATION.model_copy(update={"report": f"{MODEL}/evaluation/version-2-beside-1.html"})
    replace("evaluate_candidate", evidence)
    context = make_context()
    operator = EvaluateCandidateOperator(task_id="t", candidate=CANDIDATE.to_json())
    operator.execute(context)
    assert context["outlet_events"][assets.evaluation(MODEL)].extra == evidence.to_json()
    assert operator.link_urls["Evidence"] == f"/perennial/reports/{evidence.report}"
    assert operator.link_urls["MLflow run"].endswith("/runs/abc")


def test_only_a_promoted_version_is_announced(make_context: MakeContext) -> None:
    context = make_context()
    made = promotion(promoted=True).to_json()
    AnnounceChampionOperator(task_id="t", promotion=made).execute(context)
    assert context["outlet_events"][assets.champion(MODEL)].extra == made
    refused = promotion(promoted=False).to_json()
    with pytest.raises(AirflowSkipException, match="version 2 was refused, the champion stays: worse"):
        AnnounceChampionOperator(task_id="t", promotion=refused).execute(make_context())


def test_the_champion_is_pinned_for_the_day(make_context: MakeContext, replace: Replace) -> None:
    step = replace("pin_champion", CHAMPION)
    made = PinChampionOperator(task_id="t", model=MODEL).execute(make_context(params={"champion": "as_of"}))
    assert made == CHAMPION.to_json()
    assert step.call_args.args[1:] == (MODEL, DAY, "as_of")


def test_without_a_champion_the_night_is_skipped(make_context: MakeContext, replace: Replace) -> None:
    replace("pin_champion", NoChampionError("nothing serves", next_step="trigger m__snapshot"))
    with pytest.raises(AirflowSkipException, match="trigger m__snapshot"):
        PinChampionOperator(task_id="t", model=MODEL).execute(make_context(params={"champion": "as_of"}))


def test_the_night_of_a_retired_model_is_skipped(make_context: MakeContext, replace: Replace) -> None:
    replace("pin_champion", RetiredError("retired by ada: the product ended"))
    with pytest.raises(AirflowSkipException, match="the product ended"):
        PinChampionOperator(task_id="t", model=MODEL).execute(make_context(params={"champion": "as_of"}))


def test_prediction_scores_with_the_pinned_champion(make_context: MakeContext, replace: Replace) -> None:
    step = replace("predict_partition", PUBLICATION)
    context = make_context()
    operator = PredictPartitionOperator(task_id="t", model=MODEL, champion=CHAMPION.to_json())
    operator.execute(context)
    assert step.call_args.args[2:] == (MODEL, DAY, CHAMPION, "r")
    assert context["outlet_events"][assets.predictions(MODEL)].extra == PUBLICATION.to_json()


def test_the_drift_report_is_linked(make_context: MakeContext, replace: Replace) -> None:
    replace("measure_drift", drift(drifted=True))
    operator = MeasureDriftOperator(task_id="t", model=MODEL)
    operator.execute(make_context())
    assert operator.link_urls == {"Drift report": "/perennial/reports/booking_cancellation/drift/x.html"}


def test_drift_asks_for_retraining(make_context: MakeContext, replace: Replace) -> None:
    replace("request_retraining", REQUEST)
    context = make_context("manual")
    RequestRetrainingOperator(task_id="t", model=MODEL, drift=drift(drifted=True).to_json()).execute(context)
    assert context["outlet_events"][assets.retrain_request(MODEL)].extra == REQUEST.to_json()


@pytest.mark.parametrize(
    ("run_type", "drifted", "why"),
    [("backfill", True, "backfills never ask"), ("scheduled", False, "looks like the champion's reference")],
)
def test_no_retraining_is_asked_for_without_a_reason(
    make_context: MakeContext, replace: Replace, run_type: str, drifted: bool, why: str
) -> None:
    step = replace("request_retraining", REQUEST)
    operator = RequestRetrainingOperator(task_id="t", model=MODEL, drift=drift(drifted=drifted).to_json())
    with pytest.raises(AirflowSkipException, match=why):
        operator.execute(make_context(run_type))
    step.assert_not_called()


def test_a_version_is_built_again_as_the_form_says(make_context: MakeContext, replace: Replace) -> None:
    built = ReproductionResult(
        model=MODEL, version=2, verdict=Reproduced.BIT_EQUAL, registered_sha256=HASH, rebuilt_sha256=HASH,
        largest_score_difference=0.0, metrics={}, registered_metrics={}, differences=[], report="m/r/2.html",
    )  # fmt: skip
    step = replace("reproduce_version", built)
    operator = ReproduceVersionOperator(task_id="reproduce_version", model=MODEL)
    context = make_context("manual", {"version": 2, "seed": None}, user="ada")
    assert operator.execute(context) == built.to_json()
    assert step.call_args.args[1:4] == (MODEL, 2, None)
    assert step.call_args.args[4].root.joinpath("include").is_dir()
    assert step.call_args.kwargs == {"request": "r", "actor": "ada"}
    assert operator.link_urls == {"Reproduction": "/perennial/reports/m/r/2.html"}
