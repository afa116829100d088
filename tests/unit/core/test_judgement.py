from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts import Decision, Verdict
from include.core.checks.finding import Finding
from include.core.judgement import Judgement, RuleOutcome, contract_sha256, judge_partition
from include.specs import DatasetSpec, Severity
from tests.support.sources import stays_spec

SPEC = stays_spec(budgets={"quarantine_share": 0.25, "min_rows": 2})


def outcome(failed: int, severity: Severity = Severity.BLOCK) -> RuleOutcome:
    examples = [(str(100 + n), f"price={n}") for n in range(min(failed, 10))]
    return RuleOutcome("price at least 0", severity, failed, examples)


def judge(rows: int, quarantined: int = 0, spec: DatasetSpec = SPEC, **found: Any) -> Judgement:
    found = {"warned_rows": 0, "outcomes": [], **found}
    return judge_partition(spec, rows=rows, quarantined_rows=quarantined, **found)


def finding(severity: Severity, verdict: Verdict) -> Finding:
    return Finding(severity, Decision(gate="volume", verdict=verdict, reasons=["412 rows, 950 expected"]))


@given(rows=st.integers(0, 40), share=st.floats(0, 1), failed=st.integers(0, 40))
def test_a_partition_is_refused_for_blocks_budget_or_too_few_rows_only(
    rows: int, share: float, failed: int
) -> None:
    quarantined = int(rows * share)
    judgement = judge(rows, quarantined, outcomes=[outcome(failed), outcome(failed, Severity.WARN)])
    expected = [rows < 2, bool(failed), quarantined > 0.25 * rows]
    assert len(judgement.refusals) == sum(expected)
    assert judgement.clean_rows + judgement.quarantined_rows == rows


def test_a_refusal_by_a_rule_names_rule_count_and_ten_keys() -> None:
    (refusal,) = judge(20, outcomes=[outcome(13)]).refusals
    named = ", ".join(str(100 + n) for n in range(10))
    assert refusal == f"rule `price at least 0` fails on 13 of 20 rows (keys {named} and 3 more)"


def test_a_share_at_its_budget_stands_and_one_above_does_not() -> None:
    assert judge(8, 2).refusals == []
    (refusal,) = judge(8, 3).refusals
    assert refusal == "3 of 8 rows (37.50%) break quarantine rules where the budget allows 25.00%"


def test_a_count_at_its_budget_stands_and_one_above_does_not() -> None:
    spec = stays_spec(budgets={"quarantine_share": 1, "quarantine_rows": 2})
    assert judge(8, 2, spec).refusals == []
    assert judge(8, 3, spec).refusals == ["3 rows break quarantine rules where the budget allows 2"]


def test_a_broken_budget_names_the_rules_of_most_rows_first() -> None:
    rules = [("a", 1, Severity.QUARANTINE), ("b", 3, Severity.QUARANTINE), ("c", 9, Severity.WARN)]
    outcomes = [RuleOutcome(rule, severity, failed, []) for rule, failed, severity in rules]
    (refusal,) = judge(8, 3, outcomes=outcomes).refusals
    assert refusal.endswith("where the budget allows 25.00%: `b` on 3, `a` on 1")


def test_too_few_rows_are_refused() -> None:
    assert judge(1).refusals == ["1 rows where the budget asks for at least 2"]


@pytest.mark.parametrize(
    ("severity", "verdict", "refused"),
    [
        (Severity.BLOCK, Verdict.FAILED, True),
        (Severity.BLOCK, Verdict.PASSED, False),
        (Severity.WARN, Verdict.FAILED, False),
    ],
)
def test_a_check_of_the_partition_refuses_it_if_it_blocks(
    severity: Severity, verdict: Verdict, refused: bool
) -> None:
    judgement = judge(8, findings=[finding(severity, verdict)], notes=["looked at 8 days"])
    assert judgement.refusals == (["412 rows, 950 expected"] if refused else [])
    assert judgement.notes == ["looked at 8 days"]


def test_an_empty_partition_has_no_share_in_quarantine() -> None:
    assert judge(0).quarantine_share == 0.0


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"owner": "others", "description": "Other words."}, True, id="words do not matter"),
        pytest.param({"schedule": "5 5 * * *"}, True, id="schedule does not matter"),
        pytest.param({"budgets": {"quarantine_share": 0.1}}, False, id="budgets matter"),
        pytest.param({"key": ["stay_id", "guest"]}, False, id="the key matters"),
        pytest.param({"contract": [stays_spec().contract[0].model_dump()]}, False, id="rules matter"),
    ],
)
def test_the_contracts_hash_covers_what_decides_the_verdict(changes: dict[str, Any], same: bool) -> None:
    changed: DatasetSpec = stays_spec(**changes)
    assert (contract_sha256(changed) == contract_sha256(stays_spec())) is same
