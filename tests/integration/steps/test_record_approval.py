"""Answers in a real ledger: the first one counts, and what does not count is not recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.errors import ApprovalError
from include.settings import Settings
from include.steps import record_approval
from tests.support.evaluations import MODEL, plan

pytestmark = pytest.mark.integration


def recorded(settings: Settings) -> list[str]:
    with warehouse.transaction(settings) as conn:
        return [entry.kind.value for entry in ledger.entries(conn, MODEL)]


def test_an_answer_is_found_by_its_evidence(warehouse_settings: Settings) -> None:
    assert record_approval.find(warehouse_settings, plan()) is None
    answer = record_approval.run(warehouse_settings, plan(), True, "rita", " fine ")
    assert (answer.approved, answer.by, answer.reason) == (True, "rita", "fine")
    assert record_approval.find(warehouse_settings, plan()) == answer
    assert record_approval.find(warehouse_settings, plan(evidence_sha256="1" * 64)) is None


def test_the_first_answer_counts(warehouse_settings: Settings) -> None:
    def answer(number: int) -> object:
        return record_approval.run(warehouse_settings, plan(), number % 2 == 0, f"person {number}", "why")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(answer, range(8)))
    assert all(one == answers[0] for one in answers)
    assert recorded(warehouse_settings) == ["approval"]


def test_silence_is_recorded_as_a_no(warehouse_settings: Settings) -> None:
    answer = record_approval.run(warehouse_settings, plan(), False, None, "nobody answered within 2d")
    assert (answer.approved, answer.by) == (False, None)
    assert recorded(warehouse_settings) == ["approval"]


@pytest.mark.parametrize(
    ("approved", "by", "reason", "said"),
    [
        (True, None, "silence", "somebody without a name"),
        (True, "sam", "mine", "sam asked for the training"),
        (False, "sam", "mine", "sam asked for the training"),
        (True, "rita", " ", "rita gave no reason"),
        (False, None, "", "somebody without a name"),
    ],
)
def test_what_does_not_count_is_not_recorded(
    warehouse_settings: Settings, approved: bool, by: str | None, reason: str, said: str
) -> None:
    with pytest.raises(ApprovalError, match=said):
        record_approval.run(warehouse_settings, plan(requested_by="sam"), approved, by, reason)
    assert recorded(warehouse_settings) == []
