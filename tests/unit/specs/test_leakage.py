from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from include.specs.leakage import Leakage, LeakageCheck

REASON = "known when the event happens, the source says so"


def test_nothing_is_waived_by_default() -> None:
    assert Leakage().waivers == []
    assert Leakage().entity == []


@pytest.mark.parametrize(
    ("waiver", "problem"),
    [
        pytest.param({"check": "row_key_across_split"}, "cannot be waived", id="row key"),
        pytest.param({"check": "predicts_label"}, "names the `column` it is for", id="no column"),
        pytest.param(
            {"check": "duplicates_across_split", "column": "size"}, "leave `column` out", id="whole rows"
        ),
        pytest.param({"check": "guesswork"}, "predicts_label", id="unknown"),
        pytest.param({"check": "predicts_label", "column": "size", "reason": "ok"}, "10", id="no reason"),
    ],
)
def test_a_waiver_says_what_it_accepts_and_why(waiver: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Leakage.model_validate({"waivers": [{"reason": REASON, **waiver}]})


def test_a_finding_is_waived_once() -> None:
    waiver = {"check": "predicts_label", "column": "size", "reason": REASON}
    with pytest.raises(ValidationError, match="waived twice: predicts_label of size"):
        Leakage.model_validate({"waivers": [waiver, waiver]})


def test_every_check_is_of_a_column_or_of_rows() -> None:
    assert {check for check in LeakageCheck if not check.of_a_column} == {
        LeakageCheck.ENTITY_ACROSS_SPLIT,
        LeakageCheck.DUPLICATES_ACROSS_SPLIT,
        LeakageCheck.ROW_KEY_ACROSS_SPLIT,
    }
