"""One model's life, told by real DAG runs: history, first champion, seven nights, drift, a successor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from include.contracts import (
    CleanPartitionRef,
    DriftResult,
    EvaluationRef,
    HistoryResult,
    PromotionResult,
    PublicationRef,
    SnapshotRef,
)
from include.demo.airflow_api import AirflowApi, Run
from include.demo.display import Display
from include.errors import PerennialError
from include.specs import Specs

MODEL = "booking_cancellation"
FIRST_NIGHT = date(2017, 5, 1)
"""A Monday: the week of the seven nights is the week of the drift check."""
NIGHTS = 7
_PARSE_SECONDS = 120


@dataclass(frozen=True)
class Night:
    """What became of one day's rows."""

    ds: date
    clean: CleanPartitionRef
    publication: PublicationRef


@dataclass(frozen=True)
class Training:
    """From snapshot to verdict."""

    snapshot: SnapshotRef
    evaluation: EvaluationRef
    promotion: PromotionResult


@dataclass
class Chronicle:
    """Everything the demo saw, for the summary."""

    histories: list[HistoryResult] = field(default_factory=list)
    first_training: Training | None = None
    nights: list[Night] = field(default_factory=list)
    drift: DriftResult | None = None
    second_training: Training | None = None


class Story:
    """Drives the DAGs through REST, as a CI job would.

    Parameters
    ----------
    api
        The Airflow to drive.
    specs
        The specs Airflow works with; the story takes the model's datasets and window from them.
    display
        Where progress is shown.
    """

    def __init__(self, api: AirflowApi, specs: Specs, display: Display) -> None:
        self._api = api
        self._model = specs.model(MODEL)
        self._display = display
        # Run ids must be new at each telling; nothing the runs do depends on them.
        self._telling = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        self.chronicle = Chronicle()

    def tell(self) -> Chronicle:
        """Run every chapter; a failed run ends the story with its task and log."""
        self.prepare()
        self._score_nights()
        drift = self._check_drift()
        self.follow_retraining(drift)
        return self.chronicle

    def prepare(self) -> None:
        """Tell the story up to the first champion."""
        self._await_dags()
        self._abandon_leftovers()
        self._load_history()
        self.chronicle.first_training = self._train(FIRST_NIGHT)

    def follow_retraining(self, drift: Run) -> None:
        """Follow a drift run's request, if it made one, to the end of the promotion."""
        if self._api.result(drift, "request_retraining") is None:
            return
        with self._display.chapter("The drift check asked for a successor") as note:
            snapshot = self._api.wait_for_follower(drift, f"{MODEL}__snapshot", lambda: note("snapshot"))
            self.chronicle.second_training = self._follow_training(snapshot, note)

    def _await_dags(self) -> None:
        stages = ("snapshot", "train", "promote", "predict", "drift")
        wanted = {f"{MODEL}__{stage}" for stage in stages}
        wanted |= {f"{d}__{s}" for d in self._model.datasets for s in ("ingest", "load_history")}
        deadline = datetime.now(UTC) + timedelta(seconds=_PARSE_SECONDS)
        with self._display.chapter("Airflow reads the DAGs") as note:
            while missing := wanted - self._api.dag_ids():
                note(f"{len(wanted) - len(missing)} of {len(wanted)}")
                if datetime.now(UTC) > deadline:
                    errors = "\n".join(self._api.import_errors()) or "no import error"
                    raise PerennialError(f"DAGs did not appear: {', '.join(sorted(missing))}\n{errors}")
                self._api.pause()
            note(f"{len(wanted)} DAGs")

    def _abandon_leftovers(self) -> None:
        """End what an interrupted demo left behind; its steps are safe to repeat."""
        for dag_id in sorted(self._api.dag_ids()):
            for backfill in self._api.open_backfills(dag_id):
                self._api.cancel_backfill(backfill)
        for run in self._api.open_runs():
            self._api.fail(run)

    def _load_history(self) -> None:
        first = FIRST_NIGHT - timedelta(days=self._model.training.window)
        params = {"first": first.isoformat(), "last": (FIRST_NIGHT - timedelta(days=1)).isoformat()}
        with self._display.chapter("History lands, one run a dataset") as note:
            runs = [self._trigger(f"{name}__load_history", params) for name in self._model.datasets]
            for run in runs:
                self._api.wait(run, lambda: note(self._states(runs)))
            loads = [self._result(run, "load_history", HistoryResult) for run in runs]
            self.chronicle.histories = loads
            note(f"{sum(h.partitions for h in loads)} partitions, {sum(h.rows for h in loads):,} rows")

    def _train(self, as_of: date) -> Training:
        with self._display.chapter(f"A version is trained as of {as_of}, judged, decided") as note:
            return self._follow_training(
                self._trigger(f"{MODEL}__snapshot", {"as_of": as_of.isoformat()}), note
            )

    def _follow_training(self, snapshot: Run, note: Callable[[str], None]) -> Training:
        """Follow the asset events: snapshot, then training, then promotion."""
        self._api.wait(snapshot, lambda: note("snapshot"))
        train = self._api.wait_for_follower(snapshot, f"{MODEL}__train", lambda: note("training"))
        promote = self._api.wait_for_follower(train, f"{MODEL}__promote", lambda: note("decision"))
        training = Training(
            self._result(snapshot, "freeze_snapshot", SnapshotRef),
            self._result(train, "evaluate_candidate", EvaluationRef),
            self._result(promote, "promote_candidate", PromotionResult),
        )
        promotion = training.promotion
        note(f"version {promotion.version} {'promoted' if promotion.promoted else 'not promoted'}")
        return training

    def _score_nights(self) -> None:
        last = FIRST_NIGHT + timedelta(days=NIGHTS - 1)
        dags = [*(f"{name}__ingest" for name in self._model.datasets), f"{MODEL}__predict"]
        with self._display.chapter(f"{NIGHTS} nights by backfill") as note:
            backfills = [self._api.backfill(dag, FIRST_NIGHT, last, max_active_runs=2) for dag in dags]
            for backfill in backfills:
                self._api.wait_for_backfill(backfill, lambda: note(self._progress(dags, last)))
            runs = {dag: self._api.runs_between(dag, FIRST_NIGHT, last) for dag in dags}
            for run in (run for found in runs.values() for run in found):
                self._api.require_success(run)
            scored = zip(runs[f"{self._model.dataset}__ingest"], runs[f"{MODEL}__predict"], strict=True)
            self.chronicle.nights = [self._night(ingest, predict) for ingest, predict in scored]
            note(f"{sum(n.publication.rows for n in self.chronicle.nights):,} predictions")

    def _night(self, ingest: Run, predict: Run) -> Night:
        clean = self._result(ingest, "validate_partition", CleanPartitionRef)
        return Night(clean.ds, clean, self._result(predict, "predict_partition", PublicationRef))

    def _progress(self, dags: list[str], last: date) -> str:
        runs = [run for dag in dags for run in self._api.runs_between(dag, FIRST_NIGHT, last)]
        done = sum(run.state == "success" for run in runs)
        return f"{done} of {len(dags) * NIGHTS} runs"

    def _check_drift(self) -> Run:
        with self._display.chapter("The weekly drift check") as note:
            run = self._trigger(f"{MODEL}__drift", {"partition": FIRST_NIGHT.isoformat()})
            self._api.wait(run, lambda: note("comparing the week with the reference"))
            drift = self._result(run, "measure_drift", DriftResult)
            self.chronicle.drift = drift
            note("the data changed" if drift.drifted else "no change")
            return run

    def _trigger(self, dag_id: str, params: dict[str, Any]) -> Run:
        return self._api.trigger(dag_id, f"demo__{self._telling}", params)

    def _states(self, runs: list[Run]) -> str:
        return ", ".join(f"{run.dag_id.split('__')[0]}: {self._api.run(run).state}" for run in runs)

    def _result(self, run: Run, task_id: str, kind: Any) -> Any:
        value = self._api.result(run, task_id)
        if value is None:
            raise PerennialError(f"task {task_id} of {run.dag_id} ({run.run_id}) handed on nothing")
        return kind.from_json(value)
