from __future__ import annotations

import pytest

from include.contracts import Decision, MetricEstimate, Verdict
from include.core.gates.absolute import MIN_ROWS, decide_absolute
from include.specs.task import Metric

PASSED, FAILED, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ENOUGH_EVIDENCE
AUC, MAE = Metric.ROC_AUC, Metric.MEAN_ABSOLUTE_ERROR


def judge(metric: Metric, estimate: MetricEstimate | None, threshold: float, rows: int = 500) -> Decision:
    estimates = {} if estimate is None else {str(metric): estimate}
    [found] = decide_absolute(estimates, {metric: threshold}, rows)
    assert found.gate == f"absolute.{metric}"
    assert found.thresholds == {str(metric): threshold}
    return found


@pytest.mark.parametrize(
    ("value", "lower", "upper", "verdict"),
    [
        pytest.param(0.81, 0.79, 0.83, PASSED, id="above"),
        pytest.param(0.8, 0.78, 0.82, PASSED, id="equal"),
        pytest.param(0.79, 0.77, 0.81, UNSURE, id="below-but-within-the-interval"),
        pytest.param(0.75, 0.73, 0.77, FAILED, id="below"),
        pytest.param(0.9, None, None, UNSURE, id="without-an-interval"),
        pytest.param(float("nan"), None, None, UNSURE, id="not-a-number"),
    ],
)
def test_a_score_must_be_at_least_its_threshold(
    value: float, lower: float | None, upper: float | None, verdict: Verdict
) -> None:
    estimate = MetricEstimate(value=value, lower=lower, upper=upper)
    assert judge(AUC, estimate, 0.8).verdict is verdict


@pytest.mark.parametrize(
    ("value", "lower", "upper", "verdict"),
    [
        pytest.param(1.9, 1.8, 2.0, PASSED, id="below"),
        pytest.param(2.0, 1.9, 2.1, PASSED, id="equal"),
        pytest.param(2.05, 1.95, 2.15, UNSURE, id="above-but-within-the-interval"),
        pytest.param(2.3, 2.2, 2.4, FAILED, id="above"),
    ],
)
def test_an_error_must_be_at_most_its_threshold(
    value: float, lower: float, upper: float, verdict: Verdict
) -> None:
    found = judge(MAE, MetricEstimate(value=value, lower=lower, upper=upper), 2.0)
    assert found.verdict is verdict
    assert found.observed == {str(MAE): value, "lower": lower, "upper": upper, "rows": 500}


def test_a_metric_that_is_not_defined_judges_nobody() -> None:
    found = judge(AUC, None, 0.8)
    assert found.verdict is UNSURE
    assert "not defined" in found.reasons[0]
    assert found.observed[str(AUC)] is None


def test_few_rows_judge_nobody() -> None:
    perfect = MetricEstimate(value=1.0, lower=1.0, upper=1.0)
    assert judge(AUC, perfect, 0.8, MIN_ROWS - 1).verdict is UNSURE
    assert judge(AUC, perfect, 0.8, MIN_ROWS).verdict is PASSED
