"""The name of a training: by it a retry finds its run, its search and its version."""

from __future__ import annotations

import hashlib
import json

from include.adapters import mlflow_runs
from include.contracts import SnapshotRef
from include.core.folds import search_metric
from include.specs import ModelSpec


def training_key(spec: ModelSpec, snapshot: SnapshotRef) -> str:
    """Name a training by what goes into it: data, day, and the parts of the spec that train."""
    relevant = spec.model_dump(
        mode="json",
        include={"task", "dataset", "label", "features", "training"},
        exclude={"training": {"search": {"parallel"}}},  # how many at once changes no outcome
    )
    if derived := spec.derived_among(spec.features.all):
        relevant["derived"] = [one.model_dump(mode="json") for one in derived]
    if spec.training.search is not None:
        relevant["searched_by"] = search_metric(spec)
    content = {
        "model": spec.model,
        "as_of": snapshot.as_of.isoformat(),
        "snapshot": snapshot.content_hash,
        "spec": relevant,
        "reference": spec.drift.reference,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def training_tags(spec: ModelSpec, snapshot: SnapshotRef, key: str) -> dict[str, str]:
    """Return what every run of a training is tagged with."""
    return {
        mlflow_runs.KEY_TAG: key,
        "dvc_tag": snapshot.tag,
        "dvc_hash": snapshot.content_hash,
        "as_of": snapshot.as_of.isoformat(),
        "seed": str(spec.training.seed),
    }
