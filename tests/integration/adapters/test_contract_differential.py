"""For every expectation that specs allow, plain Great Expectations and our two engines agree to the row."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from include.adapters import gx_contract
from include.adapters.arrow_columns import arrow_schema
from include.adapters.contract_scan import open_scan
from include.adapters.row_rules import contract_rules
from include.specs import ColumnType, Expectation, ExpectationKind
from include.specs.expectation import moment
from tests.support.plain_gx import validate_plainly

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:This pattern is interpreted as a regular expression"),
]

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "15"))
"""Cases per expectation; each is validated three times over."""
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # not made smaller: that takes many validations
EXACT = 2**53
INTEGERS = st.sampled_from([0, 1, -1, 7, EXACT, EXACT + 1, -EXACT - 1, 2**63 - 1, -(2**63)]) | st.integers(
    -9, 9
)
NUMBERS = st.sampled_from(
    [0.0, -0.0, 0.1, -1.5, 7.0, float(EXACT), 1e308, 5e-324, float("inf"), float("-inf")]
) | st.floats(allow_nan=False)
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS = [
    "",
    "A",
    "a",
    "AB",
    "é",
    "e\u0301",
    "ß",
    "\U0001f926\U0001f3fc\u200d\u2642\ufe0f",
    "a\n",
    "\n",
    "a\nb",
]
WORDS += [
    "O'Brien",
    '"q"',
    "null",
    "nan",
    "None",
    "\u0661",
    "7",
    "A1",
    " ",
    "\x0b",
    "\u2028",
    "\\",
    "%",
    "a-b_c",
]
TEXTS = st.sampled_from(WORDS) | st.text(LETTERS, max_size=5)
DATES = st.sampled_from([date(1, 1, 1), date(2017, 3, 1), date(2017, 3, 2), date(9999, 12, 31)]) | st.dates()
TIMES = st.sampled_from(
    [
        datetime(2017, 3, 1, tzinfo=UTC),
        datetime(2017, 3, 1, 9, 30, 0, 1, UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
) | st.datetimes().map(lambda value: value.replace(tzinfo=UTC, fold=0))

VALUES: Mapping[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.INTEGER: INTEGERS,
    ColumnType.NUMBER: NUMBERS,
    ColumnType.STRING: TEXTS,
    ColumnType.BOOLEAN: st.booleans(),
    ColumnType.DATE: DATES,
    ColumnType.TIMESTAMP: TIMES,
}
PATTERNS = ["^[A-Z]", "^[A-Z]$", r"\d", r"\d+$", r"^\w+$", r"\W", r"\s", r"\S$", "a|b", ".", "^.$", "", "é"]
PATTERNS += [
    "(?i)a",
    "^(?!A)",
    r"\bA\b",
    r"\B",
    "[^a-z]",
    r"[^\w-]",
    "^$",
    "a{1,2}",
    "a{,2}b",
    "(A)(1)?$",
    "[a-]",
]
PATTERNS += [
    r"\A[a-z]\Z",
    r"(.)\1",
    "(?<=a)b",
    "(?s)a.b",
    "(?m)^b$",
    r"\u00e9",
    "(?P<x>a)b?",
    "[]a]",
    r"\$",
    "'",
    "(?:A|a)1",
    r"[\d_]",
]


@dataclass(frozen=True)
class Case:
    """Columns of some types with rows, and rules over them."""

    columns: dict[str, ColumnType]
    rules: list[Expectation]
    rows: list[dict[str, Any]]

    @property
    def table(self) -> pa.Table:
        return pa.Table.from_pylist(self.rows, arrow_schema(self.columns))


@st.composite
def arguments(draw: st.DrawFn, kind: ExpectationKind, columns: dict[str, ColumnType]) -> dict[str, Any]:
    of_type = columns["a"]
    match kind:
        case ExpectationKind.NOT_NULL | ExpectationKind.UNIQUE:
            return {"column": "a"}
        case ExpectationKind.BETWEEN:
            bounds = VALUES[of_type].filter(lambda value: value not in (float("inf"), float("-inf")))
            return {"column": "a", **draw(ranges(bounds))}
        case ExpectationKind.LENGTH_BETWEEN:
            return {"column": "a", **draw(ranges(st.integers(0, 5)))}
        case ExpectationKind.IN_SET | ExpectationKind.NOT_IN_SET:
            finite = VALUES[of_type].filter(lambda value: value not in (float("inf"), float("-inf")))
            return {"column": "a", "value_set": draw(st.lists(finite, min_size=1, max_size=5))}
        case ExpectationKind.MATCH_REGEX | ExpectationKind.NOT_MATCH_REGEX:
            return {"column": "a", "regex": draw(st.sampled_from(PATTERNS))}
        case ExpectationKind.COMPOUND_UNIQUE:
            return {"column_list": draw(st.permutations(["a", "b"]))}
        case ExpectationKind.PAIR_EQUAL:
            return {"column_a": "a", "column_b": "b"}
        case ExpectationKind.PAIR_GREATER:
            return {"column_a": "a", "column_b": "b", "or_equal": draw(st.none() | st.booleans())}


@st.composite
def ranges(draw: st.DrawFn, bounds: st.SearchStrategy[Any]) -> dict[str, Any]:
    low, high = sorted(draw(st.tuples(bounds, bounds)))
    ends = draw(st.sampled_from(["both", "low", "high"]))
    found: dict[str, Any] = {"strict_min": draw(st.booleans()), "strict_max": draw(st.booleans())}
    if ends == "high" or low == high:
        found["strict_min"] = False
    if ends == "low" or low == high:
        found["strict_max"] = False
    return {
        **found,
        **({} if ends == "high" else {"min_value": low}),
        **({} if ends == "low" else {"max_value": high}),
    }


NUMERIC = [ColumnType.INTEGER, ColumnType.NUMBER]
TEMPORAL = [ColumnType.DATE, ColumnType.TIMESTAMP]
TEXT = [ColumnType.STRING]
IN_SETS = [*NUMERIC, *TEXT, ColumnType.BOOLEAN]
PAIRS = [
    *((a, b) for kinds in (NUMERIC, TEMPORAL) for a in kinds for b in kinds),
    *((k, k) for k in ColumnType),
]
TYPES: Mapping[ExpectationKind, list[tuple[ColumnType, ColumnType]]] = {
    # The types of columns `a` and `b` that a rule may be asked of.
    ExpectationKind.NOT_NULL: [(kind, kind) for kind in ColumnType],
    ExpectationKind.BETWEEN: [(kind, kind) for kind in (*NUMERIC, *TEMPORAL)],
    ExpectationKind.IN_SET: [(kind, kind) for kind in IN_SETS],
    ExpectationKind.NOT_IN_SET: [(kind, kind) for kind in IN_SETS],
    ExpectationKind.MATCH_REGEX: [(kind, kind) for kind in TEXT],
    ExpectationKind.NOT_MATCH_REGEX: [(kind, kind) for kind in TEXT],
    ExpectationKind.LENGTH_BETWEEN: [(kind, kind) for kind in TEXT],
    ExpectationKind.UNIQUE: [(kind, kind) for kind in ColumnType],
    ExpectationKind.COMPOUND_UNIQUE: [(a, b) for a in ColumnType for b in ColumnType],
    ExpectationKind.PAIR_GREATER: PAIRS,
    ExpectationKind.PAIR_EQUAL: PAIRS,
}


@st.composite
def cases(draw: st.DrawFn, kind: ExpectationKind) -> Case:
    columns = dict(zip("ab", draw(st.sampled_from(TYPES[kind])), strict=True))
    entry = arguments(kind, columns).map(lambda given: {"expect": kind, "severity": "warn", **given})
    rules = [Expectation.model_validate(e) for e in draw(st.lists(entry, min_size=1, max_size=4))]
    few = {name: draw(st.lists(VALUES[of_type], min_size=1, max_size=6)) for name, of_type in columns.items()}
    row = st.fixed_dictionaries({name: st.none() | st.sampled_from(values) for name, values in few.items()})
    return Case(columns, rules, draw(st.lists(row, max_size=25)))


@pytest.mark.parametrize("kind", ExpectationKind)
def test_verdict_count_and_rows_are_those_of_great_expectations(kind: ExpectationKind) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
    @given(case=cases(kind), frame_rows=st.sampled_from([gx_contract.FRAME_ROWS, 7]))
    def agree(case: Case, frame_rows: int) -> None:
        plain = validate_plainly(plain_frame(case.table), [plain_rule(rule) for rule in case.rules])
        frames = {"FRAME_ROWS": frame_rows, "NARROW_ROWS": frame_rows}
        with stored(case.table) as path, mock.patch.multiple(gx_contract, **frames):
            holds = gx_contract.judge_contract([path], case.rules, path.parent)
            counts, positions = scanned(path, case)
        assert positions == [found for _, found in plain]
        assert counts == [len(found) for _, found in plain]
        assert holds == [success for success, _ in plain]

    agree()


def scanned(path: Path, case: Case) -> tuple[list[int], list[list[int]]]:
    rules = contract_rules(case.rules, case.columns)
    positions: list[list[int]] = [[] for _ in rules]
    with open_scan(path.parent) as scan:
        found = scan.find(path, rules)
        start = 0
        for batch, failing, flags in found.batches():
            for mine, fails in zip(positions, flags.T, strict=True):
                mine += (failing[fails] + start).tolist()
            start += batch.num_rows
    assert start == len(case.rows)
    return list(found.failed_rows), positions


@contextmanager
def stored(table: pa.Table) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "it's rows.parquet"
        pq.write_table(table, path)
        yield path


def plain_frame(table: pa.Table) -> pd.DataFrame:
    """As a user would read it: exact integers, and moments instead of dates, which do not compare."""
    kinds = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    moments = [pa.timestamp("us") if pa.types.is_temporal(f.type) else f.type for f in table.schema]
    schema = pa.schema([pa.field(f.name, kind) for f, kind in zip(table.schema, moments, strict=True)])
    frame: pd.DataFrame = table.cast(schema).to_pandas(types_mapper=kinds.get)
    return frame


def plain_rule(rule: Expectation) -> dict[str, Any]:
    """As a user would write it; what is missing is left to `not_be_null`."""
    given = rule.model_dump(exclude_none=True, exclude={"expect", "severity"})
    renamed = {"column_a": "column_A", "column_b": "column_B"}
    kwargs = {renamed.get(name, name): plain_argument(value) for name, value in given.items()}
    if rule.expect in {ExpectationKind.PAIR_EQUAL, ExpectationKind.PAIR_GREATER}:
        kwargs["ignore_row_if"] = "either_value_is_missing"
    if rule.expect is ExpectationKind.COMPOUND_UNIQUE:
        kwargs["ignore_row_if"] = "any_value_is_missing"
    return {"type": f"expect_{rule.expect}", "kwargs": kwargs}


def plain_argument(value: Any) -> Any:
    if isinstance(value, list):
        return [plain_argument(member) for member in value]
    return pd.Timestamp(moment(value)).tz_localize(None) if isinstance(value, date) else value
