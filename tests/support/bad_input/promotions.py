"""Evidence, answers and registries that must not lead to another champion."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from include.adapters import mlflow_registry, warehouse
from include.adapters.warehouse import ledger
from include.contracts import ApprovalRef, CandidateRef, EvaluationRef, PromotionPlan, PromotionResult
from include.contracts.ledger import approval_key
from include.errors import ApprovalError, IntegrityError, SourceUnavailableError, StaleEvidenceError
from include.specs import Specs
from include.steps import decide_promotion, promote_candidate, record_approval
from tests.support.bad_input.model_case import BadModelInput, Bench, Met, ModelEnds, error_of
from tests.support.bad_input.nights import model_file
from tests.support.bad_input.studio import LAST, Studio, decision, flip_a_byte, unopposed
from tests.support.bad_input.trainings import training
from tests.support.model_specs import BASE
from tests.support.shop import dataset_document

MANUAL = {
    "gates": {**BASE["gates"], "approval": {"mode": "manual", "approvers": ["rita", "tom"], "expires": "2d"}}
}


def candidate_file(studio: Studio, version: int) -> Path:
    return studio.files_of(version) / "model.skops"


def successor(candidate: CandidateRef) -> EvaluationRef:
    """Return evidence for a candidate that was compared with version 1, without the time that it takes."""
    return unopposed(candidate).model_copy(update={"champion_version": 1})


def altered_before_judging(bench: Bench) -> Met:
    studio = bench.studio
    candidate = studio.train(as_of=LAST)
    with studio.spoilt(candidate_file(studio, candidate.version), flip_a_byte):
        error = error_of(lambda: studio.evaluate(candidate))
    assert studio.judged().candidate == candidate
    return Met(error)


def altered_before_promoting(bench: Bench) -> Met:
    studio = bench.studio
    evidence = studio.judged()
    with studio.spoilt(candidate_file(studio, evidence.candidate.version), flip_a_byte):
        error = error_of(lambda: studio.promote(evidence))
    return Met(error)


def champion_not_loaded(bench: Bench) -> Met:
    """The candidate cannot be compared, so it does not serve; once mended, it is compared."""
    studio = bench.studio
    mended = studio.judged()
    with studio.spoilt(model_file(studio), flip_a_byte):
        evidence = studio.evaluate(mended.candidate)
    compared = decision(evidence, "versus_champion")
    assert not studio.promote(evidence).promoted
    assert decision(mended, "versus_champion").reasons != compared.reasons
    return Met("; ".join(compared.reasons))


def registry_down(bench: Bench) -> Met:
    """The registry is down when a candidate is to be promoted: nothing changes."""
    registry = bench.server("stoppable_registry")
    studio = registry.studio
    evidence = successor(studio.train(as_of=LAST))
    before = studio.champion()
    registry.stop()
    try:
        error = error_of(lambda: studio.promote(evidence))
        assert studio.champion() == before
    finally:
        registry.start()
    return Met(error, studio)


def registry_down_before_the_alias(bench: Bench) -> Met:
    """It stops once the promotion is on record and before the alias is moved; the retry moves it."""
    registry = bench.server("stoppable_registry")
    studio = registry.studio.another(registry.studio.settings).begin()
    evidence = successor(studio.train(as_of=LAST))
    record = warehouse.record_promotion

    def record_then_stop(*given: Any, **named: Any) -> Any:
        entry = record(*given, **named)
        registry.stop()
        return entry

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(warehouse, "record_promotion", record_then_stop)
        error = error_of(lambda: studio.promote(evidence))
    registry.start()
    assert studio.champion().version == 2
    assert mlflow_registry.champion_alias(studio.settings, studio.model) == 1
    assert studio.score(LAST - timedelta(days=1)).model_version == 1
    assert studio.promote(evidence).promoted
    assert studio.versions() == [1, 2]
    return Met(error, studio, serves=2)


def two_at_once(bench: Bench) -> Met:
    """Two candidates that were compared with the same champion are promoted at the same moment."""
    studio = bench.studio.another().begin()
    other = studio.specs(**training(seed=8))
    candidates = [studio.train(as_of=LAST), studio.train(other, as_of=LAST)]
    evidence = [successor(candidate) for candidate in candidates]

    def promote(one: EvaluationRef) -> PromotionResult | StaleEvidenceError:
        try:
            return studio.promote(one)
        except StaleEvidenceError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(promote, evidence))
    (error,) = [result for result in results if isinstance(result, StaleEvidenceError)]
    (winner,) = [result.version for result in results if isinstance(result, PromotionResult)]
    told = str(error).replace(f"version {winner}", "version A").replace(f"version {5 - winner}", "version B")
    return Met(told, studio, serves=winner)


def asked_plan(studio: Studio, specs: Specs, requested_by: str | None) -> tuple[EvaluationRef, PromotionPlan]:
    """Return evidence that a person must agree with, and the question."""
    evidence = studio.judged()
    snapshot = evidence.candidate.snapshot.model_copy(update={"requested_by": requested_by})
    candidate = evidence.candidate.model_copy(update={"snapshot": snapshot})
    asked = evidence.model_copy(update={"candidate": candidate})
    plan = decide_promotion.run(studio.settings, specs, studio.model, asked)
    assert plan.needs_approval
    return asked, plan


def answer(plan: PromotionPlan, by: str, **changes: Any) -> ApprovalRef:
    made = ApprovalRef(
        model=plan.model, version=plan.version, evidence_sha256=plan.evidence_sha256, approved=True, by=by,
        reason="looks good",
    )  # fmt: skip
    return made.model_copy(update=changes)


def no_answer_on_record(change: Callable[[PromotionPlan], ApprovalRef | None]) -> Callable[[Bench], Met]:
    def meet(bench: Bench) -> Met:
        studio = bench.studio
        specs = studio.specs(**MANUAL)
        evidence, plan = asked_plan(studio, specs, None)
        given = change(plan)
        return Met(
            error_of(lambda: promote_candidate.run(studio.settings, specs, studio.model, evidence, given))
        )

    return meet


def own_training(bench: Bench) -> Met:
    studio = bench.studio
    _, plan = asked_plan(studio, studio.specs(**MANUAL), "rita")
    return Met(error_of(lambda: record_approval.run(studio.settings, plan, True, "rita", "mine")))


def not_assigned(bench: Bench) -> Met:
    """Somebody answers whom the spec does not name: their answer does not count, the question stays open."""
    studio, output = bench.studio, bench.server("capfd")
    specs = studio.specs(**MANUAL)
    evidence, plan = asked_plan(studio, specs, None)
    assert asked_after_an_answer(studio, evidence, plan, by="mallory") == [["rita", "tom"]]
    with warehouse.transaction(studio.settings) as conn:
        assert ledger.find(conn, approval_key(studio.model, plan.evidence_sha256)) is None
    (told,) = re.findall(r"this answer does not count: [^\[\n]*", "".join(output.readouterr()))
    return Met(told.strip())


def asked_after_an_answer(
    studio: Studio, evidence: EvaluationRef, plan: PromotionPlan, by: str
) -> list[list[str]]:
    """Let Airflow hand an answer to the operator; return whom it asks again."""
    # Here, because all other cases do without Airflow.
    from airflow.providers.standard.operators import hitl
    from airflow.sdk.exceptions import TaskAwaitingInput

    from perennial_airflow import assets
    from perennial_airflow.operators.approve_promotion import ApprovePromotionOperator

    now = datetime.now(UTC)
    event = {
        "chosen_options": ["Approve"], "params_input": {"reason": "fine"}, "responded_at": now,
        "responded_by_user": {"id": by, "name": by}, "timedout": False,
    }  # fmt: skip
    context = {
        "dag_run": SimpleNamespace(run_type="asset_triggered", dag_id="d", run_id="r"),
        "params": {},
        "task_instance": SimpleNamespace(id=UUID(int=1)),
        "triggering_asset_events": {
            assets.evaluation(studio.model): [SimpleNamespace(extra=evidence.to_json())]
        },
    }
    asked: list[list[str]] = []

    def write_question(*_: Any, assigned_users: list[dict[str, str]], **__: Any) -> None:
        asked.append([user["id"] for user in assigned_users])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hitl, "upsert_hitl_detail", write_question)  # Airflow's own database is not there
        for name, value in environment(studio).items():
            patched.setenv(name, value)
        operator = ApprovePromotionOperator(task_id="approve", model=studio.model, plan=plan.to_json())
        with pytest.raises(TaskAwaitingInput):
            operator.read_answer(context, event, (now + timedelta(hours=1)).isoformat())  # type: ignore[arg-type]
    return asked


def environment(studio: Studio) -> dict[str, str]:
    """Write the specs as YAML and return what an operator reads of its environment."""
    root = studio.root / "specs"
    documents = {
        "datasets/events": dataset_document("events"),
        "datasets/outcomes": dataset_document("outcomes"),
        f"models/{studio.model}": {**BASE, "model": studio.model, **MANUAL},
    }
    for name, document in documents.items():
        path = root / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, default=str), "utf-8")  # JSON is YAML
    names = ("lake_root", "reports_root", "work_root", "snapshot_registry", "mlflow_tracking_uri")
    found = {f"PERENNIAL_{name.upper()}": str(getattr(studio.settings, name)) for name in names}
    return {**found, "PERENNIAL_SPECS_ROOT": str(root)}


def silence(bench: Bench) -> Met:
    studio = bench.studio
    specs = studio.specs(**MANUAL)
    evidence, plan = asked_plan(studio, specs, "ada")
    given = record_approval.run(studio.settings, plan, False, None, "nobody answered within 2d")
    result = promote_candidate.run(studio.settings, specs, studio.model, evidence, given)
    assert not result.promoted
    return Met("; ".join(result.reasons))


CASES: Sequence[BadModelInput] = [
    BadModelInput("one bit of the candidate's file was changed before it is judged", "evaluation",
                  ModelEnds.STOPPED, altered_before_judging, IntegrityError, ["registered was"]),
    BadModelInput("one bit of the candidate's file was changed after it was judged", "promotion",
                  ModelEnds.STOPPED, altered_before_promoting, IntegrityError, ["registered was"]),
    BadModelInput("the champion's file was changed, so that it cannot be compared", "evaluation",
                  ModelEnds.JUDGED, champion_not_loaded, None, ["champion version 1 cannot be loaded"],
                  "roll back to another version, or restore its files; then clear `evaluate_candidate`"),
    BadModelInput("two candidates are promoted at once", "promotion", ModelEnds.ONE, two_at_once, None,
                  ["version A became champion after version B was compared with 1"],
                  "nothing, or clear `evaluate_candidate` as the message says"),
    BadModelInput("the registry is down", "promotion", ModelEnds.RETRIED, registry_down,
                  SourceUnavailableError, ["MLflow does not answer"]),
    BadModelInput("the registry goes down between the record and the alias", "promotion", ModelEnds.RETRIED,
                  registry_down_before_the_alias, SourceUnavailableError, ["MLflow does not answer"]),
    BadModelInput("an answer by somebody the spec does not name", "approval", ModelEnds.ASKED_AGAIN,
                  not_assigned, None, ["mallory is not among the approvers (rita, tom)"],
                  "have one of the approvers answer"),
    BadModelInput("an answer by who asked for the training", "approval", ModelEnds.STOPPED, own_training,
                  ApprovalError, ["rita asked for the training"]),
    BadModelInput("nobody answers in time", "approval", ModelEnds.STOPPED, silence, None,
                  ["nobody approved in time"], "train again, or wait for the next candidate"),
    BadModelInput("no answer is on record", "promotion", ModelEnds.STOPPED,
                  no_answer_on_record(lambda _: None), ApprovalError,
                  ["a person must agree, and no answer is on record"]),
    BadModelInput("an answer that was given to other evidence", "promotion", ModelEnds.STOPPED,
                  no_answer_on_record(lambda plan: answer(plan, "tom", evidence_sha256="0" * 64)),
                  ApprovalError, ["the answer was given to other evidence"]),
]  # fmt: skip
