"""Put on record that a model's data drifted and a new version is wanted."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from include.adapters import warehouse
from include.contracts import DriftResult, RetrainRequest
from include.settings import Settings

SOURCE = "drift"
NAMED_FEATURES = 3

log = logging.getLogger(__name__)


def run(settings: Settings, model: str, drift: DriftResult) -> RetrainRequest:
    """Record the request once; asking again for the same week returns the first request.

    Parameters
    ----------
    settings
        The installation.
    model
        The model's name.
    drift
        A week that drifted. The new version is trained as of the day after it.

    Raises
    ------
    ValueError
        When the week did not drift.
    """
    if not drift.drifted:
        raise ValueError(f"{model} did not drift in the week from {drift.first}: nothing to ask for")
    started = time.perf_counter()
    request = RetrainRequest(
        model=model, as_of=drift.last + timedelta(days=1), source=SOURCE, reason=_reason(drift)
    )
    with warehouse.transaction(settings) as conn:
        recorded = warehouse.request_retrain(conn, request)
    seconds = time.perf_counter() - started
    log.info(
        "asked for a version of %s as of %s: %s (%.2f s)", model, recorded.as_of, recorded.reason, seconds
    )
    return recorded


def _reason(drift: DriftResult) -> str:
    moved = [feature.explanation for feature in drift.features if feature.drifted]
    more = f"; and {len(moved) - NAMED_FEATURES} more" if len(moved) > NAMED_FEATURES else ""
    week = f"{len(moved)} of {len(drift.features)} features drifted from {drift.first} to {drift.last}"
    return f"{week}: {'; '.join(moved[:NAMED_FEATURES])}{more}"
