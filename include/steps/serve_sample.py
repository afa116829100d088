"""Let a clean process load a registered version and score a sample, as a server would that never saw it."""

from __future__ import annotations

from include.adapters.clean_process import Ended, run_module
from include.adapters.work_folders import work_folder
from include.contracts import CandidateRef, Decision
from include.core.gates.servability import Served, decide_not_served, decide_servability
from include.errors import SourceUnavailableError
from include.settings import Settings
from include.specs.gates import Servability

MODULE = "include.steps.clean_scoring_main"

_GRACE_SECONDS = 60.0


def run(settings: Settings, gate: Servability, candidate: CandidateRef) -> Decision:
    """Judge whether a version can serve.

    Parameters
    ----------
    settings
        The installation; its database addresses are not handed on.
    gate
        The budgets, and how many rows are scored.
    candidate
        The version.

    Returns
    -------
    Decision
        Failed also where the process crashed, was killed, took far longer than it may, or found that the
        version's files are not those that were registered.

    Raises
    ------
    SourceUnavailableError
        When the process could not reach MLflow.
    """
    request = {
        "settings": settings.model_dump(mode="json", exclude={"warehouse_url", "connections"}),
        "candidate": candidate.to_json(),
        "rows": gate.rows,
    }
    with work_folder(settings.work_root, "serving-") as folder:
        ended = run_module(MODULE, request, folder, _patience(gate))
    return _decision(gate, candidate, ended)


def _patience(gate: Servability) -> float:
    """Wait longer than the budgets allow, so that a version that breaks them is measured nevertheless."""
    return _GRACE_SECONDS + 2 * (gate.load_seconds + gate.rows * gate.milliseconds_per_row / 1000)


def _decision(gate: Servability, candidate: CandidateRef, ended: Ended) -> Decision:
    if ended.answer is None:
        return decide_not_served(gate, f"a clean process could not serve it: {ended.problem}")
    if "retry" in ended.answer:
        raise SourceUnavailableError(
            f"a clean process could not load it: {ended.answer['retry']}",
            where=f"model {candidate.model}, version {candidate.version}",
            next_step="check that the MLflow server runs and that this worker reaches it",
        )
    if "refused" in ended.answer:
        return decide_not_served(gate, f"a clean process could not serve it: {ended.answer['refused']}")
    return decide_servability(gate, Served(**ended.answer["served"]))
