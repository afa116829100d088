"""Training sets by SQL: the same as by pandas, and the same bytes whatever memory and threads there are."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.feature_rows import PartitionFiles, read_frame
from include.core.training_set import DS, LABEL, MATURED, take_training_set
from include.errors import DataError, TrainingDataError
from include.specs import ModelSpec, Specs
from include.steps.snapshot_training_set import write_training_set
from tests.support.joined_frames import build_training_set
from tests.support.model_specs import BASE
from tests.support.visits import START, dataset, moment, visits, write_files

OUTCOMES = {"id": "integer", "at": "timestamp", "happened": "integer"}
LAST = START + timedelta(days=9)
AS_OF = LAST + timedelta(days=1)
DERIVED = [
    {"name": name, "from": "visits", "by": ["customer"], "window": days, "compute": how, "column": column}
    for name, days, how, column in (
        ("sum_2d", "2d", "sum", "spend"), ("mean_9d", "9d", "mean", "spend"),
        ("sd_9d", "9d", "stddev", "spend"), ("max_5d", "5d", "max", "spend"),
        ("items_5d", "5d", "sum", "items"), ("shops_5d", "5d", "count", "shop"),
    )
]  # fmt: skip


def model(**changes: Any) -> ModelSpec:
    label = {
        "dataset": "outcomes",
        "column": "happened",
        "mature_at": "due",
        "grace": "1d",
        "max_missing_share": 1,
    }
    features = {"numeric": ["spend", *(str(one["name"]) for one in DERIVED)], "categorical": ["shop"]}
    training = {**BASE["training"], "min_rows": 10}
    return ModelSpec.model_validate(
        {**BASE, "dataset": "visits", "label": label, "derived": DERIVED, "features": features,
         "training": training, **changes}
    )  # fmt: skip


def specs(spec: ModelSpec) -> Specs:
    datasets = {"visits": visits(), "outcomes": dataset("outcomes", OUTCOMES, "at")}
    return Specs(datasets=datasets, models={spec.model: spec})


def write(
    folder: Path, files: dict[str, PartitionFiles], spec: ModelSpec, first: date | None = None, **limits: Any
) -> tuple[pd.DataFrame, str]:
    """Write a training set of all features; return what the file holds, and its hash."""
    path = folder / "set.parquet"
    facts = write_training_set(
        folder / "work", specs(spec), spec, first, files, spec.features.all, spec.derived, path, **limits
    )
    return read_frame(path, folder / "work"), facts.sha256


def visit(number: int, day: int, due: int | None = 0, **values: Any) -> dict[str, Any]:
    known = {"customer": 1, "shop": "a", "spend": 1.0, "items": 1, "member": True, **values}
    return {
        "id": number, "at": moment(day), "due": None if due is None else START + timedelta(days=due), **known
    }  # fmt: skip


def outcome(number: int, day: int, happened: int | None) -> dict[str, Any]:
    return {"id": number, "at": moment(day), "happened": happened}


def files_of(
    folder: Path, visited: list[dict[str, Any]], ended: list[dict[str, Any]]
) -> dict[str, PartitionFiles]:
    return {
        "visits": write_files(folder / "visits", visits(), visited, LAST),
        "outcomes": write_files(folder / "outcomes", dataset("outcomes", OUTCOMES, "at"), ended, LAST),
    }


days = st.integers(0, 9)
plans = st.lists(
    st.tuples(st.integers(0, 30), days, st.one_of(st.none(), st.integers(0, 12)), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)
endings = st.lists(st.tuples(st.integers(0, 30), days, st.sampled_from([0, 1, None])), max_size=60)


@settings(max_examples=25, deadline=None)
@given(plans, endings)
def test_the_join_is_that_of_pandas(
    tmp_path_factory: pytest.TempPathFactory,
    visited: list[tuple[int, int, int | None, int]],
    ended: list[tuple[int, int, int | None]],
) -> None:
    """Of one day the keys ascend, as ingest orders them; keys may come again on other days and the same."""
    folder = tmp_path_factory.mktemp("set")
    spec = model()
    events = [visit(n, day, due, customer=c, spend=c / 3) for n, day, due, c in visited]
    outcomes = [outcome(*row) for row in ended]
    events.sort(key=lambda row: (row["at"], row["id"], str(row["due"]), row["customer"]))
    outcomes.sort(key=lambda row: (row["at"], row["id"], str(row["happened"])))
    files = files_of(folder, events, outcomes)

    found, _ = write(folder, files, spec)

    frame, ends = (_frame(files[name]) for name in ("visits", "outcomes"))
    try:
        expected = build_training_set(frame, ends, ["id"], spec, AS_OF)
    except TrainingDataError as error:
        with pytest.raises(TrainingDataError, match=re.escape(str(error))):
            take_training_set(found, spec, AS_OF)
        return
    data = take_training_set(found, spec, AS_OF)
    assert data.counts == expected.counts
    assert data.rows["id"].tolist() == expected.rows["id"].tolist()
    assert data.rows["spend"].tolist() == expected.rows["spend"].tolist()
    np.testing.assert_array_equal(data.labels, expected.labels)
    np.testing.assert_array_equal(data.matured, expected.matured)


def _frame(files: PartitionFiles) -> pd.DataFrame:
    return pd.concat([pq.read_table(files.paths[day]).to_pandas() for day in sorted(files.paths)])


def test_days_before_the_first_event_are_looked_back_at_and_are_no_events(tmp_path: Path) -> None:
    visited = [visit(number, number // 2, spend=2.0) for number in range(20)]
    files = files_of(tmp_path, visited, [outcome(n, 9, n % 2) for n in range(20)])
    found, _ = write(tmp_path, files, model(), START + timedelta(days=5))
    assert found["id"].tolist() == list(range(10, 20))
    assert found["items_5d"].tolist()[0] == 10.0
    assert found[DS].tolist()[0] == pd.Timestamp(START + timedelta(days=5))


def test_an_outcome_taken_back_is_missing_again(tmp_path: Path) -> None:
    files = files_of(tmp_path, [visit(1, 0)], [outcome(1, 1, 1), outcome(1, 2, None)])
    found, _ = write(tmp_path, files, model())
    assert found[LABEL].isna().tolist() == [True]
    assert found[MATURED].tolist() == [pd.Timestamp(START)]


LARGE = 2**53 + 1
"""A double would lose its last digit."""


@pytest.mark.parametrize(
    ("task", "kind", "ended", "read"),
    [
        pytest.param("multiclass_classification", "string", "bus", "bus", id="names"),
        pytest.param("multiclass_classification", "integer", LARGE, str(LARGE), id="numbers-as-names"),
        pytest.param("multiclass_classification", "boolean", True, "true", id="truth-values-as-names"),
        pytest.param("binary_classification", "string", "yes", "yes", id="words"),
        pytest.param("binary_classification", "boolean", True, 1.0, id="truth-values"),
        pytest.param("regression", "integer", 7, 7.0, id="whole-numbers"),
        pytest.param("regression", "number", 7.5, 7.5, id="numbers"),
        pytest.param("regression", "number", float("nan"), None, id="no-number"),
    ],
)
def test_labels_are_read_as_their_task_needs_them(
    tmp_path: Path, task: str, kind: str, ended: object, read: object
) -> None:
    metric = "r2_score" if task == "regression" else "log_loss"
    gates = {"absolute": {metric: 0.5}, "versus_champion": {"metric": metric, "margin": 0.1}}
    spec = model(task=task, gates=gates)
    ends = dataset("outcomes", OUTCOMES | {"happened": kind}, "at")
    known = {"visits": visits(), "outcomes": ends}
    files = {
        "visits": write_files(tmp_path / "visits", visits(), [visit(1, 0), visit(2, 0)], LAST),
        "outcomes": write_files(
            tmp_path / "outcomes", ends, [{"id": 1, "at": moment(1), "happened": ended}], LAST
        ),
    }
    path = tmp_path / "set.parquet"
    specs = Specs(datasets=known, models={spec.model: spec})
    write_training_set(tmp_path, specs, spec, None, files, spec.features.all, spec.derived, path)
    labels = read_frame(path, tmp_path)[LABEL].tolist()
    assert [None if pd.isna(label) else label for label in labels] == [read, None]


def test_infinity_cannot_be_added_up_and_is_named(tmp_path: Path) -> None:
    files = files_of(tmp_path, [visit(1, 0, spend=float("inf"))], [])
    with pytest.raises(DataError, match=r"model demo, outcomes, visits: .*inf.*quarantine infinite"):
        write(tmp_path, files, model())


def test_bytes_do_not_depend_on_memory_or_threads(tmp_path: Path) -> None:
    """The rows take more than the smallest limit, so that DuckDB sorts and joins them in pieces on disk."""
    rows, days = 200_000, 10
    generator = np.random.default_rng(3)
    for number in range(days):
        day, size = START + timedelta(days=number), rows // days
        at = np.datetime64(day, "us") + generator.integers(0, 86_400_000_000, size).astype("timedelta64[us]")
        ids = np.arange(number * size, (number + 1) * size)
        events = {
            "id": ids, "at": pa.array(at, pa.timestamp("us", "UTC")), "due": pa.array([day] * size),
            "customer": generator.integers(0, 5000, size), "shop": generator.choice(["a", "b"], size),
            "spend": generator.gamma(2, 30, size), "items": generator.integers(1, 9, size),
            "member": generator.random(size) < 0.5,
        }  # fmt: skip
        ends = {"id": ids, "at": events["at"], "happened": generator.integers(0, 2, size)}
        for name, columns in (("visits", events), ("outcomes", ends)):
            (tmp_path / name).mkdir(exist_ok=True)
            pq.write_table(pa.table(columns), tmp_path / name / day.isoformat())
    files = {
        name: PartitionFiles(
            spec.columns, {date.fromisoformat(p.name): p for p in (tmp_path / name).iterdir()}
        )
        for name, spec in specs(model()).datasets.items()
    }
    limits = [("60MB", 1), ("200MB", 2), ("4GB", 1)]
    hashes = {write(tmp_path, files, model(), memory=memory, threads=n)[1] for memory, n in limits}
    assert len(hashes) == 1
