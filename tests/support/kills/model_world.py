"""The model plane's steps as they are killed: a small model over real MLflow and PostgreSQL.

A life takes one version through it: trained, evaluated, promoted, rolled back. The training's seed is the
number of the life, so that each life is another training; what its gates said counts as passed, so that
each life comes to a promotion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from include.adapters import warehouse
from include.contracts import CandidateRef, EvaluationRef, SnapshotRef, Verdict
from include.settings import Settings
from include.specs import Specs
from include.steps import (
    evaluate_candidate,
    freeze_snapshot,
    promote_candidate,
    rollback_champion,
    train_candidate,
)
from tests.support.model_specs import BASE
from tests.support.shop import FIRST, Shop, shop_specs

MODEL = "shop"
AS_OF = FIRST + timedelta(days=45)
ROWS_A_DAY = 8

Work = Mapping[str, Any]
"""What a step is given, of JSON types: `life`, and the record the step before it returned."""


def specs_of(life: int) -> Specs:
    """Return the specs of one life."""
    training = {**BASE["training"], "seed": life, "params": {"max_iter": 5}}
    return shop_specs(MODEL, training=training)


def prepare(settings: Settings) -> SnapshotRef:
    """Write the days, freeze them, and let a first version serve."""
    Shop(settings, MODEL).write_days(FIRST, AS_OF - timedelta(days=1), rows=ROWS_A_DAY)
    snapshot = freeze_snapshot.run(settings, specs_of(0), MODEL, AS_OF)
    record: dict[str, Any] = snapshot.to_json()
    for step in ("train", "evaluate", "promote"):
        record = STEPS[step](settings, {"life": 0, "record": record})
    return snapshot


def train(settings: Settings, work: Work) -> dict[str, Any]:
    snapshot = SnapshotRef.from_json(work["record"])
    specs = specs_of(work["life"])
    return train_candidate.run(settings, specs, MODEL, snapshot, "commit", "lock").to_json()


def evaluate(settings: Settings, work: Work) -> dict[str, Any]:
    candidate = CandidateRef.from_json(work["record"])
    found = evaluate_candidate.run(settings, specs_of(work["life"]), MODEL, candidate)
    passed = [decision.model_copy(update={"verdict": Verdict.PASSED}) for decision in found.decisions]
    return found.model_copy(update={"decisions": passed}).to_json()


def promote(settings: Settings, work: Work) -> dict[str, Any]:
    evaluation = EvaluationRef.from_json(work["record"])
    return promote_candidate.run(settings, specs_of(work["life"]), MODEL, evaluation).to_json()


def rollback(settings: Settings, work: Work) -> dict[str, Any]:
    return rollback_champion.run(
        settings, specs_of(work["life"]), MODEL, request=f"life {work['life']}",
        reason="the kills want it", actor="rita", dry_run=False,
    ).to_json()  # fmt: skip


STEPS: Mapping[str, Callable[[Settings, Work], dict[str, Any]]] = {
    "train": train,
    "evaluate": evaluate,
    "promote": promote,
    "rollback": rollback,
}


def serving_version(settings: Settings) -> int | None:
    """Return the version that serves by the warehouse, which is the truth."""
    with warehouse.transaction(settings) as conn:
        champion = warehouse.current_champion(conn, MODEL)
    return champion.version if champion else None
