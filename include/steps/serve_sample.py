"""Let a clean process load a registered version and score a sample, as a server would that never saw it."""

from __future__ import annotations

import logging
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from include.adapters import mlflow_documents, mlflow_runs
from include.adapters.clean_process import Ended, run_module
from include.adapters.work_folders import work_folder
from include.contracts import CandidateRef, Decision, Verdict
from include.core.gates.servability import Served, decide_not_served, decide_servability
from include.errors import IntegrityError, SourceUnavailableError
from include.settings import Settings
from include.specs.gates import Servability

MODULE = "include.steps.clean_scoring_main"
SERVED = "served.json"

_GRACE_SECONDS = 60.0
_PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")

log = logging.getLogger(__name__)


def run(settings: Settings, gate: Servability, candidate: CandidateRef) -> Decision:
    """Judge whether a version can serve.

    What was measured is kept in the version's run: a retry of an evaluation finds a version that passed
    and gives the same evidence. One that did not pass is measured again.

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
        When MLflow does not answer, here or in the process.
    """
    key = _key(gate, candidate)
    known = _measured_before(settings, candidate, key)
    if known is not None and (found := decide_servability(gate, known)).verdict is Verdict.PASSED:
        log.info("%s version %d was served before", candidate.model, candidate.version)
        return found
    ended = _serve(settings, gate, candidate)
    if ended.answer is None:
        return decide_not_served(gate, f"a clean process could not serve it: {ended.problem}")
    return _decide(settings, gate, candidate, key, ended.answer)


def _key(gate: Servability, candidate: CandidateRef) -> dict[str, Any]:
    """Name what a measurement holds for: the same files, as many rows, the same packages."""
    return {
        "artifact_sha256": candidate.artifact_sha256,
        "rows": gate.rows,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _measured_before(settings: Settings, candidate: CandidateRef, key: dict[str, Any]) -> Served | None:
    try:
        document = mlflow_documents.read_document(settings, candidate.run_id, SERVED)
    except IntegrityError:
        return None  # never measured
    return Served(**document["served"]) if document["key"] == key else None


def _serve(settings: Settings, gate: Servability, candidate: CandidateRef) -> Ended:
    request = {
        "settings": settings.model_dump(mode="json", exclude={"warehouse_url", "connections"}),
        "candidate": candidate.to_json(),
        "rows": gate.rows,
    }
    with work_folder(settings.work_root, "serving-") as folder:
        return run_module(MODULE, request, folder, _patience(gate))


def _patience(gate: Servability) -> float:
    """Wait longer than the budgets allow, so that a version that breaks them is measured nevertheless."""
    return _GRACE_SECONDS + 2 * (gate.load_seconds + gate.rows * gate.milliseconds_per_row / 1000)


def _decide(
    settings: Settings,
    gate: Servability,
    candidate: CandidateRef,
    key: dict[str, Any],
    answer: dict[str, Any],
) -> Decision:
    if "retry" in answer:
        raise SourceUnavailableError(
            f"a clean process could not load it: {answer['retry']}",
            where=f"model {candidate.model}, version {candidate.version}",
            next_step="check that the MLflow server runs and that this worker reaches it",
        )
    if "refused" in answer:
        return decide_not_served(gate, f"a clean process could not serve it: {answer['refused']}")
    served = Served(**answer["served"])
    mlflow_runs.log_document(settings, candidate.run_id, SERVED, {"key": key, "served": asdict(served)})
    return decide_servability(gate, served)
