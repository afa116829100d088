from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from include.specs.gates import Gates, Servability, Stability

PAGE = Path(__file__).parents[3] / "docs/gates.md"

BASE = {
    "absolute": {"roc_auc_score": 0.7},
    "versus_champion": {"metric": "roc_auc_score", "margin": 0.01},
}
SLICE = {"column": "side", "metric": "roc_auc_score", "maximum_gap": 0.1}


def gates(**sections: Any) -> Gates:
    return Gates.model_validate(BASE | sections)


def test_gates_that_a_spec_leaves_out_hold_with_their_defaults() -> None:
    found = gates()
    assert found.stability.maximum_churn == 0.25
    assert (found.servability.load_seconds, found.servability.rows) == (60, 200)
    assert found.approval.mode == "auto"


def test_the_page_on_gates_shows_gates_that_are_sound() -> None:
    text = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    found = Gates.model_validate(yaml.safe_load(text)["gates"])
    assert {test.kind for test in found.behaviour} == {"direction", "invariance", "example", "extreme"}
    assert found.servability == Servability()
    assert found.stability == Stability()


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param({"slices": [SLICE, SLICE]}, "named twice: slice side", id="slice-twice"),
        pytest.param(
            {"behaviour": [{"kind": "extreme", "name": "one", "set": {"a": 1}}] * 2},
            "named twice: one",
            id="test-twice",
        ),
        pytest.param(
            {"behaviour": [{"kind": "extreme", "name": "extreme inputs", "set": {"a": 1}}]},
            "a test that every model is given",
            id="reserved-name",
        ),
        pytest.param(
            {"behaviour": [{"kind": "example", "name": "one", "row": {"a": 1}}]},
            "say `answer`, `at_least` or `at_most`",
            id="example-that-asks-nothing",
        ),
        pytest.param(
            {
                "behaviour": [
                    {"kind": "direction", "name": "one", "column": "a", "add": 0, "score": "increases"}
                ]
            },
            "add: 0 changes nothing",
            id="direction-without-a-step",
        ),
        pytest.param(
            {"behaviour": [{"kind": "invariance", "name": "one", "set": {}}]},
            "at least 1 item",
            id="nothing-set",
        ),
        pytest.param(
            {"slices": [SLICE | {"minimum_rows": 5}]}, "greater than or equal to 20", id="tiny-groups"
        ),
        pytest.param({"absolute": {"roc_auc_score": 1.2}}, "is above 1", id="out-of-range"),
        pytest.param({"approval": "manual"}, "needs `approvers` and `expires`", id="nobody-to-ask"),
        pytest.param({"stability": {"maximum_churn": 0}}, "greater than 0", id="no-change-at-all"),
    ],
)
def test_what_makes_no_sense_is_refused(sections: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        gates(**sections)
