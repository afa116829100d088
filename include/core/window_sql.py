"""SQL of aggregates over a moving window that come out alike in whatever order rows are added up.

Floating-point sums depend on the order of their terms, and so on threads and memory. Numbers are
therefore added up as whole millionths, and their squares too: whole numbers have one sum. Partitions
hold no NaN: what is not a number is missing from the moment it is read from its source.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.core.packed_sums import Bounds, Field, Pack, Packs
from include.specs.column_type import ColumnType
from include.specs.derived import Aggregate, Derived

MILLIONTHS = 1_000_000
"""What a number is multiplied by before it is rounded and added up."""

SUMMED = frozenset({Aggregate.SUM, Aggregate.MEAN, Aggregate.STDDEV})
"""What adds up exact values."""

_OF_PLAIN_VALUES = {
    Aggregate.COUNT_DISTINCT: "count(DISTINCT {})",
    Aggregate.MIN: "min({})",
    Aggregate.MAX: "max({})",
}


class Parts:
    """Expressions that several features share, each computed once under a name of its own."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._names: dict[str, str] = {}

    def name(self, expression: str) -> str:
        """Return the quoted name under which an expression is computed."""
        return self._names.setdefault(expression, quoted(f"{self._prefix}{len(self._names)}"))

    def select(self) -> list[str]:
        """Return the select list that computes them."""
        return [f"{expression} AS {name}" for expression, name in self._names.items()]

    def names(self) -> list[str]:
        """Return the names given out, quoted."""
        return list(self._names.values())


@dataclass(frozen=True)
class _Sum:
    """A sum or count that may stand in a pack: how it is computed on its own, and its field there."""

    alone: str
    over: str
    field: Field
    pack: Pack
    type: str


class WindowSums:
    """Functions over windows that several features share, each computed once under a name of its own.

    They are computed in two steps: `select` beside the windows, of rows that have the columns of
    `row_parts`; then `finish` on its answer. Without bounds each sum is a function of its own.
    """

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._functions = Parts("#window")
        self._sums: dict[str, _Sum] = {}
        self._packs = Packs()
        self._bounds = bounds

    def function(self, expression: str) -> str:
        """Return the name of any window function."""
        return self._functions.name(expression)

    def count(self, value: str, over: str) -> str:
        """Return the name of the number of rows in which a value is not missing; `*`: of all rows."""
        alone = f"count({value}) OVER {over}"
        term = "1" if value == "*" else f"CASE WHEN {value} IS NULL THEN 0 ELSE 1 END"
        return self._sum(alone, over, term, 1, "BIGINT")

    def total(self, value: str, over: str, largest: int | None) -> str:
        """Return the name of a sum of whole numbers, absolutely not larger than `largest` (None: unknown)."""
        return self._sum(f"sum({value}) OVER {over}", over, f"coalesce({value}, 0)", largest, "HUGEINT")

    def largest(self, column: str) -> int | None:
        """Return the largest absolute value of a column's whole numbers, if known."""
        return None if self._bounds is None else self._bounds.largest.get(column)

    def row_parts(self) -> list[str]:
        """Return the select list, on rows with their values, of what the sums need beside these."""
        return self._packs.select()

    def select(self) -> list[str]:
        """Return the select list beside the windows."""
        for one in self._sums.values():
            self._functions.name(_over(one))
        return self._functions.select()

    def finish(self) -> list[str]:
        """Return the select list, on the answer of `select`, that gives the names in `_sums` their values."""
        return [f"{self._taken(one)} AS {name}" for name, one in self._sums.items()]

    def _sum(self, alone: str, over: str, term: str, largest: int | None, kind: str) -> str:
        if self._bounds is None or largest is None:
            return self.function(alone)
        one = Field(term, self._bounds.bits(largest))
        pack = self._packs.of(one)
        if pack is None:
            return self.function(alone)
        name = next((name for name, found in self._sums.items() if found.alone == alone), None)
        name = name or quoted(f"#sum{len(self._sums)}")
        self._sums[name] = _Sum(alone, over, one, pack, kind)
        return name

    def _taken(self, one: _Sum) -> str:
        found = self._functions.name(_over(one))
        if len(one.pack.fields) == 1:
            return found
        value = f"CAST({one.pack.unpacked(found, one.field)} AS {one.type})"
        return f"coalesce({value}, 0)" if one.type == "BIGINT" else value


def _over(one: _Sum) -> str:
    return one.alone if len(one.pack.fields) == 1 else f"sum({one.pack.name}) OVER {one.over}"


def quoted(identifier: str) -> str:
    """Return a name as DuckDB's SQL takes it, whatever its characters."""
    return '"' + identifier.replace('"', '""') + '"'


def plain_value(column: str, kind: ColumnType) -> str:
    """Return a column's value, of the two zeros always the same."""
    name = quoted(column)
    if kind is not ColumnType.NUMBER:
        return name
    return f"CASE WHEN {name} = 0 THEN 0.0 ELSE {name} END"


def exact_value(column: str, kind: ColumnType, cast: str = "CAST") -> str:
    """Return a column's value as a whole number, in millionths where it may have a fraction."""
    name = quoted(column)
    if kind is not ColumnType.NUMBER:
        return f"{cast}({name} AS BIGINT)"
    return f"{cast}(round({name} * {MILLIONTHS}) AS BIGINT)"


def aggregate(
    one: Derived, kind: ColumnType | None, values: Parts, sums: WindowSums, *, over: str, counted: str
) -> str:
    """Return the SQL of a window feature.

    Parameters
    ----------
    one
        The feature; it has `compute`.
    kind
        The type of its column; None where rows are counted.
    values
        Takes the expressions on single rows that are needed.
    sums
        Takes the window functions over them that are needed.
    over
        The name of the window.
    counted
        What a window without a column counts: `*`, or an expression that is missing in rows that do not.

    Returns
    -------
    str
        An expression on the names given out by `sums`.
    """
    if one.column is None or kind is None:
        return sums.count(counted, over)
    plain = values.name(plain_value(one.column, kind))
    if one.compute in _OF_PLAIN_VALUES:
        return sums.function(f"{_OF_PLAIN_VALUES[one.compute].format(plain)} OVER {over}")
    if one.compute is Aggregate.COUNT:
        return sums.count(plain, over)
    largest = sums.largest(one.column)
    value = values.name(exact_value(one.column, kind))
    scale = MILLIONTHS if kind is ColumnType.NUMBER else 1
    total = sums.total(value, over, largest)
    if one.compute is Aggregate.SUM:
        return f"coalesce(CAST({total} AS DOUBLE) / {scale}.0, 0.0)"
    count = sums.count(plain, over)
    if one.compute is Aggregate.MEAN:
        return f"CAST({total} AS DOUBLE) / ({scale}.0 * nullif({count}, 0))"
    square = None if largest is None else largest * largest
    squares = sums.total(f"{value}::HUGEINT * {value}", over, square)
    return _deviation(total, squares, count, scale)


def _deviation(total: str, squares: str, count: str, scale: int) -> str:
    """Return the sample's standard deviation from whole sums.

    With m = total // count and r = total - m * count, the squares about m add up to
    squares - m * (total + r), in whole numbers; about the mean they are r * r / count less.
    """
    middle = f"({total} // {count})"
    rest = f"({total} - {middle} * {count})"
    about_middle = f"CAST({squares} - {middle} * ({total} + {rest}) AS DOUBLE)"
    variance = f"({about_middle} - CAST({rest} AS DOUBLE) * CAST({rest} AS DOUBLE) / {count}) / ({count} - 1)"
    return f"CASE WHEN {count} > 1 THEN sqrt(greatest({variance}, 0.0)) / {scale}.0 END"
