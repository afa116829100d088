"""Equal fits give equal bytes, in whatever process; and skops reads them as its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import skops.io
from scipy import sparse

from include.adapters.canonical_skops import file_sha256, make_canonical

ROOT = Path(__file__).parents[3]

FIT = """
import sys
from pathlib import Path
import numpy as np, pandas as pd
from include.adapters.model_files import write_model_file
from include.core.pipeline import build_pipeline
from include.core.prepare import prepare
from tests.support.model_specs import model_spec
generator = np.random.default_rng(int(sys.argv[3]))
rows = pd.DataFrame({"size": generator.normal(size=400), "kind": generator.choice(list("abcde"), 400)})
spec = model_spec(estimator=sys.argv[1])
pipeline = build_pipeline(spec).fit(prepare(rows, spec.features), rows["size"] > 0)
print(write_model_file(pipeline, Path(sys.argv[2])))
"""


def fit_elsewhere(estimator: str, path: Path, hash_seed: str, data_seed: int = 0) -> str:
    """Fit and write in a process of its own, and return the hash it prints."""
    done = subprocess.run(
        [sys.executable, "-c", FIT, estimator, str(path), str(data_seed)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("estimator", ["hist_gradient_boosting", "random_forest", "linear"])
def test_equal_fits_of_two_processes_have_equal_bytes(estimator: str, tmp_path: Path) -> None:
    first = fit_elsewhere(estimator, tmp_path / "first.skops", "1")
    second = fit_elsewhere(estimator, tmp_path / "second.skops", "2")
    assert first == second
    assert (tmp_path / "first.skops").read_bytes() == (tmp_path / "second.skops").read_bytes()


def test_a_fit_on_other_rows_has_other_bytes(tmp_path: Path) -> None:
    first = fit_elsewhere("linear", tmp_path / "first.skops", "1", data_seed=0)
    assert first != fit_elsewhere("linear", tmp_path / "second.skops", "1", data_seed=1)


def written(value: object, path: Path) -> str:
    skops.io.dump(value, path)
    return make_canonical(path)


def test_sets_sparse_matrices_and_object_arrays_come_back(tmp_path: Path) -> None:
    shared = np.arange(3.0)
    value = {
        "set": {"b", "a", "c"},
        "sparse": sparse.csr_matrix(np.eye(3)),
        "objects": np.array(["x", None, 1.5], dtype=object),
        "file": "schema.json",
        "shared": [shared, shared],
        "equal": np.arange(3.0),
    }
    path = tmp_path / "value.skops"
    written(value, path)
    found = skops.io.load(path, trusted=["scipy.sparse._csr.csr_matrix"])
    assert found["set"] == value["set"]
    assert (found["sparse"].toarray() == np.eye(3)).all()
    assert found["objects"].tolist() == ["x", None, 1.5]
    assert found["file"] == "schema.json"
    assert found["shared"][0] is found["shared"][1]
    assert found["equal"] is not found["shared"][0]
    np.testing.assert_array_equal(found["equal"], shared)
    with ZipFile(path) as archive:
        assert sum(name.endswith(".npy") for name in archive.namelist()) == 1


def test_being_canonical_already_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "value.skops"
    once = written({"a": np.arange(5), "b": {"x", "y"}, "c": [1, 1, "t", "t"]}, path)
    assert make_canonical(path) == once == file_sha256(path)


def test_whether_a_text_is_one_object_or_two_does_not_show(tmp_path: Path) -> None:
    text = "a text"
    twin = "".join(["a ", "text"])
    assert text is not twin
    assert written([text, text], tmp_path / "one") == written([text, twin], tmp_path / "two")


def test_only_the_file_is_left(tmp_path: Path) -> None:
    written([1], tmp_path / "value.skops")
    assert [path.name for path in tmp_path.iterdir()] == ["value.skops"]
