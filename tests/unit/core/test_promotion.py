from __future__ import annotations

import pytest

from include.contracts import Verdict
from include.core.bootstrap import Interval
from include.core.promotion import (
    decide_absolute,
    decide_versus_champion,
    decide_without_comparison,
)
from include.specs.gates import VersusChampion
from include.specs.task import Metric

GATE = VersusChampion(metric=Metric.ROC_AUC, margin=0.01, confidence=0.95)
PASSED, FAILED, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ENOUGH_EVIDENCE


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        pytest.param(0.81, PASSED, id="above"),
        pytest.param(0.8, PASSED, id="equal"),
        pytest.param(0.7999, FAILED, id="below"),
        pytest.param(float("nan"), UNSURE, id="not-a-number"),
        pytest.param(None, UNSURE, id="not-defined"),
    ],
)
def test_a_metric_must_reach_its_threshold(value: float | None, verdict: Verdict) -> None:
    metrics = {} if value is None else {"roc_auc_score": value}
    [found] = decide_absolute(metrics, {Metric.ROC_AUC: 0.8})
    assert (found.gate, found.verdict) == ("absolute.roc_auc_score", verdict)
    assert found.thresholds == {"roc_auc_score": 0.8}


@pytest.mark.parametrize(
    ("lower", "upper", "verdict", "meaning"),
    [
        pytest.param(0.001, 0.02, PASSED, "better than the champion", id="better"),
        pytest.param(0.0, 0.02, PASSED, "not worse", id="touches-zero"),
        pytest.param(-0.009, 0.002, PASSED, "not worse", id="within-the-margin"),
        pytest.param(-0.009, -0.001, PASSED, "not worse", id="surely-lower-but-within-the-margin"),
        pytest.param(-0.01, 0.01, UNSURE, "the champion stays", id="touches-the-margin"),
        pytest.param(-0.05, 0.05, UNSURE, "the champion stays", id="wide"),
        pytest.param(-0.05, -0.01, UNSURE, "the champion stays", id="ends-at-the-margin"),
        pytest.param(-0.05, -0.011, FAILED, "worse than the champion", id="worse"),
    ],
)
def test_the_interval_decides(lower: float, upper: float, verdict: Verdict, meaning: str) -> None:
    found = decide_versus_champion(GATE, Interval((lower + upper) / 2, lower, upper), 3, 5000)
    assert found.verdict is verdict
    assert meaning in found.reasons[0]
    assert found.observed["champion_version"] == 3


def test_a_tie_passes_only_with_a_margin() -> None:
    tie = Interval(0.0, 0.0, 0.0)
    without = GATE.model_copy(update={"margin": 0.0})
    assert decide_versus_champion(GATE, tie, 3, 10).verdict is PASSED
    assert decide_versus_champion(without, tie, 3, 10).verdict is UNSURE


def test_what_cannot_be_compared_leaves_the_champion() -> None:
    found = decide_versus_champion(GATE, None, 3, 10)
    assert found.verdict is UNSURE
    assert "the champion stays" in found.reasons[0]


def test_without_a_champion_the_comparison_passes() -> None:
    assert decide_without_comparison("no champion yet").verdict is PASSED
