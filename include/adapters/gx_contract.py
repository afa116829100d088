"""Great Expectations' verdict: which rules of a contract hold for the rows of Parquet files.

Importing Great Expectations takes seconds, and this module is the only one that does. Rows are judged a
part of the files at a time, in flat memory; a rule holds if it holds in each part.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event
from typing import Any

import include.adapters.quiet_gx  # noqa: F401  first: what follows logs while it is imported

# isort: split
import great_expectations as gx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.validator import Validator

from include.adapters.parquet_files import read_batches
from include.adapters.spilling_duckdb import open_duckdb, quoted, text_literal
from include.errors import SpecError
from include.specs import Expectation, ExpectationKind
from include.specs.expectation import moment

FRAME_ROWS = 131_072
"""Rows of all columns that are judged, and held in memory, at once."""

NARROW_ROWS, NARROW_COLUMNS, NARROW_BYTES = 8 * FRAME_ROWS, 4, 128 * 2**20
"""Bounds of a part of a larger file: a rule costs about as much a part as it does for 100,000 rows."""

# No spec can name a column like this, so it never hides one of the dataset's.
_PARTITION = "#partition"
_MEMORY = "120MB"  # DuckDB only filters here
_RESULT_FORMAT = {"result_format": "BOOLEAN_ONLY", "return_unexpected_index_query": False}
_UNIQUE = {ExpectationKind.UNIQUE, ExpectationKind.COMPOUND_UNIQUE}

Rules = Mapping[int, Expectation]
"""Some rules of a contract, by their position in it."""


def judge_contract(
    paths: Sequence[Path], contract: Sequence[Expectation], work_root: Path, abandoned: Event | None = None
) -> list[bool]:
    """Ask Great Expectations about partitions of one dataset.

    Parameters
    ----------
    paths
        The partitions' files, all of one schema.
    contract
        The rules. Rows are unique or not within their partition.
    work_root
        Where DuckDB may spill.
    abandoned
        Set once nobody waits for the answer.

    Returns
    -------
    list of bool
        For each rule in order, whether it holds for every row of every partition.

    Raises
    ------
    CancelledError
        Where it was abandoned.
    SpecError
        Where a rule cannot be evaluated on its columns.
    """
    rules = dict(enumerate(contract))
    gc.freeze()  # what the imports have built need not be searched after each frame
    try:
        return _judge_parts(paths, rules, work_root, abandoned or Event())
    finally:
        gc.unfreeze()


def _judge_parts(paths: Sequence[Path], rules: Rules, work_root: Path, abandoned: Event) -> list[bool]:
    holds = dict.fromkeys(rules, True)
    context = gx.get_context(mode="ephemeral", project_config=_quiet_configuration())
    for frame, asked in _parts(paths, rules, work_root):
        if abandoned.is_set():
            raise CancelledError
        for position, passed in _validate(context, frame, asked).items():
            holds[position] &= passed
        del frame
        gc.collect()  # an engine refers to itself, so its frame would stay until memory is searched
    return [holds[position] for position in rules]


def _parts(paths: Sequence[Path], rules: Rules, work_root: Path) -> Iterator[tuple[pd.DataFrame, Rules]]:
    """Yield frames of bounded size and what is to be asked of each, so that all is asked of all rows."""
    for group in _groups(paths):
        if sum(rows for _, rows in group) <= FRAME_ROWS:
            yield _frame(_together([path for path, _ in group], rules)), rules
        else:
            ((path, _),) = group
            yield from _parts_of_large(path, rules, work_root)


def _groups(paths: Sequence[Path]) -> Iterator[list[tuple[Path, int]]]:
    """Put small files together, as many as fit in a frame; a larger one is alone."""
    group: list[tuple[Path, int]] = []
    for path in paths:
        rows = int(pq.read_metadata(path).num_rows)
        if group and sum(others for _, others in group) + rows > FRAME_ROWS:
            yield group
            group = []
        if rows:
            group.append((path, rows))
    if group:
        yield group


def _together(paths: Sequence[Path], rules: Rules) -> pa.Table:
    tables = [_numbered(pq.read_table(path, columns=_columns(rules)), n) for n, path in enumerate(paths)]
    return pa.concat_tables(tables)


def _parts_of_large(path: Path, rules: Rules, work_root: Path) -> Iterator[tuple[pd.DataFrame, Rules]]:
    """Cut one file by columns and rows, and for each rule about repeated values by value."""
    by_row = {position: rule for position, rule in rules.items() if rule.expect not in _UNIQUE}
    for few in _of_few_columns(by_row):
        for part in _row_parts(path, _columns(few)):
            yield _frame(part), few
    for position, rule in rules.items():
        if rule.expect in _UNIQUE:
            for part in _value_parts(path, rule, work_root):
                yield _frame(part), {position: rule}


def _of_few_columns(rules: Rules) -> Iterator[Rules]:
    """Put rules together that read the same columns, as many as a narrow part has."""
    group: dict[int, Expectation] = {}
    for position, rule in sorted(rules.items(), key=lambda item: item[1].columns):
        if group and len(_columns({**group, position: rule})) > NARROW_COLUMNS:
            yield group
            group = {}
        group[position] = rule
    if group:
        yield group


def _row_parts(path: Path, columns: list[str]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    with pq.ParquetFile(path) as file:
        for batch in read_batches(file, FRAME_ROWS, columns):
            held.append(batch)
            rows, size = (sum(getattr(one, name) for one in held) for name in ("num_rows", "nbytes"))
            if rows + FRAME_ROWS > NARROW_ROWS or size > NARROW_BYTES:
                yield pa.Table.from_batches(held)
                held = []
    if held:
        yield pa.Table.from_batches(held)


def _value_parts(path: Path, rule: Expectation, work_root: Path) -> Iterator[pa.Table]:
    """Cut the rows so that equal values come together."""
    rows, size = _measure(path, rule.columns)
    parts = max(-(-rows // NARROW_ROWS), -(-size // NARROW_BYTES))
    if parts == 1:
        yield pq.read_table(path, columns=_columns({0: rule}))
        return
    columns = ", ".join(quoted(column) for column in rule.columns)
    query = f"SELECT {columns} FROM read_parquet({text_literal(str(path))})"  # noqa: S608 - quoted
    with open_duckdb(work_root, _MEMORY) as connection:
        for part in range(parts):
            yield connection.sql(f"{query} WHERE hash({columns}) % {parts} = {part}").to_arrow_table()


def _measure(path: Path, columns: Sequence[str]) -> tuple[int, int]:
    """Count a file's rows and the bytes of some columns."""
    found = pq.read_metadata(path)
    chunks = (
        found.row_group(g).column(c) for g in range(found.num_row_groups) for c in range(found.num_columns)
    )
    return found.num_rows, sum(c.total_uncompressed_size for c in chunks if c.path_in_schema in columns)


def _columns(rules: Rules) -> list[str]:
    return sorted({column for rule in rules.values() for column in rule.columns})


def _numbered(rows: pa.Table, number: int) -> pa.Table:
    return rows.append_column(_PARTITION, pa.array(np.full(rows.num_rows, number)))


def _frame(rows: pa.Table) -> pd.DataFrame:
    """Give Great Expectations types it compares at once and without loss."""
    columns = {name: _comparable(rows[name]) for name in rows.column_names}
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=_nullable(columns).get, split_blocks=True)
    return frame


_EXACT = 2**53


def _comparable(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dates and times become one type; integers with gaps become floats where these hold them exactly.

    It compares floats at once, and integers with gaps one by one.
    """
    if pa.types.is_temporal(values.type):
        return values.cast(pa.timestamp("us", tz="UTC"))
    if pa.types.is_integer(values.type) and values.null_count:
        bounds = pc.min_max(values).as_py()
        if bounds["min"] is None or -_EXACT <= bounds["min"] <= bounds["max"] <= _EXACT:
            return values.cast(pa.float64())
    return values


def _nullable(columns: Mapping[str, pa.ChunkedArray]) -> dict[pa.DataType, Any]:
    """Keep integers and booleans with gaps what they are."""
    gaps = {values.type for values in columns.values() if values.null_count}
    kinds = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return {kind: dtype for kind, dtype in kinds.items() if kind in gaps}


def _validate(context: AbstractDataContext, frame: pd.DataFrame, rules: Rules) -> dict[int, bool]:
    # As a batch of the context does, but that would hash all values of the frame, twice.
    engine = PandasExecutionEngine(batch_data_dict={"rows": frame})
    within = [_PARTITION] if _PARTITION in frame else []
    asked = [
        ExpectationConfiguration(**_translate(rule, within), meta={"position": position})
        for position, rule in rules.items()
    ]
    validator = Validator(execution_engine=engine, data_context=context)
    results = validator.graph_validate(asked, runtime_configuration={"result_format": _RESULT_FORMAT})
    found = {result.expectation_config.meta["position"]: result for result in results}
    return {position: _passed(found[position], rule) for position, rule in rules.items()}


def _quiet_configuration() -> DataContextConfig:
    """Nothing on disk (the default leaves a temporary folder per context) and no progress bars."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
    )


def _translate(rule: Expectation, within: list[str]) -> dict[str, Any]:
    """Say a rule in Great Expectations' words; values repeat only where those `within` are equal, too."""
    together = [*within, *rule.columns]
    if rule.expect in _UNIQUE and len(together) > 1:
        kwargs = {"column_list": together, "ignore_row_if": "any_value_is_missing"}
        return {"type": f"expect_{ExpectationKind.COMPOUND_UNIQUE}", "kwargs": kwargs}
    if rule.expect in {ExpectationKind.PAIR_GREATER, ExpectationKind.PAIR_EQUAL}:
        return {"type": f"expect_{rule.expect}", "kwargs": _pair(rule)}
    names = ("column", "min_value", "max_value", "strict_min", "strict_max", "value_set", "regex")
    given = {name: getattr(rule, name) for name in names}
    kwargs = {name: _argument(value) for name, value in given.items() if value is not None}
    return {"type": f"expect_{rule.expect}", "kwargs": kwargs}


def _pair(rule: Expectation) -> dict[str, Any]:
    kwargs = {
        "column_A": rule.column_a,
        "column_B": rule.column_b,
        "ignore_row_if": "either_value_is_missing",
    }
    return kwargs if rule.or_equal is None else {**kwargs, "or_equal": rule.or_equal}


def _argument(value: Any) -> Any:
    if isinstance(value, list):
        return [_argument(member) for member in value]
    return pd.Timestamp(moment(value)) if hasattr(value, "isoformat") else value


def _passed(result: Any, rule: Expectation) -> bool:
    """Read a result, which is worth nothing if the rule itself raised."""
    raised = result.exception_info or {}
    if raised.get("raised_exception", bool(raised)):
        raise SpecError(
            f"rule `{rule.rule}` cannot be evaluated on {', '.join(rule.columns)}: {_first_message(raised)}",
            where="contract",
            next_step="correct the rule in the dataset's spec so that it suits the column's type",
            rule=rule.rule,
        )
    return bool(result.success)


def _first_message(raised: dict[str, Any]) -> str:
    """Find the message, which stands at the top or below the id of the metric that raised."""
    for info in (raised, *raised.values()):
        if isinstance(info, dict) and info.get("exception_message"):
            return " ".join(str(info["exception_message"]).split())
    return "no reason given"
