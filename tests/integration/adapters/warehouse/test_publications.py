"""Publishing predictions on a real PostgreSQL."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError as ConstraintError

from include.adapters import warehouse
from include.adapters.warehouse import Publication
from include.contracts import PublicationRef
from include.core.predictions import build_predictions
from include.settings import Settings
from include.specs.task import Task

pytestmark = pytest.mark.integration

DS = date(2017, 5, 3)
CURRENT = text("""
    SELECT entity_key, score, prediction, revision, model_version, snapshot_tag, snapshot_hash
    FROM perennial.current_prediction WHERE model = 'churn' AND ds = :ds ORDER BY entity_key
""")
ANSWERS = text("""
    SELECT entity_key, score, prediction, predicted_class, class_scores
    FROM perennial.current_prediction WHERE model = 'churn' ORDER BY entity_key
""")


def table(scores: dict[str, float]) -> pa.Table:
    return pa.table(
        {
            "entity_key": pa.array(scores, pa.string()),
            "score": pa.array(scores.values(), pa.float64()),
            "prediction": pa.array([int(score >= 0.5) for score in scores.values()], pa.int16()),
        }
    )


def publication(content_hash: str, ds: date = DS) -> Publication:
    return Publication(
        model="churn",
        ds=ds,
        content_hash=content_hash,
        model_version=4,
        snapshot_tag="churn/2017-05-01-abc",
        snapshot_hash="h" * 64,
        partition_sha256="p" * 64,
        run_id="scheduled__1",
    )


def publish(conn: Connection, content_hash: str, scores: dict[str, float], ds: date = DS) -> PublicationRef:
    return warehouse.publish(conn, publication(content_hash, ds), table(scores))


def test_published_rows_carry_model_and_snapshot(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        answer = publish(conn, "one", {"1": 0.1, "2": 1 / 3})

        assert (answer.revision, answer.rows, answer.changed) == (1, 2, True)
        assert [tuple(row) for row in conn.execute(CURRENT, {"ds": DS})] == [
            ("1", 0.1, 0, 1, 4, "churn/2017-05-01-abc", "h" * 64),
            ("2", 1 / 3, 0, 1, 4, "churn/2017-05-01-abc", "h" * 64),
        ]


@pytest.mark.parametrize(
    "key",
    ["", " ", 'a "quoted" key', "comma, newline\nand \\backslash", "Zürich 東京", "\\.", '["a", 1]'],
    ids=["empty", "blank", "quotes", "separators", "unicode", "end of copy", "composite"],
)
def test_keys_survive_as_they_are(warehouse_settings: Settings, key: str) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "one", {key: 0.25})

        assert [row.entity_key for row in conn.execute(CURRENT, {"ds": DS})] == [key]


def test_an_equal_answer_writes_nothing(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "one", {"1": 0.1})
    with warehouse.transaction(warehouse_settings) as conn:
        again = publish(conn, "one", {"1": 0.1})

        assert (again.revision, again.rows, again.changed) == (1, 1, False)
        assert conn.execute(text("SELECT count(*) FROM perennial.publication")).scalar_one() == 1


def test_another_answer_becomes_current_and_the_old_one_stays(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "one", {"1": 0.1, "2": 0.2})
        assert publish(conn, "two", {"1": 0.9}).revision == 2

        assert [(row.entity_key, row.score) for row in conn.execute(CURRENT, {"ds": DS})] == [("1", 0.9)]
        kept = text("SELECT count(*) FROM perennial.prediction WHERE revision = 1")
        assert conn.execute(kept).scalar_one() == 2


def test_a_reader_sees_the_old_answer_until_the_new_one_is_committed(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "one", {"1": 0.1, "2": 0.2})
    with warehouse.transaction(warehouse_settings) as reader:
        with warehouse.transaction(warehouse_settings) as writer:
            publish(writer, "two", {"1": 0.9, "2": 0.8, "3": 0.7})
            assert [row.score for row in reader.execute(CURRENT, {"ds": DS})] == [0.1, 0.2]
        assert [row.score for row in reader.execute(CURRENT, {"ds": DS})] == [0.9, 0.8, 0.7]


def test_an_empty_answer_is_an_answer(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "one", {"1": 0.1})
        assert publish(conn, "none", {}).rows == 0

        assert conn.execute(CURRENT, {"ds": DS}).all() == []


def test_more_rows_than_one_copy_block(warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.adapters.warehouse.publications.BATCH_ROWS", 7)
    scores = {f"{number:03}": number / 100 for number in range(100)}
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "one", scores)

        assert {row.entity_key: row.score for row in conn.execute(CURRENT, {"ds": DS})} == scores


def of_classes(scores: list[list[float]], classes: list[str]) -> pa.Table:
    found = np.array(scores)
    keys = pa.array([str(row) for row in range(len(scores))])
    return build_predictions(keys, found, found.argmax(axis=1), Task.MULTICLASS_CLASSIFICATION, classes)


def test_a_binary_row_has_no_class(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "one", {"a": 0.25})

        assert [tuple(row) for row in conn.execute(ANSWERS)] == [("a", 0.25, 0, None, None)]


def test_a_multiclass_row_has_its_class_and_the_scores_of_all(warehouse_settings: Settings) -> None:
    scores = [[0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 - 2 / 3], [1.0, 0.0, 5e-324]]
    with warehouse.transaction(warehouse_settings) as conn:
        warehouse.publish(conn, publication("one"), of_classes(scores, ["cat", "dog", "emu"]))

        found = [tuple(row) for row in conn.execute(ANSWERS)]

    names = ["dog", "emu", "cat"]
    assert found == [
        (str(row), max(one), None, names[row], dict(zip(["cat", "dog", "emu"], one, strict=True)))
        for row, one in enumerate(scores)
    ]


@pytest.mark.parametrize(
    "name",
    ["", " ", 'say "no"', "a, b\nand \\backslash", "Zürich 東京", "\\.", "{}", "NULL", "0.5", "it's"],
    ids=["empty", "blank", "quotes", "separators", "unicode", "end of copy", "json", "null", "number", "'"],
)
def test_names_of_classes_survive_as_they_are(warehouse_settings: Settings, name: str) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        warehouse.publish(conn, publication("one"), of_classes([[0.25, 0.75]], ["other", name]))

        found = conn.execute(ANSWERS).one()

    assert (found.predicted_class, found.class_scores) == (name, {"other": 0.25, name: 0.75})


def test_classes_of_more_rows_than_one_copy_block(
    warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.adapters.warehouse.publications.BATCH_ROWS", 7)
    scores = [[row / 100, 1 - row / 100] for row in range(100)]
    with warehouse.transaction(warehouse_settings) as conn:
        warehouse.publish(conn, publication("one"), of_classes(scores, ["a", "b"]))

        found = {int(row.entity_key): row.class_scores for row in conn.execute(ANSWERS)}

    assert found == {row: {"a": one[0], "b": one[1]} for row, one in enumerate(scores)}


def test_the_share_of_a_class_can_be_asked_for(warehouse_settings: Settings) -> None:
    asked = text("SELECT avg((class_scores ->> 'dog')::float) FROM perennial.current_prediction")
    with warehouse.transaction(warehouse_settings) as conn:
        warehouse.publish(conn, publication("one"), of_classes([[0.5, 0.5], [0.25, 0.75]], ["cat", "dog"]))

        assert conn.execute(asked).scalar_one() == 0.625


def test_a_regressions_row_has_its_value_alone(warehouse_settings: Settings) -> None:
    values = np.array([-1234.5, 1e300, 0.0])
    predictions = build_predictions(pa.array(["a", "b", "c"]), values, values, Task.REGRESSION)
    with warehouse.transaction(warehouse_settings) as conn:
        warehouse.publish(conn, publication("one"), predictions)

        assert [tuple(row) for row in conn.execute(ANSWERS)] == [
            (key, value, None, None, None) for key, value in zip("abc", values.tolist(), strict=True)
        ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_the_table_itself_takes_no_score_that_is_not_finite(
    warehouse_settings: Settings, value: float
) -> None:
    with (
        pytest.raises(ConstraintError, match="prediction_score_finite"),
        warehouse.transaction(warehouse_settings) as conn,
    ):
        conn.execute(
            text(
                "INSERT INTO perennial.prediction VALUES ('m', '2017-05-03', 1, 'k', :score, 1, 1, 't', 'h')"
            ),
            {"score": value},
        )


def test_a_model_that_becomes_another_tasks_publishes_a_new_revision(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        publish(conn, "binary", {"0": 0.25})
        answer = warehouse.publish(conn, publication("classes"), of_classes([[0.25, 0.75]], ["a", "b"]))

        assert answer.revision == 2
        assert [row.predicted_class for row in conn.execute(ANSWERS)] == ["b"]
        kept = text("SELECT prediction FROM perennial.prediction WHERE revision = 1")
        assert conn.execute(kept).scalars().all() == [0]


def test_current_publications_lists_the_days_that_have_one(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        for day in (3, 1, 8):
            publish(conn, f"day {day}", {"1": 0.1}, date(2017, 5, day))
        publish(conn, "corrected", {"1": 0.2}, date(2017, 5, 1))

        found = warehouse.current_publications(conn, "churn", date(2017, 5, 1), date(2017, 5, 8))

        assert [(night.ds.day, night.revision) for night in found] == [(1, 2), (3, 1)]


def test_missing_nights_are_the_days_of_the_week_without_a_publication(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        for day in (1, 2, 4, 5, 7, 8):
            publish(conn, f"day {day}", {"1": 0.1}, date(2017, 5, day))

    missing = warehouse.missing_nights(warehouse_settings, "churn", date(2017, 5, 1))

    assert missing == [date(2017, 5, 3), date(2017, 5, 6)]
    assert len(warehouse.missing_nights(warehouse_settings, "another", date(2017, 5, 1))) == 7
