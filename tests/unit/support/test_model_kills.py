"""The instruments that kill the model plane and count harm."""

from __future__ import annotations

import pytest

from bench.faults_model import Kill, figures, table
from tests.support.kills.model_effects import request_of, statement_of

HASH = "a" * 64


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: x", "POST /api/2.0/mlflow/runs/create"),
        (b"GET /api/2.0/mlflow/runs/get?run_id=1 HTTP/1.1", "GET /api/2.0/mlflow/runs/get"),
        (
            b"PUT /api/2.0/mlflow-artifacts/artifacts/1/" + HASH.encode() + b"/a.json HTTP/1.1",
            "PUT /api/2.0/mlflow-artifacts/artifacts/FILE",
        ),
        (b'{"POST": 1}', None),
        ("a text", None),
    ],
)
def test_a_request_is_named_once_and_without_what_changes(data: object, named: str | None) -> None:
    assert request_of(data) == named


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("\n  INSERT INTO perennial.ledger (content) VALUES (1)", "INSERT INTO perennial.ledger"),
        ("SELECT 1", None),
        ("  select pg_advisory_xact_lock(1)", None),
        ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", None),
    ],
)
def test_statements_that_write_count(statement: str, named: str | None) -> None:
    assert statement_of(statement) == named


def test_harm_shows_in_table_and_figures() -> None:
    kills = [
        Kill("promote", "commit", []),
        Kill("promote", "commit", ["alias: nothing is champion", "ledger: altered"]),
        Kill("promote", "", ["version: k is there 2 times"]),
    ]
    assert table(kills) == [("promote: commit", 2, 2)]
    found = {figure.figure: (figure.value, figure.holds) for figure in figures(kills)}
    assert found["faults_model_kills"] == (2, False)
    assert found["aliases_to_something_incomplete_or_wrong"] == (1, False)
    assert found["ledgers_that_do_not_verify"] == (1, False)
    assert found["versions_doubled"] == (1, False)
    assert found["promotions_doubled"] == (0, True)
