"""Fit a version again from what was recorded of it: ``python -m include.steps.rebuild_version``.

`reproduce_version` runs this module as it was at the version's own commit, so what it takes and answers must
not change: a JSON request on its input (see `rebuild`), two files in the folder it names. Nothing is written
anywhere else.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from include.adapters.machine import describe_machine
from include.adapters.model_files import write_model_file
from include.contracts import SnapshotRef
from include.core.scored_sample import build_sample
from include.core.training import Fitted, fit_model
from include.settings import Settings
from include.specs.recorded import read_specs
from include.specs.task import METRICS, Task
from include.steps.snapshot_training_set import load_training_set

MODEL = "model.skops"
ANSWER = "rebuilt.json"

log = logging.getLogger(__name__)


def rebuild(request: dict[str, Any]) -> None:
    """Fit, and write `model.skops` and `rebuilt.json`: hash, metrics, scored sample and machine.

    Parameters
    ----------
    request
        `settings`: the variables of `Settings.from_mapping`; `connections`: addresses by name; `specs` and
        `snapshot`: the documents of the version's run; `params`: all that its estimator was given; `folder`.
    """
    settings = Settings.from_mapping(request["settings"], connections=request["connections"])
    snapshot = SnapshotRef.from_json(request["snapshot"])
    specs = read_specs(request["specs"], f"snapshot {snapshot.tag}")
    spec, folder = specs.model(snapshot.model), Path(request["folder"])
    columns = [*spec.features.all, *spec.leakage.entity]
    _, data = load_training_set(settings, specs, spec, snapshot, columns)
    key = specs.dataset(spec.dataset).key
    fitted = fit_model(spec, data, snapshot.as_of, params=request["params"], entity_key=key)
    answer = {
        "model_sha256": write_model_file(fitted.pipeline, folder / MODEL),
        "metrics": measured_parts(spec.task, fitted.metrics),
        "sample": sample_of(fitted),
        "machine": describe_machine(),
    }
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")
    log.info("%s: fitted again on %d rows", spec.model, data.counts.used)


def measured_parts(task: Task, metrics: dict[str, float]) -> dict[str, float]:
    """Take the metrics of the train and the validation part out of all that a run recorded."""
    names = [f"{part}_{metric}" for part in ("train", "validation") for metric in METRICS[task]]
    return {name: metrics[name] for name in names if name in metrics}


def sample_of(fitted: Fitted) -> dict[str, Any]:
    """Return the sample that a training records."""
    return build_sample(fitted.rows, fitted.info.features, fitted.scores)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    rebuild(json.load(sys.stdin))
