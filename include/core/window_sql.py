"""SQL of aggregates over a moving window that come out alike in whatever order rows are added up.

Floating-point sums depend on the order of their terms, and so on threads and memory. Numbers are
therefore added up as whole millionths, and their squares too: whole numbers have one sum. Partitions
hold no NaN: what is not a number is missing from the moment it is read from its source.
"""

from __future__ import annotations

from include.specs.column_type import ColumnType
from include.specs.derived import Aggregate, Derived

MILLIONTHS = 1_000_000
"""What a number is multiplied by before it is rounded and added up."""

_OF_PLAIN_VALUES = {
    Aggregate.COUNT: "count({})",
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


def quoted(identifier: str) -> str:
    """Return a name as DuckDB's SQL takes it, whatever its characters."""
    return '"' + identifier.replace('"', '""') + '"'


def plain_value(column: str, kind: ColumnType) -> str:
    """Return a column's value, of the two zeros always the same."""
    name = quoted(column)
    if kind is not ColumnType.NUMBER:
        return name
    return f"CASE WHEN {name} = 0 THEN 0.0 ELSE {name} END"


def exact_value(column: str, kind: ColumnType) -> str:
    """Return a column's value as a whole number, in millionths where it may have a fraction."""
    name = quoted(column)
    if kind is not ColumnType.NUMBER:
        return f"CAST({name} AS BIGINT)"
    return f"CAST(round({name} * {MILLIONTHS}) AS BIGINT)"


def aggregate(
    one: Derived, kind: ColumnType | None, values: Parts, sums: Parts, *, over: str, counted: str
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
        return sums.name(f"count({counted}) OVER {over}")
    if one.compute in _OF_PLAIN_VALUES:
        value = values.name(plain_value(one.column, kind))
        return sums.name(f"{_OF_PLAIN_VALUES[one.compute].format(value)} OVER {over}")
    value = values.name(exact_value(one.column, kind))
    scale = MILLIONTHS if kind is ColumnType.NUMBER else 1
    total = sums.name(f"sum({value}) OVER {over}")
    if one.compute is Aggregate.SUM:
        return f"coalesce(CAST({total} AS DOUBLE) / {scale}.0, 0.0)"
    count = sums.name(f"count({value}) OVER {over}")
    if one.compute is Aggregate.MEAN:
        return f"CAST({total} AS DOUBLE) / ({scale}.0 * {count})"
    squares = sums.name(f"sum({value}::HUGEINT * {value}) OVER {over}")
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
