"""Models of every task go the whole way: frozen, trained, judged, promoted, scored, and trained again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from include.adapters import warehouse
from include.contracts import CandidateRef, ChampionRef, EvaluationRef
from include.errors import EstimatorError, SettingsError, SpecError
from include.settings import Settings
from include.specs.task import METRICS, Task
from include.steps import (
    evaluate_candidate,
    freeze_snapshot,
    predict_partition,
    promote_candidate,
    train_candidate,
)
from include.steps.scorer import load_scorer
from tests.support.model_specs import BASE
from tests.support.rides import Rides, rides
from tests.support.visits import START

pytestmark = pytest.mark.integration

DAYS = 66
AS_OF, LATER = START + timedelta(days=60), START + timedelta(days=DAYS)
OWN = "tests.support.own_estimators"
PATIENT = {"load_seconds": 900, "milliseconds_per_row": 5000}
"""Whether a machine is fast enough is not what is tested here."""

ROWS = text("""
    SELECT entity_key, score, prediction, predicted_class, class_scores FROM perennial.current_prediction
    WHERE model = :model AND ds = :ds ORDER BY CAST(entity_key AS bigint)
""")


def sections(
    task: Task, column: str, gates: dict[str, Any], *, positive: str | None = None, **training: Any
) -> dict[str, Any]:
    return {
        "task": str(task),
        "label": {"column": column, "positive": positive},
        "gates": {**gates, "servability": PATIENT},
        "training": {**BASE["training"], "params": {}, **training},
    }


CLASSES = {"absolute": {"accuracy_score": 0.6}, "versus_champion": {"metric": "log_loss", "margin": 0.5}}
NUMBERS = {"absolute": {"r2_score": 0.5}, "versus_champion": {"metric": "mean_absolute_error", "margin": 1.0}}
WORDS = {"absolute": {"roc_auc_score": 0.8}, "versus_champion": {"metric": "roc_auc_score", "margin": 0.2}}
MODELS = {
    "classes-by-boosting": sections(
        Task.MULTICLASS_CLASSIFICATION, "vehicle", CLASSES,
        estimator="hist_gradient_boosting", params={"max_iter": 20}, calibration="sigmoid",
    ),
    "integer-classes-linear": sections(Task.MULTICLASS_CLASSIFICATION, "zone", CLASSES, estimator="linear"),
    "numbers-by-forest": sections(
        Task.REGRESSION, "fare", NUMBERS, estimator="random_forest", params={"n_estimators": 20}
    ),
    "words-calibrated": sections(
        Task.BINARY_CLASSIFICATION, "late", WORDS, positive="yes", estimator="random_forest",
        params={"n_estimators": 20}, calibration="isotonic",
        threshold={"costs": {"false_positive": 1, "false_negative": 3}},
    ),
}  # fmt: skip


def made(settings: Settings, parts: dict[str, Any]) -> Rides:
    world = Rides(settings, parts)
    world.write_days(DAYS)
    return world


def train(world: Rides, as_of: Any = AS_OF) -> CandidateRef:
    snapshot = freeze_snapshot.run(world.settings, world.specs, world.model, as_of)
    return train_candidate.run(world.settings, world.specs, world.model, snapshot, "commit", "lock")


def evaluate(world: Rides, candidate: CandidateRef) -> EvaluationRef:
    return evaluate_candidate.run(world.settings, world.specs, world.model, candidate)


def champion(world: Rides) -> ChampionRef:
    with warehouse.transaction(world.settings) as conn:
        found = warehouse.current_champion(conn, world.model)
    assert found is not None
    return found


def published(world: Rides) -> list[Any]:
    with warehouse.transaction(world.settings) as conn:
        return list(conn.execute(ROWS, {"model": world.model, "ds": AS_OF}))


@pytest.mark.parametrize("parts", [pytest.param(parts, id=name) for name, parts in MODELS.items()])
def test_a_model_goes_the_whole_way_twice(settings: Settings, parts: dict[str, Any]) -> None:
    world = made(settings, parts)
    task = Task(parts["task"])

    first = train(world)
    evidence = evaluate(world, first)
    assert set(evidence.metrics) == {str(metric) for metric in METRICS[task]}
    assert [d.gate for d in evidence.decisions if d.verdict != "passed"] == []
    assert promote_candidate.run(settings, world.specs, world.model, evidence).promoted

    serving = champion(world)
    night = predict_partition.run(settings, world.specs, world.model, AS_OF, serving, "run 1")
    assert (night.rows, night.changed) == (30, True)
    scorer = load_scorer(settings, serving)
    scores = scorer.score(pd.DataFrame(rides(AS_OF, 30)))
    rows = published(world)
    if task is Task.REGRESSION:
        assert [row.score for row in rows] == scores.tolist()
    elif task is Task.BINARY_CLASSIFICATION:
        assert [row.prediction for row in rows] == scorer.answers(scores).tolist()
    else:
        names = np.array(scorer.info.classes)
        assert [row.predicted_class for row in rows] == names[scorer.answers(scores)].tolist()
        assert {tuple(sorted(row.class_scores)) for row in rows} == {tuple(scorer.info.classes)}

    second = evaluate(world, train(world, LATER))
    assert second.champion_version == 1
    assert set(second.champion_metrics) == set(second.metrics)
    assert promote_candidate.run(settings, world.specs, world.model, second).version == 2


def test_an_estimator_of_ones_own_serves_where_its_types_are_trusted(settings: Settings) -> None:
    gates = {
        "absolute": {"mean_absolute_error": 50},
        "versus_champion": {"metric": "mean_absolute_error", "margin": 1},
    }
    parts = sections(Task.REGRESSION, "fare", gates, estimator=f"{OWN}:median", params={"shift": 0.5})
    world = made(settings, parts)
    with pytest.raises(SettingsError, match=f"not trusted: {OWN}.OwnMedian"):
        train(world)
    trusting = settings.model_copy(update={"trusted_types": (f"{OWN}.OwnMedian",)})
    world = Rides(trusting, parts, world.model)
    evidence = evaluate(world, train(world))
    assert [d.gate for d in evidence.decisions if d.verdict != "passed"] == []
    assert promote_candidate.run(trusting, world.specs, world.model, evidence).promoted
    night = predict_partition.run(trusting, world.specs, world.model, AS_OF, champion(world), "run 1")
    assert night.rows == 30
    with pytest.raises(SettingsError, match="PERENNIAL_TRUSTED_TYPES"):
        predict_partition.run(settings, world.specs, world.model, AS_OF, champion(world), "run 2")


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        pytest.param({"estimator": "no_module:build"}, SpecError, "no_module", id="no-such-module"),
        pytest.param({"params": {"depth": 3}}, SpecError, "depth", id="unknown-parameter"),
        pytest.param(
            {"estimator": f"{OWN}:failing"}, EstimatorError, "optimiser diverged", id="throws"
        ),
        pytest.param({"estimator": f"{OWN}:odd"}, EstimatorError, "not finite", id="not-a-number"),
    ],
)  # fmt: skip
def test_what_cannot_train_registers_nothing(
    settings: Settings, changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    parts = sections(Task.BINARY_CLASSIFICATION, "late", WORDS, positive="yes", **changes)
    world = made(settings, parts)
    with pytest.raises(error, match=said):
        train(world)
