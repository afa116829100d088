"""Rows and specs that cannot train, or should not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.errors import DataError, EstimatorError, LeakageError, SpecError, TrainingDataError
from tests.support.bad_input.model_case import BadModelInput, Bench, Met, ModelEnds, error_of
from tests.support.bad_input.studio import AS_OF, Change
from tests.support.model_specs import BASE

ESTIMATORS = "tests.support.bad_input.estimators"
Columns = Mapping[str, Mapping[str, str]]
CROWD = 30_000


def with_column(name: str, values: Callable[[pa.Table], Any]) -> Change:
    """Replace a column in every partition."""

    def change(ds: date, table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values(table))

    return change


def training(**changes: Any) -> dict[str, Any]:
    merged = {**BASE["training"], **changes}
    if "estimator" in changes and "params" not in changes:
        del merged["params"]
    return {"training": merged}


def no_training(
    wrong: str,
    raises: type[DataError | SpecError],
    *says: str,
    columns: Columns | None = None,
    changes: Mapping[str, Change] | None = None,
    **sections: Any,
) -> BadModelInput:
    """Describe rows or a spec that training refuses; nothing is registered, no run is left open."""

    def meet(bench: Bench) -> Met:
        studio = bench.studio
        settings = studio.with_rows(**changes) if changes else studio.settings
        specs = studio.specs(columns and {name: dict(one) for name, one in columns.items()}, **sections)
        before = studio.versions()
        error = error_of(lambda: studio.train(specs, settings=settings))
        assert studio.versions() == before
        assert studio.unfinished_runs() == []
        assert studio.train().version == 1
        return Met(error)

    return BadModelInput(wrong, "training", ModelEnds.REFUSED, meet, raises, says)


def poor_training(
    wrong: str, *says: str, changes: Mapping[str, Change], todo: str, **sections: Any
) -> BadModelInput:
    """Describe rows that train a version which the gates refuse."""

    def meet(bench: Bench) -> Met:
        studio = bench.studio
        specs = studio.specs(**sections)
        candidate = studio.train(specs, AS_OF, studio.with_rows(**changes))
        result = studio.promote(studio.evaluate(candidate, specs), specs)
        assert not result.promoted
        return Met("; ".join(result.reasons))

    return BadModelInput(wrong, "evaluation", ModelEnds.JUDGED, meet, None, says, todo)


def million_categories(bench: Bench) -> Met:
    """Train on more than a million rows, each of a category of its own."""
    studio = bench.studio
    candidate = studio.train(settings=studio.with_rows(events=crowded_events, outcomes=crowded_outcomes))
    size = (studio.files_of(candidate.version) / "model.skops").stat().st_size
    assert size < 2**20, size
    return Met("a version is registered; its file has less than a megabyte")


def crowded_events(ds: date, table: pa.Table) -> pa.Table:
    """Give a day `CROWD` events, each of a kind of its own."""
    numbers, sizes = crowd(ds)
    kinds = [f"kind {number}" for number in numbers]
    return repeated(table, id=numbers, size=sizes, kind=kinds)


def crowded_outcomes(ds: date, table: pa.Table) -> pa.Table:
    """Give each event of three days before an outcome, which its size decides."""
    if not table.num_rows:
        return table
    numbers, sizes = crowd(ds - timedelta(days=3))
    noise = np.random.default_rng(ds.toordinal()).normal(size=CROWD)
    return repeated(table, id=numbers, happened=(sizes + noise > 0).astype(np.int64))


def crowd(ds: date) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers and sizes of a day's events."""
    return np.arange(CROWD) + ds.toordinal() * CROWD, np.random.default_rng(ds.toordinal()).normal(size=CROWD)


def repeated(table: pa.Table, **columns: Any) -> pa.Table:
    """Repeat the first row `CROWD` times, with other values in some columns."""
    rows = table.take(pa.array(np.zeros(CROWD, np.int64)))
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values))
    return rows


def early(value: object, otherwise: object, days: int) -> Change:
    """Give one value to outcomes up to a day, another to later ones."""

    def change(ds: date, table: pa.Table) -> pa.Table:
        chosen = value if ds < AS_OF - timedelta(days=days) else otherwise
        column = pa.array([chosen] * table.num_rows) if chosen is not None else table["happened"]
        return table.set_column(table.column_names.index("happened"), "happened", column)

    return change


def first_rows_of_one_day(ds: date, table: pa.Table) -> pa.Table:
    """Keep ten rows in all, which are mature on time."""
    return table.slice(0, 10 if ds == AS_OF - timedelta(days=20) else 0)


def named(*classes: str) -> Callable[[pa.Table], pa.Array]:
    """Name the outcomes by turns."""
    return lambda table: pa.array([classes[number % len(classes)] for number in range(table.num_rows)])


def new_tier(ds: date, table: pa.Table) -> pa.Table:
    """Name a class in the newest days that there was not before."""
    newest = ds >= AS_OF - timedelta(days=10)
    return with_column("happened", named("gold", "bronze", "silver" if newest else "gold"))(ds, table)


def unchanging(ds: date, table: pa.Table) -> pa.Table:
    return with_column("kind", named("a"))(ds, with_column("size", constant)(ds, table))


def constant(table: pa.Table) -> pa.Array:
    return pa.array([1.5] * table.num_rows)


MULTICLASS: dict[str, Any] = {
    "task": "multiclass_classification",
    "gates": {
        "absolute": {"accuracy_score": 0.5},
        "versus_champion": {"metric": "log_loss", "margin": 0.01, "confidence": 0.95},
    },
}
REGRESSION: dict[str, Any] = {
    "task": "regression",
    "gates": {
        "absolute": {"r2_score": 0.1},
        "versus_champion": {"metric": "mean_absolute_error", "margin": 0.1, "confidence": 0.95},
    },
}
TWINS_ACCEPTED: dict[str, Any] = {
    "leakage": {"waivers": [{"check": "duplicates_across_split", "reason": "there are few kinds of events"}]}
}
TEXT = {"outcomes": {"happened": "string"}}

CASES: Sequence[BadModelInput] = [
    no_training("every label is the same", TrainingDataError, "takes the values 0, not 0 and 1",
                changes={"outcomes": with_column("happened", lambda t: pa.array([0] * t.num_rows))}),
    no_training("only one class in the days that train", TrainingDataError, "the train part has only class 0",
                changes={"outcomes": early(0, None, 16)}),
    no_training("ten rows", TrainingDataError, "10 of", "training.min_rows asks for 1000",
                changes={"events": first_rows_of_one_day}, **training(min_rows=1000)),
    no_training("ten rows, and a spec that asks for no more", TrainingDataError,
                "part has no rows",
                changes={"events": first_rows_of_one_day}),
    no_training("labels as text, in a binary model", TrainingDataError,
                "takes the values 'no', 'yes', not 0 and 1", columns=TEXT,
                changes={"outcomes": with_column("happened", named("yes", "no"))}),
    no_training("labels as text, in a regression", TrainingDataError, "holds text such as", columns=TEXT,
                changes={"outcomes": with_column("happened", named("yes", "no"))}, **REGRESSION),
    no_training("a class that only days after the training ones have", TrainingDataError,
                "takes the value 'silver'", "nowhere in the train part", columns=TEXT,
                changes={"outcomes": new_tier}, **MULTICLASS),
    no_training("a label that is infinite, in a regression", TrainingDataError, "holds inf in",
                columns={"outcomes": {"happened": "number"}},
                changes={"outcomes": with_column(
                    "happened", lambda t: pa.array([float("inf"), *np.arange(t.num_rows - 1.0)])
                )}, **REGRESSION),
    no_training("a feature that has no value on any day", TrainingDataError,
                "feature kind has no value in the train part",
                changes={"events": with_column("kind", lambda t: pa.nulls(t.num_rows, pa.string()))}),
    no_training("infinity, for an estimator that cannot take it", DataError, "feature size holds infinity",
                changes={"events": with_column("size", lambda t: pc.multiply(t["size"], float("inf")))},
                **training(estimator="linear")),
    no_training("an estimator of one's own that throws", EstimatorError,
                "ZeroDivisionError: the learning rate",
                **training(estimator=f"{ESTIMATORS}:throwing")),
    no_training("an estimator of one's own that answers NaN", EstimatorError, "scores that are not finite",
                **training(estimator=f"{ESTIMATORS}:nonsense")),
    no_training("an estimator that is not installed", SpecError, "cannot be imported",
                **training(estimator="somewhere.models:forest")),
    no_training("features that never change", LeakageError, "have a twin in train",
                changes={"events": unchanging}),
    poor_training("features that never change, and a spec that accepts twins",
                  "absolute.roc_auc_score failed",
                  changes={"events": unchanging},
                  todo="give the model features that differ from row to row", **TWINS_ACCEPTED),
    BadModelInput("more than a million categories, each in one row", "training", ModelEnds.TRAINED,
                  million_categories),
]  # fmt: skip
