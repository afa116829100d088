from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts import Decision, Verdict
from include.core.bootstrap import PairedDifference
from include.core.gates.absolute import MIN_ROWS
from include.core.gates.versus_champion import (
    decide_versus_champion,
    decide_without_champion_model,
    decide_without_comparison,
)
from include.specs.gates import VersusChampion
from include.specs.task import Metric

GATE = VersusChampion(metric=Metric.ROC_AUC, margin=0.01, confidence=0.95)
STRICT = GATE.model_copy(update={"require": "better"})
PASSED, FAILED, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ENOUGH_EVIDENCE
BETTER, NOT_WORSE, WORSE, OPEN = "better", "not worse", "worse", "not enough evidence"


def seen(lower: float, upper: float, p_value: float = 0.01) -> PairedDifference:
    middle, error = (lower + upper) / 2, (upper - lower) / 3.92
    return PairedDifference(Metric.ROC_AUC, middle, lower, upper, error, p_value, 5000)


def judge(gate: VersusChampion, difference: PairedDifference | None, rows: int = 5000) -> Decision:
    return decide_versus_champion(gate, difference, 3, rows)


@pytest.mark.parametrize(
    ("lower", "upper", "comparison", "verdict", "strict"),
    [
        pytest.param(0.001, 0.02, BETTER, PASSED, PASSED, id="better"),
        pytest.param(0.0, 0.02, NOT_WORSE, PASSED, UNSURE, id="touches-zero"),
        pytest.param(-0.009, 0.002, NOT_WORSE, PASSED, UNSURE, id="within-the-margin"),
        pytest.param(-0.009, -0.001, NOT_WORSE, PASSED, FAILED, id="surely-lower-but-within-the-margin"),
        pytest.param(-0.01, 0.01, OPEN, UNSURE, UNSURE, id="touches-the-margin"),
        pytest.param(-0.05, 0.05, OPEN, UNSURE, UNSURE, id="wide"),
        pytest.param(-0.05, -0.005, OPEN, UNSURE, FAILED, id="surely-lower-by-how-much-is-open"),
        pytest.param(-0.05, -0.01, OPEN, UNSURE, FAILED, id="ends-at-the-margin"),
        pytest.param(-0.05, -0.011, WORSE, FAILED, FAILED, id="worse"),
    ],
)
def test_the_interval_decides(
    lower: float, upper: float, comparison: str, verdict: Verdict, strict: Verdict
) -> None:
    found, required = judge(GATE, seen(lower, upper)), judge(STRICT, seen(lower, upper))
    assert (found.verdict, required.verdict) == (verdict, strict)
    assert found.observed["comparison"] == required.observed["comparison"] == comparison
    assert found.observed["champion_version"] == 3


def test_better_needs_the_test_to_agree() -> None:
    found = judge(GATE, seen(0.001, 0.02, p_value=0.06))
    assert found.observed["comparison"] == NOT_WORSE
    assert found.verdict is PASSED


def test_a_tie_passes_only_with_a_margin() -> None:
    tie = seen(0.0, 0.0, p_value=1.0)
    without = GATE.model_copy(update={"margin": 0.0})
    assert judge(GATE, tie).verdict is PASSED
    open_still = judge(without, tie)
    assert open_still.verdict is UNSURE
    assert "equal to that of champion version 3" in open_still.reasons[0]


def test_missing_evidence_is_counted_in_labels() -> None:
    found = judge(GATE, seen(-0.02, 0.02))
    assert isinstance(found.observed["labels_needed"], int)
    assert f"about {found.observed['labels_needed']:,} more labels" in found.reasons[0]
    assert "the champion stays" in found.reasons[0]


def test_a_gain_takes_more_labels_to_show_than_no_loss() -> None:
    wide = seen(-0.02, 0.03)
    assert judge(STRICT, wide).observed["labels_needed"] > judge(GATE, wide).observed["labels_needed"]


def test_what_no_label_would_show_is_said() -> None:
    found = judge(STRICT, seen(-0.03, 0.02))
    assert found.observed["labels_needed"] is None
    assert "no number of labels would show that it is better" in found.reasons[0]


def test_who_passed_needs_no_labels() -> None:
    assert judge(GATE, seen(0.001, 0.02)).observed["labels_needed"] is None


def test_what_cannot_be_compared_leaves_the_champion() -> None:
    found = judge(GATE, None, 400)
    assert found.verdict is UNSURE
    assert "one class only" in found.reasons[0]
    assert found.observed["comparison"] == OPEN


def test_few_rows_compare_nobody() -> None:
    found = judge(GATE, seen(0.001, 0.02), MIN_ROWS - 1)
    assert found.verdict is UNSURE
    assert found.observed["labels_needed"] == 1
    assert judge(GATE, seen(0.001, 0.02), MIN_ROWS).verdict is PASSED


def test_without_a_champion_the_comparison_passes() -> None:
    assert decide_without_comparison("no champion yet").verdict is PASSED


def test_a_champion_that_cannot_be_loaded_stays() -> None:
    found = decide_without_champion_model(GATE, 3, "its files have another SHA-256")
    assert found.verdict is UNSURE
    assert "version 3 cannot be loaded" in found.reasons[0]
    assert "its files have another SHA-256; roll back" in found.reasons[0]


@given(
    ends=st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    p_value=st.floats(0, 1),
    margin=st.floats(0, 0.5),
    require=st.sampled_from(["better", "not_worse"]),
)
def test_every_interval_has_a_verdict_that_fits_it(
    ends: list[float], p_value: float, margin: float, require: str
) -> None:
    gate = GATE.model_copy(update={"margin": margin, "require": require})
    lower, upper = sorted(ends)
    found = judge(gate, seen(lower, upper, p_value))
    if found.verdict is PASSED:
        assert lower > (0 if require == "better" else -margin)
        assert found.observed["labels_needed"] is None
    if found.verdict is FAILED:
        assert upper <= 0
    assert Decision.from_json(found.to_json()) == found
