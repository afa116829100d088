"""The holdout of a candidate, as the candidate and the champion score it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from include.contracts import CandidateRef
from include.core.bootstrap import Scored
from include.core.class_scores import spread_scores, union_of
from include.core.labels import LabelArray
from include.core.resampling.statistic import Floats
from include.core.training_set import TrainingSet
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.task import Task
from include.steps.judge_candidate import slice_columns
from include.steps.scorer import Scorer
from include.steps.snapshot_training_set import load_training_set

_ANY_THRESHOLD = 0.5  # asked for by binary tasks only, whose versions have one


@dataclass(frozen=True)
class Holdout:
    """Rows that no version was fitted on, with their truth.

    Attributes
    ----------
    rows
        The features of the version that scores them, and the columns of slices.
    labels
        Shape (rows,); codes are places in the candidate's classes.
    first, last
        The days of maturity, both inclusive, that the candidate was kept from.
    """

    rows: pd.DataFrame
    labels: LabelArray
    first: date
    last: date


@dataclass(frozen=True)
class ScoredHoldout:
    """A holdout with the scores of the candidate and, where there is one to compare with, the champion.

    Scores are as the scorers gave them: for several classes in the order of each version's own.
    """

    holdout: Holdout
    scores: Floats
    champion_scores: Floats | None


def score_holdout(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    candidate: CandidateRef,
    judged: Scorer,
    champion: Scorer | None,
) -> ScoredHoldout:
    """Read the holdout of a candidate's snapshot, and let both versions score it.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    spec
        The model.
    candidate
        Whose snapshot is read.
    judged, champion
        The candidate and, where there is one, the champion, loaded.

    Raises
    ------
    MissingPartitionError
        When the snapshot lacks days that a version's derived features look back at.
    TrainingDataError
        When a label is none the candidate knows.
    """
    rivals = [judged, champion] if champion else [judged]
    holdouts = _read(settings, specs, spec, candidate, rivals)
    scores = [rival.score(holdout.rows) for rival, holdout in zip(rivals, holdouts, strict=True)]
    return ScoredHoldout(holdouts[0], scores[0], scores[1] if champion else None)


def side_by_side(scored: ScoredHoldout, judged: Scorer, champion: Scorer) -> tuple[Scored, Scored]:
    """Return both versions' scores in one order of classes, so that they can be compared."""
    if scored.champion_scores is None:
        raise ValueError("the champion scored nothing")
    pair = [(judged, scored.scores), (champion, scored.champion_scores)]
    if judged.info.task is not Task.MULTICLASS_CLASSIFICATION:
        first, second = (with_threshold(scorer, scores) for scorer, scores in pair)
        return first, second
    together = union_of(judged.info.classes, champion.info.classes)
    first, second = (Scored(spread_scores(scores, scorer.info.classes, together)) for scorer, scores in pair)
    return first, second


def with_threshold(scorer: Scorer, scores: Floats) -> Scored:
    """Return a version's scores with the threshold that makes answers of them."""
    threshold = scorer.info.threshold
    return Scored(scores, _ANY_THRESHOLD if threshold is None else threshold)


def _read(
    settings: Settings, specs: Specs, spec: ModelSpec, candidate: CandidateRef, rivals: list[Scorer]
) -> list[Holdout]:
    """Read the candidate's holdout for each rival: once, unless they derive features of one name unlike."""
    classes, slices = rivals[0].info.classes or None, slice_columns(spec)

    def read(together: list[Scorer]) -> Holdout:
        wanted = [*slices, *(name for rival in together for name in rival.info.features.all)]
        derived = {one.name: one for one in spec.derived_among(slices)}
        derived |= {one.name: one for rival in together for one in rival.info.derived}
        _, data = load_training_set(
            settings, specs, spec, candidate.snapshot, wanted, list(derived.values()), classes
        )
        return _kept_out(data, rivals[0])

    definitions = {one.name: one for rival in rivals for one in rival.info.derived}
    if all(definitions[one.name] == one for rival in rivals for one in rival.info.derived):
        return [read(rivals)] * len(rivals)
    return [read([rival]) for rival in rivals]


def _kept_out(data: TrainingSet, judged: Scorer) -> Holdout:
    """Take the days the candidate was kept from, as its training recorded them."""
    first, last = judged.info.holdout.first, judged.info.holdout.last
    chosen = (data.matured >= np.datetime64(first)) & (data.matured <= np.datetime64(last))
    return Holdout(data.rows[chosen], data.labels[chosen], first, last)
