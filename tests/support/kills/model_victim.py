"""A step of the model plane in a process of its own that is to die; forked from one that imported all."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any

# What steps import when they need it: imported once here, by the server, before it forks.
import include.adapters.mlflow_models
import include.adapters.plots
import include.steps.judge_candidate  # noqa: F401
from include.settings import Settings
from tests.support.kills.model_effects import ModelEffects
from tests.support.kills.model_world import STEPS


@dataclass(frozen=True)
class Lived:
    """What is said of a step that came to its end.

    Attributes
    ----------
    record
        What it returned.
    effects
        What it did to the world, in order.
    seconds
        How long it took.
    """

    record: dict[str, Any]
    effects: list[str]
    seconds: float


def work(
    step: str,
    settings: Mapping[str, Any],
    given: Mapping[str, Any],
    die_before: int | None,
    log: Path,
    line: Connection,
) -> None:
    """Run a step to its end, or until right before its effect of that number; `line` is told."""
    os.setsid()  # so that the programs it starts die with it
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    logging.disable()
    effects: list[str] = []

    def meet(effect: str) -> None:
        if len(effects) == die_before:
            line.send(effect)
            os.kill(os.getpid(), signal.SIGKILL)
        effects.append(effect)

    chosen = Settings.model_validate(settings)
    ModelEffects(chosen.work_root.parent, meet)
    line.send("started")
    started = monotonic()
    record = STEPS[step](chosen, given)
    line.send(Lived(record, effects, monotonic() - started))
