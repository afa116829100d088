"""Scoring a real partition with a really registered model into a real warehouse."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from sqlalchemy import text

from include.adapters import mlflow_models, warehouse
from include.adapters.lake import Lake
from include.contracts import ChampionRef, PublicationRef
from include.core.pipeline import score
from include.errors import DataError, IntegrityError, MissingPartitionError, OutputContractError
from include.settings import Settings
from include.specs.task import Task
from include.steps import predict_partition
from include.steps.scorer import Scorer, load_scorer
from tests.support.churn import CLASSES, COLUMNS, DATASET, THRESHOLD, Churn, customers
from tests.support.partitions import commit_clean

pytestmark = pytest.mark.integration

DS = date(2017, 5, 3)
ROWS = text("""
    SELECT entity_key, score, prediction, model_version, snapshot_tag, snapshot_hash
    FROM perennial.current_prediction WHERE model = :model AND ds = :ds
    ORDER BY CAST(entity_key AS bigint)
""")
ANSWERS = text("""
    SELECT entity_key, score, prediction, predicted_class, class_scores
    FROM perennial.current_prediction WHERE model = :model AND ds = :ds
    ORDER BY CAST(entity_key AS bigint)
""")


@pytest.fixture
def churn(settings: Settings) -> Churn:
    return Churn(settings)


def predict(churn: Churn, champion: ChampionRef, ds: date = DS) -> PublicationRef:
    return predict_partition.run(churn.settings, churn.specs, churn.model, ds, champion, "run 1")


def published(churn: Churn, ds: date = DS) -> list[tuple[object, ...]]:
    with warehouse.transaction(churn.settings) as conn:
        return [tuple(row) for row in conn.execute(ROWS, {"model": churn.model, "ds": ds})]


def test_every_row_is_published_with_the_models_own_score(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS, 200)

    answer = predict(churn, champion)

    frame = customers(DS, 200).to_pandas().sort_values("customer_id")
    pipeline = mlflow_models.load_version(
        churn.settings, churn.model, champion.version, champion.run_id, champion.artifact_sha256
    )
    expected = score(pipeline, frame, churn.spec.features)
    rows = published(churn)
    assert (answer.rows, answer.revision, answer.changed) == (200, 1, True)
    assert [row[0] for row in rows] == [str(number) for number in range(1, 201)]
    assert [row[1] for row in rows] == expected.tolist()
    assert [row[2] for row in rows] == (expected >= THRESHOLD).astype(int).tolist()
    assert {row[3:] for row in rows} == {(champion.version, champion.snapshot_tag, champion.snapshot_hash)}
    assert 0 < np.mean([row[2] for row in rows]) < 1


def answers(churn: Churn) -> list[tuple[object, ...]]:
    with warehouse.transaction(churn.settings) as conn:
        return [tuple(row) for row in conn.execute(ANSWERS, {"model": churn.model, "ds": DS})]


def test_a_multiclass_night_has_the_class_and_the_scores_of_all(settings: Settings) -> None:
    churn = Churn(settings, task=Task.MULTICLASS_CLASSIFICATION)
    champion = churn.register()
    churn.write_partition(DS, 200)

    night = [predict(churn, champion) for _ in range(2)]

    frame = customers(DS, 200).to_pandas().sort_values("customer_id")
    scores = load_scorer(settings, champion).score(frame)
    rows = answers(churn)
    assert [answer.changed for answer in night] == [True, False]
    assert [list(row[4].values()) for row in rows] == scores.tolist()
    assert {tuple(row[4]) for row in rows} == {tuple(CLASSES)}
    assert [row[1] for row in rows] == scores.max(axis=1).tolist()
    assert [row[3] for row in rows] == [CLASSES[code] for code in scores.argmax(axis=1)]
    assert {row[3] for row in rows} == set(CLASSES)
    assert {row[2] for row in rows} == {None}


def test_a_night_of_a_regression_has_values(settings: Settings) -> None:
    churn = Churn(settings, task=Task.REGRESSION)
    champion = churn.register()
    churn.write_partition(DS, 200)

    night = [predict(churn, champion) for _ in range(2)]

    frame = customers(DS, 200).to_pandas().sort_values("customer_id")
    values = load_scorer(settings, champion).score(frame)
    assert [answer.changed for answer in night] == [True, False]
    assert answers(churn) == [
        (str(key), value, None, None, None) for key, value in enumerate(values.tolist(), start=1)
    ]
    assert min(values) < 0 < 1 < max(values)


@pytest.mark.parametrize("task", list(Task))
def test_an_empty_night_of_any_task_is_an_answer(settings: Settings, task: Task) -> None:
    churn = Churn(settings, task=task)
    champion = churn.register()
    churn.write_partition(DS, 0)

    assert (predict(churn, champion).rows, answers(churn)) == (0, [])


@pytest.mark.parametrize("task", list(Task))
def test_a_score_that_is_no_number_publishes_nothing(
    settings: Settings, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    churn = Churn(settings, task=task)
    champion = churn.register()
    churn.write_partition(DS, 20)
    predict(churn, champion)
    before = answers(churn)
    healthy = Scorer.score

    def broken(scorer: Scorer, rows: pd.DataFrame) -> NDArray[np.float64]:
        scores = healthy(scorer, rows)
        scores[3] = np.nan
        return scores

    monkeypatch.setattr(Scorer, "score", broken)
    with pytest.raises(OutputContractError, match="missing or not finite"):
        predict(churn, champion)

    assert answers(churn) == before


def test_repeating_writes_nothing_and_hashes_alike(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS)

    answers = [predict(churn, champion) for _ in range(3)]

    assert [answer.changed for answer in answers] == [True, False, False]
    assert len({answer.content_hash for answer in answers}) == 1
    assert {answer.revision for answer in answers} == {1}


def test_a_corrected_partition_becomes_a_new_revision(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS, 200)
    predict(churn, champion)
    churn.write_partition(DS, 210)

    answer = predict(churn, champion)

    assert (answer.revision, answer.rows, answer.changed) == (2, 210, True)
    assert len(published(churn)) == 210


def test_another_version_becomes_a_new_revision(churn: Churn) -> None:
    first, second = churn.register(0), churn.register(1)
    churn.write_partition(DS)
    predict(churn, first)

    assert predict(churn, second).revision == 2
    assert {row[3] for row in published(churn)} == {second.version}


def test_an_empty_partition_publishes_no_rows(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS, 0)

    answer = predict(churn, champion)

    assert (answer.rows, answer.revision, answer.changed) == (0, 1, True)


def test_a_missing_partition_names_its_dag(churn: Churn) -> None:
    with pytest.raises(MissingPartitionError, match=f"{DATASET}__ingest for 2017-05-03"):
        predict(churn, churn.register())


def test_a_key_that_stands_twice_publishes_nothing(churn: Churn) -> None:
    champion = churn.register()
    lake, table = Lake(churn.settings.lake_root), customers(DS, 20)
    twice = pa.concat_tables([table, table.slice(0, 1)])
    raw = lake.commit_raw(DATASET, DS, twice, COLUMNS, {})
    commit_clean(lake, raw, twice)

    with pytest.raises(OutputContractError, match="1 keys predicted more than once"):
        predict(churn, champion)

    assert published(churn) == []


def test_a_partition_without_a_trained_column_is_refused(churn: Churn) -> None:
    champion = churn.register()
    lake, table = Lake(churn.settings.lake_root), customers(DS, 20).drop_columns(["country"])
    raw = lake.commit_raw(DATASET, DS, table, COLUMNS, {})
    commit_clean(lake, raw, table)

    with pytest.raises(DataError, match="lacks country"):
        predict(churn, champion)


def test_a_model_with_other_bytes_than_recorded_is_not_loaded(churn: Churn) -> None:
    champion = churn.register().model_copy(update={"artifact_sha256": "0" * 64})
    churn.write_partition(DS)

    with pytest.raises(IntegrityError):
        predict(churn, champion)

    assert published(churn) == []


def test_a_partition_with_other_bytes_than_recorded_is_not_scored(churn: Churn) -> None:
    champion = churn.register()
    manifest = churn.write_partition(DS)
    path = Lake(churn.settings.lake_root).clean_path(manifest)
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with pytest.raises(IntegrityError):
        predict(churn, champion)
