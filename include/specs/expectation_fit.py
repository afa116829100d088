"""Whether a rule can be evaluated on its columns' types, asked before anything is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise

from include.specs.column_type import NUMERIC, TEMPORAL, ColumnType
from include.specs.expectation import Bound, Expectation, ExpectationKind, Member

_LARGEST = 2**63


def misfits(expectation: Expectation, columns: Mapping[str, ColumnType]) -> Iterator[str]:
    """Yield why a rule makes no sense for the columns it names, all of which are declared."""
    kinds = [columns[name] for name in expectation.columns]
    match expectation.expect:
        case ExpectationKind.BETWEEN:
            yield from _bound_misfits(expectation, kinds[0])
        case ExpectationKind.IN_SET | ExpectationKind.NOT_IN_SET:
            yield from _member_misfits(expectation, kinds[0])
        case ExpectationKind.MATCH_REGEX | ExpectationKind.NOT_MATCH_REGEX:
            yield from _text_misfits(expectation, kinds[0])
        case ExpectationKind.LENGTH_BETWEEN:
            yield from _text_misfits(expectation, kinds[0])
            yield from _length_misfits(expectation)
        case ExpectationKind.PAIR_GREATER | ExpectationKind.PAIR_EQUAL:
            yield from _pair_misfits(expectation, kinds)


def _bound_misfits(expectation: Expectation, kind: ColumnType) -> Iterator[str]:
    if kind not in NUMERIC | TEMPORAL:
        yield f"{expectation.column!r} is a {kind}, which has no range"
        return
    for name in ("min_value", "max_value"):
        value = getattr(expectation, name)
        if value is not None and (problem := _value_problem(value, kind)):
            yield f"{name} {value!s} of {expectation.column!r}: {problem}"


def _member_misfits(expectation: Expectation, kind: ColumnType) -> Iterator[str]:
    if kind in TEMPORAL:
        yield f"{expectation.column!r} is a {kind}; ask for ranges, sets of dates are not evaluated"
        return
    for value in expectation.value_set or ():
        if problem := _value_problem(value, kind):
            yield f"value {value!r} in the set of {expectation.column!r}: {problem}"


def _value_problem(value: Bound | Member, kind: ColumnType) -> str | None:
    fits = {
        ColumnType.INTEGER: isinstance(value, int) and not isinstance(value, bool),
        ColumnType.NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
        ColumnType.STRING: isinstance(value, str),
        ColumnType.BOOLEAN: isinstance(value, bool),
        ColumnType.DATE: isinstance(value, date),
        ColumnType.TIMESTAMP: isinstance(value, date),
    }
    if not fits[kind]:
        return f"write a value of the column's type, {kind}"
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        return "integers have 64 bits"
    return None


def _text_misfits(expectation: Expectation, kind: ColumnType) -> Iterator[str]:
    if kind is not ColumnType.STRING:
        yield f"{expectation.column!r} is a {kind}, and {expectation.expect} reads text"


def _length_misfits(expectation: Expectation) -> Iterator[str]:
    for name in ("min_value", "max_value"):
        value = getattr(expectation, name)
        if value is not None and (not isinstance(value, int) or value < 0):
            yield f"{name} {value!s} of {expectation.column!r}: a length is a whole number, 0 or more"


def _pair_misfits(expectation: Expectation, kinds: list[ColumnType]) -> Iterator[str]:
    for first, second in pairwise(kinds):
        if first is not second and not {first, second} <= NUMERIC and not {first, second} <= TEMPORAL:
            yield (
                f"{expectation.column_a!r} is a {first} and {expectation.column_b!r} a {second},"
                " which do not compare"
            )
