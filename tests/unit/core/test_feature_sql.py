"""Features of random events, by SQL and by looking at every row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.feature_rows import open_rows
from include.core.feature_sql import event_sql, rows_of
from include.errors import DataError
from include.specs import DatasetSpec
from include.specs.derived import Derived
from include.steps.window_bounds import window_bounds
from tests.support.naive_features import naive_feature
from tests.support.visits import START, moment, states, visits, write_files

DAYS = 9
LAST = START + timedelta(days=DAYS - 1)
WINDOWS = [
    {"window": "1d", "compute": "count"},
    {"window": "3d", "compute": "count", "column": "spend"},
    {"window": "3d", "compute": "sum", "column": "spend"},
    {"window": "3d", "compute": "mean", "column": "spend"},
    {"window": "7d", "compute": "stddev", "column": "spend"},
    {"window": "3d", "compute": "min", "column": "spend"},
    {"window": "2d", "compute": "max", "column": "spend"},
    {"window": "3d", "compute": "sum", "column": "items"},
    {"window": "7d", "compute": "stddev", "column": "items"},
    {"window": "7d", "compute": "mean", "column": "member"},
    {"window": "7d", "compute": "count_distinct", "column": "shop"},
    {"window": "7d", "compute": "count_distinct", "column": "spend"},
]


def derived(source: str, by: list[str], kinds: Sequence[dict[str, Any]], prefix: str) -> list[Derived]:
    return [
        Derived.model_validate({"name": f"{prefix}{number}", "from": source, "by": by, **kind})
        for number, kind in enumerate(kinds)
    ]


FEATURES = [
    *derived("visits", ["customer"], WINDOWS, "of_customer_"),
    *derived("visits", ["customer", "shop"], WINDOWS[:4], "of_customer_and_shop_"),
    *derived("visits", ["customer"], [{"latest": "spend", "within": "2d"}], "last_visit_"),
    *derived("states", ["customer"], [{"window": "2d", "compute": "count"}], "states_"),
    *derived("states", ["customer"], [{"window": "4d", "compute": "sum", "column": "balance"}], "balances_"),
    *derived("states", ["customer"], [{"latest": "tier", "within": "3d"}], "tier_"),
    *derived("states", ["customer"], [{"latest": "balance", "within": "1d"}], "balance_"),
]  # fmt: skip

missing = st.none()
moments = st.builds(
    moment, st.integers(0, DAYS - 1), st.sampled_from([0, 12, 23]), st.sampled_from([0, 1, 999_999])
)
numbers = st.one_of(st.sampled_from([0.0, -0.0, 0.1, 1e6 + 0.1, -2.5]), st.floats(-1e5, 1e5, width=32))
visit = st.fixed_dictionaries(
    {
        "at": moments,
        "due": st.just(START),
        "customer": st.one_of(missing, st.integers(1, 2)),
        "shop": st.one_of(missing, st.sampled_from(["a", "b"])),
        "spend": st.one_of(missing, numbers),
        "items": st.one_of(missing, st.integers(-(2**53) - 5, 2**53 + 5)),
        "member": st.one_of(missing, st.booleans()),
    }
)
state = st.fixed_dictionaries(
    {
        "seen": moments,
        "customer": st.one_of(missing, st.integers(1, 2)),
        "tier": st.one_of(missing, st.sampled_from(["gold", "iron"])),
        "balance": st.one_of(missing, numbers),
    }
)


def compute(
    rows: dict[str, list[dict[str, Any]]],
    specs: dict[str, DatasetSpec],
    features: list[Derived],
    first: date,
    *,
    bounded: bool = True,
) -> list[dict[str, Any]]:
    """Return the events from `first` on with their features, in order."""
    with TemporaryDirectory() as folder:
        files = {name: write_files(Path(folder) / name, specs[name], rows[name], LAST) for name in specs}
        views = {rows_of(name): one for name, one in files.items()}
        with open_rows(views, Path(folder), "test") as database:
            bounds = window_bounds(database, specs, features) if bounded else None
            sql = event_sql(specs["visits"], specs, features, ["id"], first, bounds)
            return database.table(sql.setup, sql.in_order(["id", *(f.name for f in features)])).to_pylist()


def numbered(rows: list[dict[str, Any]], event_time: str) -> list[dict[str, Any]]:
    ordered = sorted(rows, key=lambda row: row[event_time].date())
    return [{"id": number, **row} for number, row in enumerate(ordered)]


@settings(max_examples=25, deadline=None)
@given(st.lists(visit, max_size=40), st.lists(state, max_size=20), st.integers(0, DAYS - 1), st.booleans())
def test_features_are_those_of_looking_at_every_row(
    visited: list[dict[str, Any]], stated: list[dict[str, Any]], first: int, bounded: bool
) -> None:
    specs = {"visits": visits(), "states": states()}
    rows = {"visits": numbered(visited, "at"), "states": numbered(stated, "seen")}
    day = START + timedelta(days=first)

    found = compute(rows, specs, FEATURES, day, bounded=bounded)

    events = [row for row in rows["visits"] if row["at"].date() >= day]
    assert [row["id"] for row in found] == [row["id"] for row in events]
    for one in FEATURES:
        source = specs[one.dataset]
        for event, row in zip(events, found, strict=True):
            expected = naive_feature(one, event, rows[one.dataset], specs["visits"], source)
            assert type(row[one.name]) is type(expected), (one, event)
            if isinstance(expected, float):
                expected = pytest.approx(expected, rel=1e-12, abs=1e-12)
            assert row[one.name] == expected, (one, event)


def test_sums_beyond_what_can_be_added_up_exactly_are_refused() -> None:
    """Squares of the largest whole numbers overflow 128 bits; a wrong deviation must not come of it."""
    specs = {"visits": visits(), "states": states()}
    rows = [
        {"id": n, "at": moment(n), "due": START, "customer": 1, "shop": "a", "spend": 1.0, "items": 2**62}
        for n in range(9)
    ]
    huge = derived(
        "visits", ["customer"], [{"window": "9d", "compute": "stddev", "column": "items"}], "huge_"
    )
    with pytest.raises(DataError, match="too large to be added up exactly"):
        compute({"visits": rows, "states": []}, specs, huge, START)


def test_a_window_holds_its_first_moment_and_not_the_events() -> None:
    specs = {"visits": visits(), "states": states()}
    base = {"due": START, "customer": 1, "shop": "a", "spend": 1.0, "items": 1}
    at = [moment(1, 0, 0), moment(1, 0, 1), moment(2, 0, 0), moment(2, 0, 1), moment(2, 0, 1)]
    rows = [{"id": n, "at": when, **base} for n, when in enumerate(at)]
    one_day = derived("visits", ["customer"], [{"window": "1d", "compute": "count"}], "seen_")
    found = compute({"visits": rows, "states": []}, specs, one_day, START)
    assert [row["seen_0"] for row in found] == [0, 1, 2, 2, 2]


def test_knowing_how_large_values_are_changes_no_bit() -> None:
    """Small whole numbers let all sums of a window share one number; the naive way rounds elsewhere."""
    specs = {"visits": visits(), "states": states()}
    spends = [None, -0.1, 999.99, 0.0, -7.5, 3.3]
    rows = [
        {
            "id": n,
            "at": moment(n // 5, n % 5),
            "due": START,
            "customer": n % 3 or None,
            "shop": "a",
            "spend": spends[n % len(spends)],
            "items": None if n % 7 == 0 else n - 20,
            "member": None,
        }
        for n in range(40)
    ]
    features = derived("visits", ["customer"], WINDOWS, "of_customer_")
    states_too = [{"id": 0, "seen": moment(1), "customer": 1, "tier": "gold", "balance": -0.1}]
    both = [
        compute(
            {"visits": rows, "states": states_too}, specs, [*features, *FEATURES[-5:]], START, bounded=one
        )
        for one in (True, False)
    ]
    assert repr(both[0]) == repr(both[1])


def test_a_value_that_cannot_be_summed_is_refused_though_its_size_is_looked_up() -> None:
    specs = {"visits": visits(), "states": states()}
    base = {"due": START, "customer": 1, "shop": "a", "items": 1, "member": True}
    rows = [{"id": n, "at": moment(n), "spend": 1e300 if n == 1 else 1.0, **base} for n in range(3)]
    summed = derived("visits", ["customer"], [{"window": "9d", "compute": "sum", "column": "spend"}], "sum_")
    with pytest.raises(DataError, match="does not fit"):
        compute({"visits": rows, "states": []}, specs, summed, START)
