"""Whether what a spec asks for suits the kind of answer its model gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from include.specs.task import METRICS, Metric, Task
from include.specs.training import Calibration, Threshold

if TYPE_CHECKING:
    from include.specs.model import ModelSpec


def task_misfits(spec: ModelSpec) -> Iterator[str]:
    """Yield what a spec asks for that its task does not know."""
    task = spec.task
    for where, metric in _metrics(spec):
        if not metric.suits(task):
            yield f"{where}: {metric} is no metric of {task}; there are {', '.join(METRICS[task])}"
    if task is not Task.BINARY_CLASSIFICATION:
        if spec.training.threshold != Threshold():
            yield f"training.threshold: only a binary model has one, this is {task}"
        if spec.label.positive is not None:
            yield f"label.positive: only a binary label has one, this is {task}"
        for one in spec.gates.slices:
            if one.four_fifths:
                yield f"gates.slices.{one.column}.four_fifths: only a binary model is judged by it"
    if task is Task.REGRESSION and spec.training.calibration is not Calibration.NONE:
        yield "training.calibration: a regression has no probabilities to calibrate"


def _metrics(spec: ModelSpec) -> Iterator[tuple[str, Metric]]:
    yield "gates.versus_champion.metric", spec.gates.versus_champion.metric
    for metric in spec.gates.absolute:
        yield "gates.absolute", metric
    for one in spec.gates.slices:
        yield f"gates.slices.{one.column}.metric", one.metric
    if spec.training.search and spec.training.search.metric:
        yield "training.search.metric", spec.training.search.metric
