"""Load a version from the registry and score the sample that training wrote; what that took is the answer."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.adapters.mlflow_documents import SCORED_SAMPLE, read_document
from include.contracts import CandidateRef
from include.core.gates.servability import Served
from include.core.scored_sample import read_sample
from include.errors import PerennialError, RetryableError
from include.settings import Settings
from include.steps.scorer import load_scorer

_KILOBYTES_OF_A_MEGABYTE = 1024


def answer(request: Mapping[str, Any], started: float) -> dict[str, Any]:
    """Serve a request.

    Parameters
    ----------
    request
        `settings`, `candidate` and `rows`.
    started
        When the process began, on the clock of `perf_counter`.

    Returns
    -------
    dict
        `served`; or why not: `retry` where trying again may help, else `refused`.
    """
    try:
        return {"served": asdict(serve(request, started))}
    except RetryableError as error:
        return {"retry": str(error)}
    except PerennialError as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def serve(request: Mapping[str, Any], started: float) -> Served:
    """Load the version and score its sample, repeated until there are as many rows as asked for."""
    settings = Settings.model_validate(request["settings"])
    candidate = CandidateRef.from_json(request["candidate"])
    scorer = load_scorer(settings, candidate)
    loaded = perf_counter()
    document = read_document(settings, candidate.run_id, SCORED_SAMPLE)
    sample = read_sample(document, f"model {candidate.model}, version {candidate.version}")
    places = np.resize(np.arange(len(sample.rows)), request["rows"])
    rows = sample.rows.iloc[places].reset_index(drop=True)
    began = perf_counter()
    scores = scorer.score(rows)
    seconds = perf_counter() - began
    return Served(
        rows=len(rows),
        load_seconds=loaded - started,
        milliseconds_per_row=1000 * seconds / len(rows),
        megabytes=_peak_megabytes(),
        largest_difference=largest_difference(scores, sample.scores[places]),
    )


def largest_difference(scores: NDArray[np.float64], recorded: NDArray[np.float64]) -> float | None:
    """Return how far scores lie from recorded ones, relative to those above 1; None if not comparable."""
    if scores.shape != recorded.shape or not np.isfinite(scores).all():
        return None
    return float(np.max(np.abs(scores - recorded) / np.maximum(1.0, np.abs(recorded))))


def _peak_megabytes() -> float:
    """Return the most memory this program held.

    Linux counts in `ru_maxrss` what the parent held when it started this process; its own peak stands in
    the process's status.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _KILOBYTES_OF_A_MEGABYTE
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / _KILOBYTES_OF_A_MEGABYTE / (1024 if sys.platform == "darwin" else 1)
