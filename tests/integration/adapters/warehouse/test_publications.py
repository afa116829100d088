"""Publishing predictions on a real PostgreSQL."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from sqlalchemy import Connection, text

from include.adapters import warehouse
from include.adapters.warehouse import Publication
from include.contracts import PublicationRef
from include.settings import Settings

pytestmark = pytest.mark.integration

DS = date(2017, 5, 3)
CURRENT = text("""
    SELECT entity_key, score, prediction, revision, model_version, snapshot_tag, snapshot_hash
    FROM perennial.current_prediction WHERE model = 'churn' AND ds = :ds ORDER BY entity_key
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
