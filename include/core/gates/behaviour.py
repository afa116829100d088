"""What a version must do whatever its metrics say: the behavioural tests of its spec, and extreme inputs.

After M. T. Ribeiro et al., Beyond Accuracy: Behavioral Testing of NLP Models with CheckList, ACL 2020:
invariance and directional expectation tests run on rows of the holdout, minimum functionality tests on
examples that are written down. Extreme inputs are tried always, whether a spec asks for them or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.contracts import Decision, Verdict
from include.core.gates.probe import Floats, Probe, describe, said, score_text
from include.errors import DataError, FatalError, name_some
from include.specs.gates import EXTREME_INPUTS, BehaviouralTest, Cell, Direction, Example, Extreme, Invariance
from include.specs.task import Task

LARGE = 1e12
UNSEEN = "a category that was never seen"

_ROUNDING = 1e-12
_SUM_ROUNDING = 1e-6


@dataclass(frozen=True)
class _Found:
    """What a test came to."""

    verdict: Verdict
    reasons: list[str]
    observed: dict[str, float | int | str | None] = field(default_factory=dict)
    thresholds: dict[str, float | int | str | None] = field(default_factory=dict)


def decide_behaviour(tests: Sequence[BehaviouralTest], probe: Probe, rows: pd.DataFrame) -> list[Decision]:
    """Run the tests of a spec and the extreme inputs.

    Parameters
    ----------
    tests
        Those of the spec.
    probe
        The version that is judged.
    rows
        The holdout's rows, as read; at most a thousand are used, evenly from the first to the last.

    Returns
    -------
    list of Decision
        One a test, named `behaviour.<name>`, and one for the extreme inputs.
    """
    chosen = probe.choose(rows)
    decisions = [_decision(test.name, _judge(test, probe, chosen)) for test in tests]
    return [*decisions, _decision(EXTREME_INPUTS, _extreme_inputs(probe, chosen))]


def _judge(test: BehaviouralTest, probe: Probe, rows: pd.DataFrame) -> _Found:
    if unknown := probe.unknown(test.columns):
        return _unsure(f"version {probe.version} was trained without {name_some(unknown)}; train a new one")
    if not len(rows) and not isinstance(test, Example):
        return _unsure("the holdout has no rows")
    try:
        match test:
            case Invariance():
                return _invariance(test, probe, rows)
            case Direction():
                return _direction(test, probe, rows)
            case Example():
                return _example(test, probe)
            case Extreme():
                return _extremes({test.name: probe.changed(rows, test.set)}, probe, list(test.set))
    except FatalError as error:
        return _Found(Verdict.FAILED, [f"the rows of the test cannot be scored: {error}"])


def _invariance(test: Invariance, probe: Probe, rows: pd.DataFrame) -> _Found:
    before, after = _scores(probe, rows), _scores(probe, probe.changed(rows, test.set))
    moved = _largest(np.abs(after - before))
    kept = moved <= test.tolerance
    worst = int(np.argmax(moved))
    what = f"setting {said(test.set)}, the score moves by at most {test.tolerance:g}"
    row = (
        f"{score_text(before[worst])} became {score_text(after[worst])} for {describe(rows, worst, test.set)}"
    )
    found = _by_share(kept, test.min_share, what, row)
    found.observed["largest_move"] = float(moved[worst])
    return found


def _direction(test: Direction, probe: Probe, rows: pd.DataFrame) -> _Found:
    known = rows[rows[test.column].notna()].reset_index(drop=True)
    if not len(known):
        return _unsure(f"{test.column} is missing in every row")
    if test.of is not None and test.of not in probe.classes:
        return _unsure(
            f"version {probe.version} knows no class {test.of!r}; it knows {name_some(probe.classes)}"
        )
    before = _meant(probe, _scores(probe, known), test.of)
    moved_rows = known.assign(**{test.column: known[test.column] + test.add})
    after = _meant(probe, _scores(probe, moved_rows), test.of)
    moved, moves_right = after - before, _DIRECTIONS[test.score]
    wrongness = -moved if test.score in {"increases", "not_decreases"} else moved
    worst = int(np.argmax(wrongness))
    meant = f"the probability of {test.of}" if test.of is not None else "the score"
    what = f"adding {test.add:g} to {test.column}, {meant} {_SPOKEN[test.score]}"
    row = f"{before[worst]:.4f} became {after[worst]:.4f} for {describe(known, worst, [test.column])}"
    return _by_share(moves_right(moved), test.min_share, what, row)


def _by_share(kept: NDArray[np.bool_], min_share: float, what: str, worst: str) -> _Found:
    share = float(np.mean(kept))
    passed = share >= min_share
    broken = int((~kept).sum())
    reason = f"{what} in {share:.1%} of {len(kept)} rows, asked for {min_share:.1%}"
    return _Found(
        Verdict.PASSED if passed else Verdict.FAILED,
        [reason if passed else f"{reason}; worst: {worst}"],
        {"share": share, "rows": len(kept), "rows_that_break_it": broken},
        {"min_share": min_share},
    )


def _example(test: Example, probe: Probe) -> _Found:
    row = probe.row(test.row)
    scores = _scores(probe, row)
    answer = _named_answer(probe, scores)
    wanted = str(test.answer) if probe.task is Task.MULTICLASS_CLASSIFICATION else test.answer
    if probe.task is Task.MULTICLASS_CLASSIFICATION and wanted not in probe.classes:
        return _unsure(
            f"version {probe.version} knows no class {wanted!r}; it knows {name_some(probe.classes)}"
        )
    score = float(_meant(probe, scores, str(wanted))[0])
    wrong = list(_wrong(test, answer, wanted, score))
    given = f"the score is {score:.4f}" + ("" if answer is None else f", the answer {answer}")
    return _Found(
        Verdict.FAILED if wrong else Verdict.PASSED,
        [f"{given}, but {' and '.join(wrong)}, for {said(test.row)}" if wrong else f"{given}, as asked"],
        {"score": score, "answer": answer},
        {"answer": wanted, "at_least": test.at_least, "at_most": test.at_most},
    )


def _wrong(test: Example, answer: int | str | None, wanted: Cell, score: float) -> Iterator[str]:
    if wanted is not None and answer != wanted:
        yield f"{wanted} was asked for" if isinstance(wanted, str) else f"{int(wanted)} was asked for"
    if test.at_least is not None and score < test.at_least:
        yield f"at least {test.at_least:g} was asked for"
    if test.at_most is not None and score > test.at_most:
        yield f"at most {test.at_most:g} was asked for"


def _extreme_inputs(probe: Probe, rows: pd.DataFrame) -> _Found:
    """Try what no contract keeps out for good: nothing known, never seen, zero, very large."""
    numeric, categorical = probe.features.numeric, probe.features.categorical
    inputs = {"all features missing": probe.row({})}
    if categorical and len(rows):
        inputs["categories never seen"] = probe.changed(rows, dict.fromkeys(categorical, UNSEEN))
    if numeric and len(rows):
        for value in (0.0, LARGE, -LARGE):
            inputs[f"all numbers {value:g}"] = probe.changed(rows, dict.fromkeys(numeric, value))
    return _extremes(inputs, probe, [])


def _extremes(inputs: dict[str, pd.DataFrame], probe: Probe, first: list[str]) -> _Found:
    """Ask for a finite score within the answer's range for every row of every input."""
    reasons, wrong = [], 0
    for name, rows in inputs.items():
        problem, broken = _out_of_range(probe, rows, first)
        wrong += broken
        if problem:
            reasons.append(f"{name}: {problem}")
    tried = sum(len(rows) for rows in inputs.values())
    observed: dict[str, float | int | str | None] = {"rows": tried, "rows_that_break_it": wrong}
    if reasons:
        return _Found(Verdict.FAILED, reasons, observed)
    return _Found(
        Verdict.PASSED, [f"{tried} rows get a finite score in range: {', '.join(inputs)}"], observed
    )


def _out_of_range(probe: Probe, rows: pd.DataFrame, first: list[str]) -> tuple[str | None, int]:
    try:
        scores = probe.score(rows)
    except FatalError as error:
        return f"the rows cannot be scored: {error}", len(rows)
    bad = ~np.isfinite(scores)
    if probe.task.is_classification:
        bad |= (scores < 0) | (scores > 1)
    if scores.ndim == 2:
        bad = bad.any(axis=1) | (np.abs(scores.sum(axis=1) - 1) > _SUM_ROUNDING)
    if not bad.any():
        return None, 0
    place = int(np.argmax(bad))
    shown = describe(rows, place, first)
    return f"{int(bad.sum())} rows of {len(rows)}, such as {score_text(scores[place])} for {shown}", int(
        bad.sum()
    )


def _scores(probe: Probe, rows: pd.DataFrame) -> Floats:
    """Score rows; what is compared with other scores must be a number."""
    scores = probe.score(rows)
    if not (finite := np.isfinite(scores)).all():
        place = int(np.argmin(finite if finite.ndim == 1 else finite.all(axis=1)))
        raise DataError(f"the score is {score_text(scores[place])} for {describe(rows, place, [])}")
    return scores


def _meant(probe: Probe, scores: Floats, of: str | None) -> Floats:
    """Return the score that a test is about, shape (rows,)."""
    if probe.task is Task.MULTICLASS_CLASSIFICATION and of is not None:
        return scores[:, probe.classes.index(of)]
    return scores


def _named_answer(probe: Probe, scores: Floats) -> int | str | None:
    if probe.task is Task.REGRESSION:
        return None
    code = int(probe.answer(scores)[0])
    return probe.classes[code] if probe.task is Task.MULTICLASS_CLASSIFICATION else code


def _largest(moved: Floats) -> Floats:
    """Of a score a class, the largest move of each row."""
    return moved.max(axis=1) if moved.ndim == 2 else moved


def _unsure(reason: str) -> _Found:
    return _Found(Verdict.NOT_ENOUGH_EVIDENCE, [reason])


def _decision(name: str, found: _Found) -> Decision:
    return Decision(
        gate=f"behaviour.{name}",
        verdict=found.verdict,
        reasons=found.reasons,
        observed=found.observed,
        thresholds=found.thresholds,
    )


_SPOKEN = {
    "increases": "increases",
    "decreases": "decreases",
    "not_increases": "does not increase",
    "not_decreases": "does not decrease",
}
_DIRECTIONS: dict[str, Callable[[Floats], NDArray[np.bool_]]] = {
    "increases": lambda moved: moved > 0,
    "decreases": lambda moved: moved < 0,
    "not_increases": lambda moved: moved <= _ROUNDING,
    "not_decreases": lambda moved: moved >= -_ROUNDING,
}
