"""Rules as DuckDB conditions on a row: a contract's expectations translated, and whatever else judges rows.

A condition is true where a row fails. What it means is Great Expectations'; a differential test holds the
two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from include.adapters.spilling_duckdb import quoted, text_literal
from include.specs import ColumnType, Expectation, ExpectationKind, Severity
from include.specs.expectation import moment

ROWS = "judged_rows"
"""The view that holds the rows being judged; `setup` statements and conditions may read it."""

PYTHON_SEARCH = "python_regex_search"
"""A function that conditions may call: (text, pattern) → whether Python finds the pattern."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class RowRule:
    """A rule that a row can fail by itself.

    Attributes
    ----------
    name
        What quarantine, messages and pages call it.
    severity
        What becomes of rows that fail.
    columns
        Those whose values explain a failure.
    fails
        SQL condition over the columns of `ROWS`, true where a row fails; null counts as false.
    setup
        Statements run before, such as `CREATE OR REPLACE TEMP TABLE`; they may read `ROWS`.
    note
        What the result page says beside the failing rows, such as the values allowed.
    """

    name: str
    severity: Severity
    columns: tuple[str, ...]
    fails: str
    setup: tuple[str, ...] = ()
    note: str = ""


def contract_rules(contract: Sequence[Expectation], columns: Mapping[str, ColumnType]) -> list[RowRule]:
    """Translate a contract.

    Parameters
    ----------
    contract
        The expectations, which fit the columns' types.
    columns
        Type by name.

    Returns
    -------
    list of RowRule
        One an expectation, in order.
    """
    return [_translate(expectation, columns, number) for number, expectation in enumerate(contract)]


def _translate(rule: Expectation, columns: Mapping[str, ColumnType], number: int) -> RowRule:
    setup: tuple[str, ...] = ()
    values = [_value(name, columns[name]) for name in rule.columns]
    kind = columns[rule.columns[0]]
    match rule.expect:
        case ExpectationKind.NOT_NULL:
            fails = f"{values[0]} IS NULL"
        case ExpectationKind.BETWEEN:
            fails = _outside(values[0], kind, rule)
        case ExpectationKind.IN_SET | ExpectationKind.NOT_IN_SET:
            members = ", ".join(_literal(value, kind) for value in rule.value_set or ())
            negation = "NOT " if rule.expect is ExpectationKind.IN_SET else ""
            fails = f"{values[0]} {negation}IN ({members})"
        case ExpectationKind.MATCH_REGEX:
            fails = f"NOT {_search(values[0], rule.regex or '')}"
        case ExpectationKind.NOT_MATCH_REGEX:
            fails = _search(values[0], rule.regex or "")
        case ExpectationKind.LENGTH_BETWEEN:
            fails = _outside(f"length({values[0]})", ColumnType.INTEGER, rule)
        case ExpectationKind.UNIQUE | ExpectationKind.COMPOUND_UNIQUE:
            setup, fails = _duplicates(values, f"repeated_{number}")
        case ExpectationKind.PAIR_GREATER:
            fails = f"NOT ({values[0]} {'>=' if rule.or_equal else '>'} {values[1]})"
        case ExpectationKind.PAIR_EQUAL:
            fails = f"{values[0]} <> {values[1]}"
    return RowRule(rule.rule, rule.severity, tuple(rule.columns), fails, setup, _note(rule))


def _note(rule: Expectation) -> str:
    said = {ExpectationKind.IN_SET: "Allowed", ExpectationKind.NOT_IN_SET: "Not allowed"}
    members = ", ".join(str(value) for value in rule.value_set or ())
    return f"{said[rule.expect]}: {members}" if rule.expect in said else ""


def _value(name: str, kind: ColumnType) -> str:
    """Read a column so that values compare: NaN is missing, dates and times are microseconds since 1970."""
    if kind is ColumnType.NUMBER:
        return f"nullif({quoted(name)}, 'nan'::DOUBLE)"
    if kind in {ColumnType.DATE, ColumnType.TIMESTAMP}:
        return f"epoch_us({quoted(name)})"
    return quoted(name)


def _outside(value: str, kind: ColumnType, rule: Expectation) -> str:
    inside = []
    if rule.min_value is not None:
        inside.append(f"{value} {'>' if rule.strict_min else '>='} {_literal(rule.min_value, kind)}")
    if rule.max_value is not None:
        inside.append(f"{value} {'<' if rule.strict_max else '<='} {_literal(rule.max_value, kind)}")
    return f"NOT ({' AND '.join(inside)})"


def _duplicates(values: Sequence[str], table: str) -> tuple[tuple[str, ...], str]:
    """Collect the values that stand more than once; a row in which one is missing is no duplicate."""
    row = f"({', '.join(values)})" if len(values) > 1 else values[0]
    complete = " AND ".join(f"{value} IS NOT NULL" for value in values)
    collect = (
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {row} AS repeated FROM {ROWS} "  # noqa: S608
        f"WHERE {complete} GROUP BY 1 HAVING count(*) > 1"
    )
    return (collect,), f"{complete} AND {row} IN (SELECT repeated FROM {table})"  # noqa: S608 - our names


def _literal(value: object, kind: ColumnType) -> str:
    if isinstance(value, date):
        return f"{(moment(value) - _EPOCH) // timedelta(microseconds=1)}::BIGINT"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and kind is ColumnType.NUMBER:
        return f"'{float(value)!r}'::DOUBLE"
    if isinstance(value, int):
        return f"'{value}'::BIGINT"
    return text_literal(str(value))


# What RE2 and Python read alike, on text of ASCII characters in one line.
_PORTABLE = re.compile(
    r"(?: [\w\s~!@\#%&='\",:;<>/`.^$|)*+?{}-] | \((?!\?) | \(\?: | \\[dDwWbB] | \\[^\w\s]"
    r" | \[\^?(?:[^\\\[\]^&~|-]|\\[dDwW]|\\[^\w\s]|[A-Za-z0-9]-[A-Za-z0-9])+-?\] )*",
    re.VERBOSE | re.ASCII,
)
_POSSESSIVE_OR_EMPTY = re.compile(r"[*+?}]\+|[\^$][*+?{]")


def _search(text: str, pattern: str) -> str:
    """Search as Great Expectations does on pandas, by the rules of Python's expressions.

    DuckDB's own engine is faster and agrees where neither pattern nor text asks for more than it knows.
    """
    in_python = f"{PYTHON_SEARCH}({text}, {text_literal(pattern)})"
    if not _is_portable(pattern):
        return in_python
    plain = f"strlen({text}) = length({text}) AND NOT contains({text}, chr(10))"
    return f"CASE WHEN {plain} THEN regexp_matches({text}, {text_literal(pattern)}) ELSE {in_python} END"


def _is_portable(pattern: str) -> bool:
    if not _PORTABLE.fullmatch(pattern) or "{," in pattern or _POSSESSIVE_OR_EMPTY.search(pattern):
        return False
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:  # RE2 cannot read it, for example a repeat of more than 1,000
        return False
    return True
