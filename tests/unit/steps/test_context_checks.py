from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.adapters import context_rows
from include.adapters.lake import Lake
from include.adapters.lake_manifests import RawManifest
from include.adapters.neighbours import Neighbours
from include.adapters.spilling_duckdb import open_duckdb
from include.contracts import Verdict
from include.errors import IntegrityError, NotReadyError
from include.specs import DatasetSpec, Severity, Specs
from include.steps.context_checks import Context, context_sha256, look_around
from tests.support.lake_days import put_clean, put_raw
from tests.support.sources import DAY, stay, stays_spec

YESTERDAY = DAY - timedelta(days=1)
UNIQUE = {"check": "unique_across_partitions", "severity": "quarantine", "columns": ["stay_id"], "days": "3d"}
PARENT = {
    "check": "foreign_key", "severity": "quarantine", "columns": ["guest", "arrives"], "dataset": "guests",
    "references": ["guest", "arrives"], "days": "3d",
}  # fmt: skip
OUTLIERS = {
    "check": "outliers", "severity": "warn", "column": "price", "days": "9d", "mads": 5, "min_history": 4,
}  # fmt: skip

Look = Callable[..., Context]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "it's a lake")


@pytest.fixture
def look(tmp_path: Path, lake: Lake) -> Look:
    def run(raw: RawManifest, *checks: dict[str, Any]) -> Context:
        spec = stays_spec(checks=list(checks))
        specs = Specs(datasets={"stays": spec, "guests": stays_spec(dataset="guests", end=DAY)})
        neighbours = Neighbours(lake, "stays", raw.ds)
        return look_around(tmp_path / "work", neighbours, specs, spec, raw, lake.verified_raw(raw))

    return run


@pytest.fixture
def failing(tmp_path: Path, lake: Lake) -> Callable[[Context, RawManifest], list[int]]:
    """The `stay_id`s of the rows that fail a context's only rule."""

    def run(context: Context, raw: RawManifest) -> list[int]:
        (rule,) = context.rules
        with open_duckdb(tmp_path / "scan") as connection:
            for statement in rule.setup:
                connection.execute(statement)
            query = f"SELECT stay_id FROM read_parquet($path) WHERE {rule.fails} ORDER BY ALL"
            return [n for (n,) in connection.execute(query, {"path": str(lake.raw_path(raw))}).fetchall()]

    return run


def days(count: int) -> list[date]:
    return [DAY - timedelta(days=back) for back in range(count, 0, -1)]


def test_without_checks_there_is_nothing_to_look_at(lake: Lake, look: Look) -> None:
    raw = put_raw(lake, stays_spec(), DAY, [stay(1)])
    assert look(raw) == Context()


def test_a_day_delivered_twice_is_found_with_the_day_it_was_delivered_before(
    lake: Lake, look: Look, failing: Any
) -> None:
    put_clean(lake, stays_spec(), YESTERDAY, [stay(n) for n in (1, 2, 3)])
    raw = put_raw(lake, stays_spec(), DAY, [stay(n) for n in (2, 3, 4)])
    context = look(raw, UNIQUE)
    assert failing(context, raw) == [2, 3]
    assert context.rules[0].severity is Severity.QUARANTINE
    assert context.notes == ("stay_id not seen in the 3 days before: seen before on 2017-02-28 (2 rows)",)
    assert context.findings == ()


def test_uniqueness_looks_no_further_than_its_days_and_never_ahead(
    lake: Lake, look: Look, failing: Any
) -> None:
    put_clean(lake, stays_spec(), DAY - timedelta(days=4), [stay(1)])
    put_clean(lake, stays_spec(), DAY + timedelta(days=1), [stay(1)])
    put_clean(lake, stays_spec(), DAY - timedelta(days=3), [stay(2)])
    raw = put_raw(lake, stays_spec(), DAY, [stay(1), stay(2)])
    assert failing(look(raw, UNIQUE), raw) == [2]


def test_a_missing_key_repeats_nothing(lake: Lake, look: Look, failing: Any) -> None:
    put_clean(lake, stays_spec(), YESTERDAY, [stay(1, guest=None), stay(2)])
    raw = put_raw(lake, stays_spec(), DAY, [stay(1, guest=None), stay(2)])
    both = {**UNIQUE, "columns": ["stay_id", "guest"]}
    assert failing(look(raw, both), raw) == [2]


def test_the_first_day_has_nothing_before_it(lake: Lake, look: Look, failing: Any) -> None:
    raw = put_raw(lake, stays_spec(), DAY, [stay(1)])
    context = look(raw, UNIQUE)
    assert failing(context, raw) == []
    (finding,) = context.findings
    assert finding.decision.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert not finding.refuses
    assert finding.message == "none of the 3 days before is in the lake with these columns"


def test_rows_without_a_parent_are_found(lake: Lake, look: Look, failing: Any) -> None:
    guests = stays_spec(dataset="guests")
    put_clean(lake, guests, YESTERDAY, [stay(1, guest="Ada"), stay(2, guest="Eve", arrives=date(2000, 1, 1))])
    put_clean(lake, guests, DAY, [stay(3, guest="O'Brien")])
    rows = [stay(1, guest="Ada"), stay(2, guest="Eve"), stay(3, guest="O'Brien"), stay(4, guest=None)]
    raw = put_raw(lake, stays_spec(), DAY, rows)
    context = look(raw, PARENT)
    assert failing(context, raw) == [2]
    assert context.notes == (
        "guest, arrives found in guests (guest, arrives): 1 row(s) without one; looked at 2 day(s) of guests",
    )


def test_rows_wait_for_the_day_of_their_parents(lake: Lake, look: Look) -> None:
    raw = put_raw(lake, stays_spec(), DAY, [stay(1)])
    with pytest.raises(NotReadyError, match="guests of the same day, which has no clean partition yet"):
        look(raw, PARENT)


def test_parents_that_ended_are_not_waited_for(lake: Lake, look: Look, failing: Any) -> None:
    put_clean(lake, stays_spec(dataset="guests"), DAY, [stay(1)])
    tomorrow = DAY + timedelta(days=1)
    raw = put_raw(lake, stays_spec(), tomorrow, [stay(1, tomorrow), stay(2, tomorrow, guest="Eve")])
    assert failing(look(raw, PARENT), raw) == [2]


def test_a_child_without_any_parents_is_all_orphans(lake: Lake, look: Look, failing: Any) -> None:
    later = DAY + timedelta(days=10)
    raw = put_raw(lake, stays_spec(), later, [stay(1, later), stay(2, later, guest=None)])
    assert failing(look(raw, PARENT), raw) == [1]


def test_outliers_are_told_by_earlier_days(lake: Lake, look: Look, failing: Any) -> None:
    for number, ds in enumerate(days(3)):
        put_clean(lake, stays_spec(), ds, [stay(n, ds, price=50.0 + n + number) for n in range(4)])
    rows = [stay(1, price=52.0), stay(2, price=-40.0), stay(3, price=None), stay(4, price=90.0)]
    raw = put_raw(lake, stays_spec(), DAY, rows)
    context = look(raw, OUTLIERS)
    assert failing(context, raw) == [2, 4]
    assert "12 values of 3 earlier day(s), median 52.5" in context.notes[0]


def test_outliers_without_history_are_not_judged(lake: Lake, look: Look, failing: Any) -> None:
    put_clean(lake, stays_spec(), YESTERDAY, [stay(1), stay(2, price=None)])
    raw = put_raw(lake, stays_spec(), DAY, [stay(1, price=1e9)])
    context = look(raw, OUTLIERS)
    assert failing(context, raw) == []
    assert context.findings[0].message == "1 values of 1 earlier day(s), 4 are needed to judge"


def test_a_sample_is_an_even_share_of_every_file(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_rows, "SAMPLE_ROWS", 10)
    spec = stays_spec()
    found = [put_clean(lake, spec, ds, [stay(n, price=float(n)) for n in range(20)]) for ds in days(2)]
    files = [context_rows.OtherFile(m.dataset, m.ds, lake.clean_path(m), m.rows) for m in found]
    with open_duckdb(tmp_path) as connection:
        values = context_rows.sample_values(connection, files, "price")
    assert sorted(values.tolist()) == sorted([0.0, 4.0, 8.0, 12.0, 16.0] * 2)


WITH_ROOM = {name: str(kind) for name, kind in stays_spec().columns.items()} | {"room": "integer"}


@pytest.mark.parametrize(
    ("check", "failing_rows"),
    [
        pytest.param({**UNIQUE, "columns": ["room"]}, [], id="repeats nothing"),
        pytest.param({**OUTLIERS, "column": "room"}, [], id="has no usual values"),
        pytest.param({**PARENT, "columns": ["room"], "references": ["room"]}, [2], id="is no parent"),
    ],
)
@pytest.mark.parametrize("before", ["absent", "string"])
def test_a_day_written_before_a_column_was_declared_so(
    tmp_path: Path, lake: Lake, failing: Any, check: dict[str, Any], failing_rows: list[int], before: str
) -> None:
    former = {**WITH_ROOM, "room": before} if before != "absent" else dict(stays_spec().columns)
    for dataset, ds in (("stays", YESTERDAY), ("guests", YESTERDAY), ("guests", DAY)):
        put_clean(lake, stays_spec(dataset=dataset, columns=former), ds, [stay(1, ds) | {"room": "7"}])
    spec, guests = (
        stays_spec(columns=WITH_ROOM, checks=[check]),
        stays_spec(dataset="guests", columns=WITH_ROOM),
    )
    raw = put_raw(lake, spec, DAY, [stay(2) | {"room": 7}])
    specs, neighbours = Specs(datasets={"stays": spec, "guests": guests}), Neighbours(lake, "stays", DAY)
    context = look_around(tmp_path / "work", neighbours, specs, spec, raw, lake.verified_raw(raw))
    assert failing(context, raw) == failing_rows


def test_volume_counts_rows_as_read_on_the_same_weekday(lake: Lake, look: Look) -> None:
    for week in range(1, 5):
        ds = DAY - timedelta(weeks=week)
        put_clean(lake, stays_spec(), ds, [stay(n, ds) for n in range(10)])
    put_clean(lake, stays_spec(), YESTERDAY, [stay(1, YESTERDAY)])
    raw = put_raw(lake, stays_spec(), DAY, [stay(n) for n in range(4)])
    context = look(raw, {"check": "volume", "severity": "block"})
    (finding,) = context.findings
    assert finding.refuses
    assert finding.message.startswith("4 rows; the last 4 Wednesdays had 10 to 10 (median 10): less than 0.5")
    assert context.rules == ()


@pytest.mark.parametrize(
    ("column", "newest"), [("made_at", "2017-03-01T09:30:00+00:00"), ("arrives", "2017-04-01")]
)
def test_freshness_reads_the_newest_value_as_utc(lake: Lake, look: Look, column: str, newest: str) -> None:
    early = datetime(2017, 3, 1, 1, tzinfo=UTC)
    raw = put_raw(lake, stays_spec(), DAY, [stay(1), stay(2, made_at=early, arrives=None)])
    context = look(raw, {"check": "freshness", "severity": "warn", "column": column, "max_age": "6h"})
    assert context.findings[0].decision.observed["newest"] == newest


def test_damaged_neighbours_are_not_believed(lake: Lake, look: Look) -> None:
    manifest = put_clean(lake, stays_spec(), YESTERDAY, [stay(1)])
    lake.clean_path(manifest).write_bytes(b"PAR1")
    raw = put_raw(lake, stays_spec(), DAY, [stay(1)])
    with pytest.raises(IntegrityError):
        look(raw, UNIQUE)


def digest(lake: Lake, spec: DatasetSpec) -> str | None:
    return context_sha256(Neighbours(lake, "stays", DAY), spec, DAY)


def test_the_digest_changes_with_what_was_looked_at_and_with_nothing_else(lake: Lake) -> None:
    spec = stays_spec(checks=[UNIQUE])
    put_clean(lake, spec, YESTERDAY, [stay(1)])
    before = digest(lake, spec)
    put_clean(lake, spec, DAY, [stay(5)])
    put_clean(lake, spec, DAY - timedelta(days=9), [stay(6)])
    assert digest(lake, spec) == before
    put_clean(lake, spec, YESTERDAY, [stay(1), stay(2)])
    assert digest(lake, spec) != before
    assert digest(lake, stays_spec()) is None
