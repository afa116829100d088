"""One training in a process of its own: our step, or what people write by hand with scikit-learn and MLflow.

``python -m bench.train_ways WAY`` reads a JSON request and prints one line of JSON: seconds and peak memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.memory import peak_megabytes

BEGAN = time.perf_counter()  # before the heavy imports, which are part of every way


def ours(request: dict[str, Any], done: Callable[[], float]) -> dict[str, Any]:
    """Run the step that the task `train_candidate` runs."""
    from include.contracts import SnapshotRef
    from include.settings import Settings
    from include.specs.recorded import read_specs
    from include.steps import train_candidate

    imported = done()
    settings = Settings.from_mapping(request["settings"], warehouse_url=request["warehouse"])
    specs = read_specs(request["specs"], "bench")
    snapshot = SnapshotRef.from_json(request["snapshot"])
    candidate = train_candidate.run(settings, specs, snapshot.model, snapshot, "0" * 40, "0" * 64)
    return {"imports": imported, "run_id": candidate.run_id}


def bare(request: dict[str, Any], done: Callable[[], float], *, lean: bool = False) -> dict[str, Any]:
    """Read the same rows, fit the same pipeline, log it once; `lean` names the packages it needs itself."""
    import mlflow
    import numpy as np
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    imported = done()
    numeric, categorical = request["numeric"], request["categorical"]
    train, validation = (pd.read_parquet(request[part]) for part in ("train", "validation"))
    for frame in (train, validation):  # a missing text is None to the encoder, as in the categories
        texts = frame[categorical].astype(object)
        frame[categorical] = texts.where(texts.notna(), None)
    read = done()
    categories = [np.array(values, dtype=object) for values in request["categories"]]
    encoder = OrdinalEncoder(
        categories=categories,
        handle_unknown="use_encoded_value",
        unknown_value=request["unknown"],
        encoded_missing_value=np.nan,
    )
    features = ColumnTransformer([("numeric", "passthrough", numeric), ("categorical", encoder, categorical)])
    estimator = HistGradientBoostingClassifier(
        categorical_features=list(range(len(numeric), len(numeric) + len(categorical))),
        early_stopping=False,
        random_state=request["seed"],
        **request["params"],
    )
    pipeline = Pipeline([("features", features), ("estimator", estimator)])
    pipeline.fit(train[numeric + categorical], train["label"])
    fitted = done()
    mlflow.set_tracking_uri(request["mlflow"])
    mlflow.set_experiment("bare")
    needed = {"pip_requirements": ["scikit-learn", "pandas", "skops"]} if lean else {}
    with mlflow.start_run():
        mlflow.sklearn.log_model(pipeline, name="model", skops_trusted_types=request["trusted"], **needed)
    logged = done()
    scores = pipeline.predict_proba(validation[numeric + categorical])[:, 1]
    return {
        "imports": imported, "read": read - imported, "fit": fitted - read, "log_model": logged - fitted,
        "seconds": logged, "scores": scores.tolist(),
    }  # fmt: skip


def main(way: str) -> int:
    """Train one way."""
    request = json.load(sys.stdin)
    ways: dict[str, Callable[..., dict[str, Any]]] = {
        "ours": ours,
        "bare": bare,
        "lean": lambda given, done: bare(given, done, lean=True),
    }
    found = ways[way](request, lambda: time.perf_counter() - BEGAN)
    print(json.dumps({"seconds": time.perf_counter() - BEGAN, "peak_mb": peak_megabytes(), **found}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
