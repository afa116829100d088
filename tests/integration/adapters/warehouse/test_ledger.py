"""The ledger on a real PostgreSQL: append-only, without gaps, whoever writes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts.ledger import LedgerEntry, LedgerKind
from include.core.ledger import walk_chain
from include.errors import FatalError
from include.settings import Settings

pytestmark = pytest.mark.integration


def append(settings: Settings, key: str, model: str = "churn", reason: str = "better") -> LedgerEntry:
    with warehouse.transaction(settings) as conn:
        return ledger.append(
            conn, LedgerKind.REFUSAL, model=model, key=key, body={"version": 2, "share": 0.1}, actor="ada",
            reason=reason,
        )  # fmt: skip


def entries(settings: Settings, model: str | None = None) -> list[LedgerEntry]:
    with warehouse.transaction(settings) as conn:
        return list(ledger.entries(conn, model))


def test_entries_come_back_as_they_were_written(warehouse_settings: Settings) -> None:
    written = [append(warehouse_settings, f"k{number}") for number in range(3)]

    assert [entry.number for entry in written] == [1, 2, 3]
    assert entries(warehouse_settings) == written
    with warehouse.transaction(warehouse_settings) as conn:
        assert ledger.find(conn, "k1") == ledger.read(conn, 2) == written[1]
        assert ledger.find(conn, "k9") is None


def test_the_same_key_again_is_the_first_entry(warehouse_settings: Settings) -> None:
    first = append(warehouse_settings, "k")

    assert append(warehouse_settings, "k", reason="another") == first
    assert entries(warehouse_settings) == [first]


def test_one_model_can_be_asked_for(warehouse_settings: Settings) -> None:
    append(warehouse_settings, "a", "churn")
    other = append(warehouse_settings, "b", "fraud")

    assert entries(warehouse_settings, "fraud") == [other]


def append_then_fail(settings: Settings) -> None:
    with warehouse.transaction(settings) as conn:
        ledger.append(conn, LedgerKind.REFUSAL, model="m", key="b", body={}, actor=None, reason="r")
        raise FatalError("the rest of the transaction failed")


def test_a_transaction_that_fails_leaves_no_gap(warehouse_settings: Settings) -> None:
    append(warehouse_settings, "a")
    with pytest.raises(FatalError):
        append_then_fail(warehouse_settings)

    assert append(warehouse_settings, "c").number == 2


def test_many_writers_at_once_make_one_chain(warehouse_settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append(warehouse_settings, f"k{number % 20}"), range(40)))

    with warehouse.transaction(warehouse_settings) as conn:
        walked = list(walk_chain(ledger.sealed_entries(conn)))
    assert [entry.number for _, entry, _ in walked if entry] == list(range(1, 21))
    assert [wrong for _, _, wrong in walked if wrong] == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE perennial.ledger SET content = content",
        "UPDATE perennial.ledger SET sha256 = 'x' WHERE number = 1",
        "DELETE FROM perennial.ledger WHERE number = 1",
        "DELETE FROM perennial.ledger WHERE false",
        "TRUNCATE perennial.ledger CASCADE",
    ],
)
def test_the_database_refuses_to_change_what_is_written(warehouse_settings: Settings, statement: str) -> None:
    first = append(warehouse_settings, "k")

    with (
        pytest.raises(DBAPIError, match="append-only"),
        warehouse.transaction(warehouse_settings) as conn,
    ):
        conn.execute(text(statement))
    assert entries(warehouse_settings) == [first]


def test_columns_cannot_say_anything_but_the_content(warehouse_settings: Settings) -> None:
    append(warehouse_settings, "k")
    with warehouse.transaction(warehouse_settings) as conn:
        row = conn.execute(text("SELECT number, kind, model, key, actor, reason FROM perennial.ledger")).one()
        assert tuple(row) == (1, "refusal", "churn", "k", "ada", "better")


@pytest.mark.parametrize("reason", ["Zürich 東京 🙂", "quotes ' \" and \\ and\nlines", ""])
def test_any_reason_survives(warehouse_settings: Settings, reason: str) -> None:
    append(warehouse_settings, "k", reason=reason)

    assert [entry.reason for entry in entries(warehouse_settings)] == [reason]


def test_a_text_that_cannot_be_stored_is_refused(warehouse_settings: Settings) -> None:
    with pytest.raises(FatalError, match="NUL"):
        append(warehouse_settings, "k", reason="a\0b")
    assert entries(warehouse_settings) == []


def test_a_promotion_and_its_entry_are_one(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        for _ in range(2):
            entry = warehouse.record_promotion(
                conn, "churn", 1, date(2017, 5, 1), "run", "a" * 64, "tag", "h" * 64, ["first"],
                semantic_version="1.0.0",
            )  # fmt: skip
        seal = warehouse.champion_seal(conn, "churn")
        assert seal is not None
        assert (seal.version, seal.semantic_version, seal.ledger_number) == (1, "1.0.0", entry.number)
        assert warehouse.semantic_versions(conn, "churn") == {1: "1.0.0"}
        assert conn.execute(text("SELECT count(*) FROM perennial.promotion")).scalar_one() == 1


def test_a_retirement_holds_until_the_next_promotion(warehouse_settings: Settings) -> None:
    def promote(version: int) -> None:
        with warehouse.transaction(warehouse_settings) as conn:
            warehouse.record_promotion(
                conn, "churn", version, date(2017, 5, version), "run", "a" * 64, "tag", "h" * 64, ["good"]
            )

    def retired() -> str | None:
        with warehouse.transaction(warehouse_settings) as conn:
            found = warehouse.retirement(conn, "churn")
        return None if found is None else found.reason

    promote(1)
    assert retired() is None
    for _ in range(2):
        with warehouse.transaction(warehouse_settings) as conn:
            warehouse.record_retirement(
                conn, "churn", key="retirement:churn:run", reason="no longer asked for", actor="ada",
                archive="churn/retired", details={},
            )  # fmt: skip
    assert retired() == "no longer asked for"
    promote(2)
    assert retired() is None
