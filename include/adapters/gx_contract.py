"""Great Expectations judges rows: which rows of which partition fail which rule of a contract.

Importing Great Expectations takes seconds, and this module is the only one that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import include.adapters.quiet_gx  # noqa: F401  first: what follows logs while it is imported

# isort: split
import great_expectations as gx
import numpy as np
import pandas as pd
import pyarrow as pa
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from include.errors import SpecError
from include.specs import Expectation, ExpectationKind

# No spec can name columns like these, so they never hide one of the dataset's.
_PARTITION, _ROW = "#partition", "#row"

_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [_ROW],
    "return_unexpected_index_query": False,
    "exclude_unexpected_values": True,
}


def failing_rows(tables: Sequence[pa.Table], contract: Sequence[Expectation]) -> list[list[np.ndarray]]:
    """Judge many partitions of one dataset in a single validation.

    A partition's answer does not depend on the partitions beside it: every rule looks at rows, and
    uniqueness is asked within the partition.

    Parameters
    ----------
    tables
        The partitions' rows, all of one schema.
    contract
        The rules.

    Returns
    -------
    list of list of numpy.ndarray
        For each partition, for each rule in order, the zero-based positions of the failing rows,
        ascending, `int64`. A missing value fails `not_null` only.

    Raises
    ------
    SpecError
        Where a rule cannot be evaluated on its columns, such as a range over text.
    """
    lengths = [table.num_rows for table in tables]
    if not sum(lengths):
        return [[np.empty(0, np.int64) for _ in contract] for _ in tables]
    positions = _validate(_frame(tables, contract), contract)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return [
        [found[(found >= low) & (found < high)] - low for found in positions]
        for low, high in pairwise(starts)
    ]


def _frame(tables: Sequence[pa.Table], contract: Sequence[Expectation]) -> pd.DataFrame:
    """Join the columns the contract reads into one frame, with partition and position as columns."""
    named = sorted({column for expectation in contract for column in expectation.columns})
    joined = pa.concat_tables([table.select(named) for table in tables])
    comparable = joined.cast(pa.schema([pa.field(f.name, _comparable(f.type)) for f in joined.schema]))
    frame: pd.DataFrame = comparable.to_pandas(types_mapper=_NULLABLE.get)
    frame[_PARTITION] = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables])
    frame[_ROW] = np.arange(joined.num_rows)
    return frame


# Kept as integers where some are missing: as floats, neighbours above 2**53 would become equal.
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def _comparable(kind: pa.DataType) -> pa.DataType:
    """Dates and timestamps become one type, UTC without a zone, so that one can be compared to the other."""
    return pa.timestamp("us") if pa.types.is_temporal(kind) else kind


def _validate(frame: pd.DataFrame, contract: Sequence[Expectation]) -> list[np.ndarray]:
    context = gx.get_context(mode="ephemeral", project_config=_quiet_configuration())
    asset = context.data_sources.add_pandas("partitions").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    rules = [
        {**_translate(expectation), "meta": {"position": position}}
        for position, expectation in enumerate(contract)
    ]
    suite = context.suites.add(gx.ExpectationSuite(name="contract", expectations=rules))
    results = batch.validate(suite, result_format=_RESULT_FORMAT).results
    by_position = {result.expectation_config.meta["position"]: result for result in results}
    return [_positions(by_position[position], rule) for position, rule in enumerate(contract)]


def _quiet_configuration() -> DataContextConfig:
    """Nothing on disk (the default leaves a temporary folder per context) and no progress bars."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
    )


def _translate(expectation: Expectation) -> dict[str, Any]:
    """Say a rule in Great Expectations' words."""
    match expectation.expect:
        case ExpectationKind.UNIQUE:
            return {"type": "expect_compound_columns_to_be_unique", "kwargs": _within_partition(expectation)}
        case ExpectationKind.PAIR_GREATER:
            kwargs = _pair(expectation)
        case _:
            arguments = {"column", "min_value", "max_value", "value_set", "regex"}
            kwargs = expectation.model_dump(include=arguments, exclude_none=True)
    return {"type": f"expect_{expectation.expect}", "kwargs": kwargs}


def _within_partition(expectation: Expectation) -> dict[str, Any]:
    return {"column_list": [_PARTITION, expectation.column], "ignore_row_if": "any_value_is_missing"}


def _pair(expectation: Expectation) -> dict[str, Any]:
    return {
        "column_A": expectation.column_a,
        "column_B": expectation.column_b,
        "or_equal": bool(expectation.or_equal),
        "ignore_row_if": "either_value_is_missing",
    }


def _positions(result: Any, expectation: Expectation) -> np.ndarray:
    """Read the failing positions out of a result, which is worth nothing if the rule itself raised."""
    raised = result.exception_info or {}
    if raised.get("raised_exception", bool(raised)):
        raise SpecError(
            f"rule `{expectation.rule}` cannot be evaluated on {', '.join(expectation.columns)}:"
            f" {_first_message(raised)}",
            where="contract",
            next_step="correct the rule in the dataset's spec so that it suits the column's type",
            rule=expectation.rule,
        )
    groups = result.result.get("unexpected_index_list") or []
    found = [int(position) for group in groups for position in group[_ROW]]
    return np.array(sorted(found), dtype=np.int64)


def _first_message(raised: dict[str, Any]) -> str:
    """Find the message, which stands at the top or below the id of the metric that raised."""
    for info in (raised, *raised.values()):
        if isinstance(info, dict) and info.get("exception_message"):
            return " ".join(str(info["exception_message"]).split())
    return "no reason given"
