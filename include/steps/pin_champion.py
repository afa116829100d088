"""Decide once which model version a run scores with, so that its retries cannot change it."""

from __future__ import annotations

import logging
import time
from datetime import date
from typing import Literal

from include.adapters import warehouse
from include.contracts import ChampionRef
from include.errors import NoChampionError
from include.settings import Settings
from include.steps.require_in_service import require_in_service

log = logging.getLogger(__name__)


def run(settings: Settings, model: str, ds: date, choice: Literal["as_of", "current"]) -> ChampionRef:
    """Return the champion a partition is scored with.

    Parameters
    ----------
    settings
        The installation.
    model
        The model's name.
    ds
        The day whose partition is scored.
    choice
        `as_of`: the version that served on `ds`; `current`: the one that serves now.

    Raises
    ------
    NoChampionError
        When no version was promoted yet, or none that serves `ds`.
    RetiredError
        When the model was taken out of service.
    """
    started = time.perf_counter()
    with warehouse.transaction(settings) as conn:
        require_in_service(conn, model)
        current = warehouse.current_champion(conn, model)
        champion = current if choice == "current" else warehouse.champion_as_of(conn, model, ds)
    if champion is None:
        raise _no_champion(model, ds, current)
    seconds = time.perf_counter() - started
    log.info("pinned %s version %d for %s (%s) in %.2f s", model, champion.version, ds, choice, seconds)
    return champion


def _no_champion(model: str, ds: date, current: ChampionRef | None) -> NoChampionError:
    if current is None:
        return NoChampionError(
            "no version was promoted yet",
            where=f"model {model}",
            next_step=f"trigger the DAG {model}__snapshot; it leads to training, evaluation and promotion",
            model=model,
            ds=ds,
        )
    return NoChampionError(
        f"no version served on {ds}; the first promotion that could be meant came later",
        where=f"model {model}",
        next_step=f"score this night with champion `current` (version {current.version}), or trigger the DAG"
        f" {model}__snapshot for a day up to {ds}",
        model=model,
        ds=ds,
    )
