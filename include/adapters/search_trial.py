"""A trial of a search as it is on record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from optuna.trial import FrozenTrial, TrialState

from include.specs.training import Value

SECONDS, REASON = "seconds", "reason"
"""What is kept with a trial beside what Optuna keeps."""


class State(StrEnum):
    """Where a trial stands."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing more becomes of it."""
        return self not in {State.WAITING, State.RUNNING}


_STATES = {
    TrialState.WAITING: State.WAITING,
    TrialState.RUNNING: State.RUNNING,
    TrialState.COMPLETE: State.COMPLETE,
    TrialState.PRUNED: State.PRUNED,
    TrialState.FAIL: State.FAILED,
}
OPTUNAS = {state: optunas for optunas, state in _STATES.items()}


@dataclass(frozen=True)
class Trial:
    """A trial as it is on record.

    Attributes
    ----------
    number
        From 0.
    state
        Where it stands.
    params
        What it tries.
    folds
        The metric after each fold that was scored, by its number.
    value
        The mean of the folds, of a complete trial; else None.
    seconds
        What it took; 0 until it ended.
    reason
        Why it failed; else None.
    """

    number: int
    state: State
    params: dict[str, Value]
    folds: dict[int, float]
    value: float | None
    seconds: float
    reason: str | None


def read_trial(trial: FrozenTrial) -> Trial:
    """Return what Optuna holds of a trial."""
    return Trial(
        number=trial.number,
        state=_STATES[trial.state],
        params=dict(trial.params),
        folds=dict(trial.intermediate_values),
        value=trial.value,
        seconds=trial.user_attrs.get(SECONDS, 0.0),
        reason=trial.user_attrs.get(REASON),
    )
