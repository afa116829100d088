from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from include.contracts import Decision, Verdict
from include.core.gates.servability import Served, decide_not_served, decide_servability
from include.specs.gates import Servability

GATE = Servability(rows=200, load_seconds=10, milliseconds_per_row=5, megabytes=500)
SERVED = Served(rows=200, load_seconds=4.2, milliseconds_per_row=0.3, megabytes=310.0, largest_difference=0.0)


def test_a_version_within_its_budgets_passes() -> None:
    found = decide_servability(GATE, SERVED)
    assert (found.gate, found.verdict) == ("servability", Verdict.PASSED)
    assert found.reasons == [
        "a clean process from the registry: loaded in 4.2 s, 200 rows scored in 0.300 ms each,"
        " 310 MB at most, with the scores of the training"
    ]
    assert Decision.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"load_seconds": 10.1}, "loading took more than the 10 s", id="slow-to-load"),
        pytest.param({"milliseconds_per_row": 5.1}, "a row took more than the 5 ms", id="slow-to-score"),
        pytest.param({"megabytes": 500.1}, "more than the 500 MB", id="large"),
        pytest.param({"largest_difference": 2e-12}, "by up to 2e-12, more than 1e-12", id="other-scores"),
        pytest.param({"largest_difference": None}, "another shape", id="not-comparable"),
    ],
)
def test_each_broken_budget_is_named(change: dict[str, Any], reason: str) -> None:
    found = decide_servability(GATE, replace(SERVED, **change))
    assert found.verdict is Verdict.FAILED
    assert len(found.reasons) == 2
    assert reason in found.reasons[1]
    assert "with the scores of the training" not in found.reasons[0]


def test_budgets_may_be_reached() -> None:
    edge = Served(200, 10.0, 5.0, 500.0, 1e-12)
    assert decide_servability(GATE, edge).verdict is Verdict.PASSED


def test_a_version_that_was_not_served_fails_with_the_reason() -> None:
    found = decide_not_served(GATE, "it ended with signal SIGKILL")
    assert (found.verdict, found.reasons) == (Verdict.FAILED, ["it ended with signal SIGKILL"])
