"""All gates but the metrics and the comparison with the champion: each is run, and each is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.contracts import CandidateRef, Decision
from include.core.gates.behaviour import decide_behaviour
from include.core.gates.probe import Probe
from include.core.gates.slices import ScoredRows, decide_slices
from include.core.gates.stability import Answers, decide_stability
from include.settings import Settings
from include.specs import ModelSpec
from include.steps import serve_sample
from include.steps.scorer import Scorer


def judge_more(
    settings: Settings,
    spec: ModelSpec,
    candidate: CandidateRef,
    judged: Scorer,
    champion: Scorer | None,
    rows: pd.DataFrame,
    labels: NDArray[Any],
    scores: NDArray[np.float64],
    champion_scores: NDArray[np.float64] | None,
) -> list[Decision]:
    """Judge slices, behaviour, stability and servability.

    No gate stops the others. What goes wrong in the computation of a gate is an error of the step, and
    never a verdict.

    Parameters
    ----------
    settings
        The installation.
    spec
        The model.
    candidate
        Who is judged.
    judged, champion
        Its version, loaded, and the champion's, if there is one that answers the same kind of question.
    rows
        The holdout, with the features of the candidate and the columns of `slice_columns`.
    labels
        Shape (rows,); codes are places in the candidate's classes.
    scores, champion_scores
        What both versions gave these rows, each in the order of its own classes.

    Raises
    ------
    DataError
        When the rows lack the column of a slice.
    SourceUnavailableError
        When MLflow does not answer.
    """
    info = judged.info
    scored = ScoredRows(info.task, labels, scores, judged.answers(scores), info.threshold)
    probe = Probe(judged.version, info.task, info.features, info.classes, judged.score, judged.answers)
    rival = None
    if champion is not None and champion_scores is not None:
        rival = _answers(champion, champion_scores)
    return [
        *decide_slices(spec.gates.slices, scored, rows),
        *decide_behaviour(spec.gates.behaviour, probe, rows),
        decide_stability(spec.gates.stability, info.task, _answers(judged, scores), rival),
        serve_sample.run(settings, spec.gates.servability, candidate),
    ]


def slice_columns(spec: ModelSpec) -> list[str]:
    """Return the columns by which a spec's gates group the holdout's rows."""
    return list(dict.fromkeys(one.column for one in spec.gates.slices))


def _answers(scorer: Scorer, scores: NDArray[np.float64]) -> Answers:
    found = scorer.answers(scores)
    if scorer.info.classes:
        return Answers(scorer.version, np.array(scorer.info.classes, dtype=object)[found])
    return Answers(scorer.version, found)
