"""How far a candidate's answers differ from the champion's on the same rows.

A candidate may be as good as the champion and still answer many rows otherwise; whoever acts on the
answers then sees decisions turn about without a reason. Classification: the share of rows whose answer
changes, each version answering by its own threshold ("churn"; M. M. Fard et al., Launch and Iterate:
Reducing Prediction Churn, NeurIPS 2016). Regression: the mean absolute change, in standard deviations of
the champion's answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.contracts import Decision, Verdict
from include.specs.gates import Stability
from include.specs.task import Task

GATE = "stability"


@dataclass(frozen=True)
class Answers:
    """What a version answered.

    Attributes
    ----------
    version
        Which one.
    values
        Shape (rows,): classes, or the values of a regression. Classes are compared by name: the codes of
        two versions may stand for different ones.
    """

    version: int
    values: NDArray[Any]


def decide_stability(gate: Stability, task: Task, candidate: Answers, champion: Answers | None) -> Decision:
    """Judge the churn between two versions; without another version there is none."""
    if champion is None:
        return _passed("there is no champion to differ from")
    if champion.version == candidate.version:
        return _passed(f"version {candidate.version} is the champion itself")
    if not len(candidate.values):
        return _decision(gate, Verdict.NOT_ENOUGH_EVIDENCE, "the holdout has no rows", champion, None, 0)
    if task is Task.REGRESSION and not np.isfinite([candidate.values, champion.values]).all():
        reason = "an answer is not a number, so the answers cannot be compared"
        return _decision(gate, Verdict.NOT_ENOUGH_EVIDENCE, reason, champion, None, len(candidate.values))
    churn = _share_changed if task.is_classification else _mean_change
    observed = churn(candidate.values, champion.values)
    verdict = Verdict.PASSED if observed <= gate.maximum_churn else Verdict.FAILED
    reason = _reason(gate, task, observed, champion, len(candidate.values))
    return _decision(gate, verdict, reason, champion, observed, len(candidate.values))


def _share_changed(candidate: NDArray[Any], champion: NDArray[Any]) -> float:
    return float(np.mean(candidate != champion))


def _mean_change(candidate: NDArray[np.float64], champion: NDArray[np.float64]) -> float:
    """Infinite where the champion answers every row alike and the candidate does not."""
    change = float(np.mean(np.abs(candidate - champion)))
    if np.ptp(champion) == 0:
        return 0.0 if change == 0 else float("inf")
    return change / float(np.std(champion))


def _reason(gate: Stability, task: Task, observed: float, champion: Answers, rows: int) -> str:
    among = f"of {rows} rows compared with champion version {champion.version}"
    limit = f"{'within' if observed <= gate.maximum_churn else 'more than'} the maximum churn"
    if task.is_classification:
        return f"the answer changes in {observed:.1%} {among}, {limit} of {gate.maximum_churn:.1%}"
    if np.isinf(observed):
        return f"champion version {champion.version} answers all {rows} rows alike, the candidate does not"
    return (
        f"the answers {among} change by {observed:.4f} standard deviations in the mean,"
        f" {limit} of {gate.maximum_churn:g}"
    )


def _passed(reason: str) -> Decision:
    return Decision(gate=GATE, verdict=Verdict.PASSED, reasons=[reason])


def _decision(
    gate: Stability, verdict: Verdict, reason: str, champion: Answers, churn: float | None, rows: int
) -> Decision:
    finite = churn if churn is not None and np.isfinite(churn) else None  # JSON has no infinity
    return Decision(
        gate=GATE,
        verdict=verdict,
        reasons=[reason],
        observed={"churn": finite, "champion_version": champion.version, "rows": rows},
        thresholds={"maximum_churn": gate.maximum_churn},
    )
