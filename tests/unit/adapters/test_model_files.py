from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from mlflow.models import Model
from skops.io.exceptions import UntrustedTypesFoundException

from include.adapters.model_files import (
    MODEL_FILE,
    folder_sha256,
    load_model,
    signature_of,
    write_model,
)
from include.core.pipeline import build_pipeline, score
from include.core.prepare import prepare
from include.errors import IntegrityError
from tests.support.model_specs import model_spec


@pytest.fixture
def rows() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame({"size": generator.normal(size=300), "kind": generator.choice(["a", "b"], 300)})


@pytest.mark.parametrize("estimator", ["hist_gradient_boosting", "linear"])
def test_a_loaded_model_scores_as_the_one_that_was_written(
    estimator: str, rows: pd.DataFrame, tmp_path: Path
) -> None:
    spec = model_spec(estimator=estimator)
    pipeline = build_pipeline(spec).fit(prepare(rows, spec.features), rows["size"] > 0)
    scores = score(pipeline, rows, spec.features)
    signature = signature_of(prepare(rows, spec.features), scores)
    sha256 = write_model(pipeline, tmp_path / "model", Model(), signature)
    loaded = load_model(tmp_path / "model", sha256)
    np.testing.assert_array_equal(score(loaded, rows, spec.features), scores)


class Stranger:
    """A type that nobody trusts."""


def test_a_type_that_is_not_trusted_is_not_loaded(tmp_path: Path) -> None:
    skops.io.dump(Stranger(), tmp_path / MODEL_FILE)
    with pytest.raises(UntrustedTypesFoundException):
        load_model(tmp_path, folder_sha256(tmp_path))


@pytest.mark.parametrize("change", ["content", "name", "extra"])
def test_a_changed_folder_is_refused(change: str, tmp_path: Path) -> None:
    skops.io.dump([1.0], tmp_path / MODEL_FILE)
    sha256 = folder_sha256(tmp_path)
    if change == "content":
        skops.io.dump([2.0], tmp_path / MODEL_FILE)
    elif change == "name":
        (tmp_path / MODEL_FILE).rename(tmp_path / "other")
    else:
        (tmp_path / "extra").write_text("")
    with pytest.raises(IntegrityError, match="registered was"):
        load_model(tmp_path, sha256)


def test_an_unchanged_folder_keeps_its_hash(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_text("1")
    (tmp_path / "a").write_text("2")
    assert folder_sha256(tmp_path) == folder_sha256(tmp_path)
