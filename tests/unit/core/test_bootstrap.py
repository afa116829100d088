from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from include.core import bootstrap
from include.core.bootstrap import Interval, PairedDifference, Scored, compare_models, metric_intervals
from include.specs.task import METRICS, Metric, Task

BINARY, MULTICLASS, REGRESSION = Task
AUC = Metric.ROC_AUC


def sample(rows: int, strength: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, rows)
    return labels, strength * labels + generator.normal(size=rows)


def probabilities(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    labels, scores = sample(rows, 1.0, seed)
    return labels, 1 / (1 + np.exp(-scores))


def several(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, rows)
    raw = generator.gamma(1.0, size=(rows, 3)) + (labels[:, None] == np.arange(3))
    return labels, raw / raw.sum(axis=1, keepdims=True)


def values(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.normal(size=rows)
    return labels, labels + generator.normal(size=rows)


SAMPLES = {BINARY: probabilities, MULTICLASS: several, REGRESSION: values}


def difference(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, metric: Metric = AUC, **options: int
) -> PairedDifference | None:
    task = REGRESSION if metric.suits(REGRESSION) else BINARY
    seed = options.pop("seed", 1)
    found = compare_models(task, labels, Scored(first), Scored(second), 0.95, seed, [metric], **options)
    return found.differences.get(metric)


@pytest.mark.parametrize("task", list(Task))
def test_every_metric_lies_within_its_interval(task: Task) -> None:
    labels, scores = SAMPLES[task](400, 2)
    found = metric_intervals(task, labels, Scored(scores), 0.95, seed=1)
    assert list(found) == list(METRICS[task])
    for one in found.values():
        assert one.lower is not None
        assert one.upper is not None
        assert one.lower < one.value < one.upper


@pytest.mark.parametrize(("metric", "loss"), [(Metric.MEAN_ABSOLUTE_ERROR, np.abs), (Metric.R2, None)])
def test_an_interval_is_that_of_scipy(metric: Metric, loss: np.ufunc | None) -> None:
    """Both draw at random, so the ends differ by the noise of 4,000 draws."""
    labels, scores = values(200, 4)

    def statistic(truth: np.ndarray, answers: np.ndarray, axis: int = -1) -> np.ndarray:
        error = truth - answers
        if loss is not None:
            return loss(error).mean(axis=axis)
        spread = ((truth - truth.mean(axis=axis, keepdims=True)) ** 2).sum(axis=axis)
        return 1 - (error**2).sum(axis=axis) / spread

    theirs = stats.bootstrap(
        (labels, scores), statistic, paired=True, method="percentile", n_resamples=4000, rng=1
    ).confidence_interval
    ours = metric_intervals(REGRESSION, labels, Scored(scores), 0.95, 1, [metric], 4000)[metric]
    width = theirs.high - theirs.low
    assert ours.lower == pytest.approx(theirs.low, abs=0.06 * width)
    assert ours.upper == pytest.approx(theirs.high, abs=0.06 * width)


@pytest.mark.parametrize("metric", METRICS[BINARY])
def test_a_model_does_not_differ_from_itself(metric: Metric) -> None:
    labels, scores = probabilities(200, 0)
    found = difference(labels, scores, scores, metric)
    assert found is not None
    assert (found.difference, found.lower, found.upper, found.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize("metric", METRICS[BINARY])
def test_a_much_better_model_lies_above_zero(metric: Metric) -> None:
    labels, scores = sample(500, 2.0)
    scores = 1 / (1 + np.exp(1 - scores))
    noise = np.random.default_rng(5).uniform(size=500)
    better, worse = difference(labels, scores, noise, metric), difference(labels, noise, scores, metric)
    assert better is not None
    assert worse is not None
    assert 0 < better.lower < better.difference < better.upper
    assert better.p_value < 0.001
    assert (worse.lower, worse.upper) == pytest.approx((-better.upper, -better.lower))
    assert worse.p_value == better.p_value


def test_a_smaller_error_is_a_positive_difference() -> None:
    labels = np.random.default_rng(0).normal(size=300)
    noise = np.random.default_rng(1).normal(size=300)
    found = difference(labels, labels + noise / 2, labels + noise, Metric.MEAN_ABSOLUTE_ERROR)
    assert found is not None
    assert found.lower > 0


def test_the_test_of_a_mean_loss_is_the_paired_t_test() -> None:
    labels, first = values(120, 1)
    second = first + np.random.default_rng(9).normal(scale=0.3, size=120)
    found = difference(labels, first, second, Metric.MEAN_ABSOLUTE_ERROR)
    expected = stats.ttest_rel(np.abs(labels - second), np.abs(labels - first))
    assert found is not None
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_the_test_of_roc_auc_is_that_of_delong() -> None:
    """The paper's own sums over pairs; for many rows their variance and ours become the same."""
    labels, first = sample(2000, 1.0)
    second = first + np.random.default_rng(3).normal(size=2000)
    found = difference(labels, first, second, resamples=50)
    ours, error = delong(labels, first, second)
    assert found is not None
    assert found.difference == pytest.approx(ours)
    assert found.standard_error == pytest.approx(error, rel=2e-3)


def delong(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the difference of two AUCs and its standard error, by placement values."""
    above, below = [], []
    for scores in (first, second):
        wins = scores[labels == 1][:, None] > scores[labels == 0][None, :]
        above.append(wins.mean(axis=1))
        below.append(wins.mean(axis=0))
    ones, zeros = above[0] - above[1], below[0] - below[1]
    variance = ones.var(ddof=1) / len(ones) + zeros.var(ddof=1) / len(zeros)
    return float(ones.mean()), float(np.sqrt(variance))


@pytest.mark.parametrize("task", list(Task))
def test_many_rows_need_no_draws_and_give_the_same_intervals(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, scores = SAMPLES[task](3000, 1)
    drawn = metric_intervals(task, labels, Scored(scores), 0.95, seed=1, resamples=4000)
    monkeypatch.setattr(bootstrap, "BOOTSTRAP_ROWS", 2999)
    monkeypatch.setattr(bootstrap, "draw_weights", None)
    direct = metric_intervals(task, labels, Scored(scores), 0.95, seed=1)
    for metric, one in direct.items():
        width = drawn[metric].upper - drawn[metric].lower
        assert one.value == drawn[metric].value
        assert one.lower == pytest.approx(drawn[metric].lower, abs=0.06 * width)
        assert one.upper == pytest.approx(drawn[metric].upper, abs=0.06 * width)


def test_equal_seeds_give_equal_intervals() -> None:
    labels, scores = sample(200, 1.0)
    other = scores[::-1].copy()
    first, again, different = (difference(labels, scores, other, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != different


def test_a_metric_by_itself_has_the_interval_it_has_among_others() -> None:
    labels, scores = probabilities(200, 0)
    everything = metric_intervals(BINARY, labels, Scored(scores), 0.95, seed=1)
    alone = metric_intervals(BINARY, labels, Scored(scores), 0.95, 1, [Metric.AVERAGE_PRECISION])
    assert alone[Metric.AVERAGE_PRECISION] == everything[Metric.AVERAGE_PRECISION]


def test_the_threshold_makes_the_answers() -> None:
    labels, scores = np.array([0, 1] * 50), np.array([0.1, 0.3] * 50)
    low, high = (
        metric_intervals(BINARY, labels, Scored(scores, threshold), 0.95, 1, [Metric.ACCURACY])
        for threshold in (0.2, 0.5)
    )
    assert (low[Metric.ACCURACY].value, high[Metric.ACCURACY].value) == (1.0, 0.5)


def test_more_rows_make_the_interval_narrower() -> None:
    widths = []
    for rows in (200, 3200):
        labels, scores = sample(rows, 1.0)
        found = difference(labels, scores, scores + np.random.default_rng(3).normal(size=rows))
        assert found is not None
        widths.append(found.upper - found.lower)
    assert widths[1] < widths[0] / 2


@pytest.mark.parametrize("metric", [AUC, Metric.MEAN_ABSOLUTE_ERROR])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(metric: Metric) -> None:
    """Two models of equal strength: the true difference is zero."""
    generator, held, rounds = np.random.default_rng(11), 0, 60
    for _ in range(rounds):
        labels = generator.integers(0, 2, 300)
        first, second = labels + generator.normal(size=(2, 300))
        found = difference(labels, first, second, metric, resamples=200)
        held += found is not None and found.lower <= 0 <= found.upper
    assert held / rounds >= 0.85


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        pytest.param([], [], id="empty"),
        pytest.param([1], [0.3], id="one-row"),
        pytest.param([1, 1, 1], [0.1, 0.2, 0.3], id="one-class"),
        pytest.param([0, 1, 0], [0.1, np.nan, 0.3], id="not-a-number"),
        pytest.param([0, 1, 0], [0.1, np.inf, 0.3], id="infinite"),
    ],
)
def test_what_cannot_be_measured_is_left_out(labels: list[int], scores: list[float]) -> None:
    truth, answers = np.array(labels, dtype=np.int64), np.array(scores, dtype=np.float64)
    compared = compare_models(BINARY, truth, Scored(answers), Scored(answers), 0.95, 1)
    assert AUC not in compared.candidate
    assert AUC not in compared.differences


def test_a_candidate_without_numbers_leaves_the_champion_measured() -> None:
    labels, scores = probabilities(100, 0)
    compared = compare_models(BINARY, labels, Scored(np.full(100, np.nan)), Scored(scores), 0.95, 1)
    assert compared.candidate == {}
    assert compared.differences == {}
    assert set(compared.champion) == set(METRICS[BINARY])


def test_too_few_of_one_class_have_a_value_but_no_interval() -> None:
    labels, scores = np.array([0] * 50 + [1]), np.linspace(0, 1, 51)
    compared = compare_models(BINARY, labels, Scored(scores), Scored(scores[::-1].copy()), 0.95, 1, [AUC])
    assert compared.candidate[AUC] == Interval(roc_auc_score(labels, scores), None, None)
    assert compared.differences == {}


def test_a_gain_that_is_the_same_in_every_row_needs_no_test() -> None:
    labels = np.zeros(50)
    found = difference(labels, labels + 1.0, labels + 2.0, Metric.MEAN_ABSOLUTE_ERROR)
    assert found is not None
    assert (found.difference, found.lower, found.upper, found.p_value) == (1, 1, 1, 0)


def test_errors_too_large_to_square_leave_the_metrics_that_stand() -> None:
    labels = np.arange(50.0)
    found = metric_intervals(REGRESSION, labels, Scored(np.full(50, 1e200)), 0.95, 1)
    assert list(found) == [Metric.MEAN_ABSOLUTE_ERROR]
    assert found[Metric.MEAN_ABSOLUTE_ERROR].value == 1e200
