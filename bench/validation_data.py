"""The partition that `bench.validation` judges: 30 columns, 40 expectations, a chosen share of failing rows.

A failing row is one whose values came apart on the way, as where a file lost a column: it breaks
`BROKEN_RULES` of the rules at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from include.adapters.arrow_columns import arrow_schema
from include.specs import DatasetSpec

DAY = date(2024, 3, 1)
BATCH_ROWS = 250_000
COUNTS, AMOUNTS, LABELS = (
    [f"{kind}_{n}" for n in range(size)] for kind, size in (("count", 8), ("amount", 10), ("label", 7))
)
COLUMNS = {
    "order_id": "integer",
    "ordered_at": "timestamp",
    "due_on": "date",
    "code": "string",
    "paid": "boolean",
    **dict.fromkeys(COUNTS, "integer"),
    **dict.fromkeys(AMOUNTS, "number"),
    **dict.fromkeys(LABELS, "string"),
}
WORDS = ["north", "east", "south", "west", "unknown"]
BROKEN_RULES = 8


def spec() -> DatasetSpec:
    """The dataset with its contract."""
    return DatasetSpec.model_validate(
        {
            "dataset": "orders",
            "owner": "bench",
            "description": "Orders of a day.",
            "source": {"kind": "sql", "connection": "shop", "table": "orders"},
            "key": ["order_id"],
            "event_time": "ordered_at",
            "start": DAY,
            "columns": COLUMNS,
            "contract": [{**rule, "severity": "quarantine"} for rule in _rules()],
            "budgets": {"quarantine_share": 1.0},
        }
    )


def _rules() -> Iterator[dict[str, Any]]:
    yield {"expect": "column_values_to_not_be_null", "column": "order_id"}
    yield {"expect": "column_values_to_be_unique", "column": "order_id"}
    yield {"expect": "column_values_to_match_regex", "column": "code", "regex": "^[A-Z]{2}[0-9]{4}$"}
    yield {"expect": "column_value_lengths_to_be_between", "column": "code", "min_value": 6, "max_value": 6}
    yield {"expect": "compound_columns_to_be_unique", "column_list": ["order_id", "code"]}
    yield {
        "expect": "column_pair_values_a_to_be_greater_than_b",
        "column_a": "due_on",
        "column_b": "ordered_at",
    }
    for name in COUNTS:
        yield {"expect": "column_values_to_be_between", "column": name, "min_value": 0, "max_value": 100}
    for name in AMOUNTS:
        yield {"expect": "column_values_to_be_between", "column": name, "min_value": 0, "max_value": 1000}
        yield {"expect": "column_values_to_not_be_null", "column": name}
    for name in LABELS[:6]:
        yield {"expect": "column_values_to_be_in_set", "column": name, "value_set": WORDS}


def batches(rows: int, share: float) -> Iterator[pa.RecordBatch]:
    """Yield the partition's rows in order of the key; always the same."""
    schema = arrow_schema(spec().columns)
    for start in range(0, rows, BATCH_ROWS):
        count = min(BATCH_ROWS, rows - start)
        generator = np.random.default_rng(start)
        values = _columns(generator, start, count, generator.random(count) < share)
        yield pa.RecordBatch.from_arrays(
            [pa.array(values[field.name]).cast(field.type) for field in schema], schema=schema
        )


def _columns(generator: np.random.Generator, start: int, count: int, broken: np.ndarray) -> dict[str, Any]:
    midnight = np.datetime64(DAY, "us")
    codes = np.char.add("AB", generator.integers(1000, 9999, count).astype(str))
    values: dict[str, Any] = {
        "order_id": np.arange(start, start + count),
        "ordered_at": midnight + generator.integers(0, 86_400_000_000, count).astype("timedelta64[us]"),
        "due_on": np.datetime64(DAY, "D") + generator.integers(1, 30, count).astype("timedelta64[D]"),
        "code": np.where(broken, "?", codes),  # breaks two rules
        "paid": generator.random(count) < 0.5,
    }
    values |= {name: generator.integers(0, 101, count) for name in COUNTS}
    values |= {name: np.round(generator.random(count) * 1000, 2) for name in AMOUNTS}
    values |= {name: np.array(WORDS)[generator.integers(0, len(WORDS), count)] for name in LABELS}
    for name in COUNTS[:2]:
        values[name] = np.where(broken, -1, values[name])
    for name in AMOUNTS[:2]:
        values[name] = np.where(broken, 1e6, values[name])
    for name in LABELS[:2]:
        values[name] = np.where(broken, "7.50", values[name])
    return values
