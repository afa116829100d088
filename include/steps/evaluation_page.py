"""The page that shows how a candidate was judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from include.contracts import Decision, EvaluationRef, Verdict
from include.core.bootstrap import Compared, Interval
from include.core.curves import (
    Points,
    precision_recall_points,
    recall_by_class,
    residual_points,
    roc_points,
)
from include.core.gates.slice_group import read_groups
from include.core.gates.slices import SLICE
from include.core.gates.versus_champion import GATE
from include.pages import render_page
from include.specs import ModelSpec
from include.specs.task import Metric, Task
from include.steps.holdout import ScoredHoldout, side_by_side
from include.steps.scorer import Scorer


@dataclass(frozen=True)
class Plot:
    """Curves over each other in one frame; `champion` is None where there is none."""

    title: str
    x: str
    y: str
    candidate: Points
    champion: Points | None
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class ClassRecall:
    """How much of one class is found, by each model; None where it is not known."""

    name: str
    rows: int
    candidate: float | None
    champion: float | None


def evaluation_page(
    spec: ModelSpec,
    result: EvaluationRef,
    compared: Compared,
    scored: ScoredHoldout,
    judged: Scorer,
    champion: Scorer | None,
) -> str:
    """Render the evidence as one HTML document.

    Parameters
    ----------
    spec
        The model.
    result
        What the page is about.
    compared
        Metrics of both models, with their differences.
    scored
        The holdout, for curves.
    judged, champion
        The candidate, and the champion where there is one to compare with.
    """
    versus = next((one for one in result.decisions if one.gate == GATE), None)
    return render_page(
        "evaluation.html",
        title=f"Evidence: {result.candidate.model}, version {result.candidate.version}",
        subtitle=_subtitle(result),
        result=result,
        spec=spec,
        overall=_overall(result.decisions),
        versus=versus,
        slices=[(one, read_groups(one.observed)) for one in result.decisions if one.gate.startswith(SLICE)],
        metrics=[(metric, compared.candidate[metric], compared.champion.get(metric),
                  compared.differences.get(metric)) for metric in compared.candidate],
        scales={metric: _scale(compared, metric) for metric in compared.candidate},
        gap=compared.differences.get(spec.gates.versus_champion.metric),
        plots=_plots(scored, judged.info.task),
        recalls=_recalls(scored, judged, champion),
    )  # fmt: skip


def _subtitle(result: EvaluationRef) -> str:
    rival = f"beside champion version {result.champion_version}" if result.champion_version else "alone"
    return (
        f"{rival}, on {result.holdout_rows:,} rows that matured from {result.holdout_first}"
        f" to {result.holdout_last}"
    )


def _overall(decisions: Sequence[Decision]) -> Verdict:
    verdicts = {decision.verdict for decision in decisions}
    if Verdict.FAILED in verdicts:
        return Verdict.FAILED
    return Verdict.PASSED if verdicts == {Verdict.PASSED} else Verdict.NOT_ENOUGH_EVIDENCE


def _scale(compared: Compared, metric: Metric) -> tuple[float, float]:
    """Return the ends of an axis that holds both models' intervals, with some air within the bounds."""
    shown = [
        interval for interval in (compared.candidate.get(metric), compared.champion.get(metric)) if interval
    ]
    ends = [end for interval in shown for end in _ends(interval)]
    low, high = min(ends), max(ends)
    air = (high - low) * 0.08 or max(abs(high), 1.0) * 0.01
    least, most = metric.bounds
    lower = low - air if least is None else max(low - air, least)
    return lower, high + air if most is None else min(high + air, most)


def _ends(interval: Interval) -> list[float]:
    return [end for end in (interval.value, interval.lower, interval.upper) if end is not None]


def _plots(scored: ScoredHoldout, task: Task) -> list[Plot]:
    """Draw what can be drawn: nothing where scores are no numbers or a class is missing."""
    holdout, models = scored.holdout, [scored.scores]
    if scored.champion_scores is not None:
        models.append(scored.champion_scores)
    if not len(holdout.labels) or not all(np.isfinite(scores).all() for scores in models):
        return []
    if task is Task.REGRESSION:
        return [_residuals(residual_points(holdout.labels.astype(np.float64), models))]
    if task is Task.MULTICLASS_CLASSIFICATION or len(np.unique(holdout.labels)) < 2:
        return []
    labels = holdout.labels.astype(np.int64)
    roc = [roc_points(labels, scores) for scores in models]
    precision = [precision_recall_points(labels, scores) for scores in models]
    return [
        Plot("ROC curve", "false positive rate", "true positive rate", roc[0], _second(roc)),
        Plot("Precision and recall", "recall", "precision", precision[0], _second(precision)),
    ]


def _residuals(curves: list[Points]) -> Plot:
    ends = [x for x, _ in curves[0]]
    most = max(share for curve in curves for _, share in curve)
    return Plot(
        "Residuals", "label minus answer", "share of rows", curves[0], _second(curves),
        (min(ends), max(ends)), (0.0, most * 1.05),
    )  # fmt: skip


def _second(curves: list[Points]) -> Points | None:
    return curves[1] if len(curves) > 1 else None


def _recalls(scored: ScoredHoldout, judged: Scorer, champion: Scorer | None) -> list[ClassRecall]:
    """Return one line a class of a multiclass model."""
    if judged.info.task is not Task.MULTICLASS_CLASSIFICATION or not np.isfinite(scored.scores).all():
        return []
    labels, names = scored.holdout.labels.astype(np.int64), judged.info.classes
    own = recall_by_class(labels, scored.scores.argmax(axis=1), len(names))
    theirs: list[tuple[int, float | None]] = [(0, None)] * len(names)
    if (
        champion is not None
        and scored.champion_scores is not None
        and np.isfinite(scored.champion_scores).all()
    ):
        _, spread = side_by_side(scored, judged, champion)
        theirs = recall_by_class(labels, spread.scores.argmax(axis=1), len(names))
    return [
        ClassRecall(name, rows, recall, other)
        for name, (rows, recall), (_, other) in zip(names, own, theirs, strict=True)
    ]
