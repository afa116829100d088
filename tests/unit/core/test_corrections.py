from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.adapters.row_order import order_rows
from include.core.corrections import (
    Correction,
    Overlay,
    Row,
    corrections_table,
    join_corrections,
    read_corrections,
    replay_overlay,
    row_sha256,
    source_overlay,
)

SCHEMA = pa.schema([("id", pa.int64()), ("size", pa.float64()), ("name", pa.string())])
OTHER_DAY = date(2017, 3, 2)


def row(key: int | None, size: float | None = 1.0, name: str | None = "a") -> dict[str, Any]:
    return {"id": key, "size": size, "name": name}


def fix(source: Row | None, new: Row | None, file: str = "f", **changes: Any) -> Correction:
    facts = {"seen_row": source, "moved_from": None, "moved_to": None, "reason": "typing error", **changes}
    return Correction(source_row=source, row=new, file_sha256=file, **facts)


def put_over(overlay: Overlay, rows: Sequence[Row], cut: int = 2) -> list[Row]:
    table = pa.Table.from_pylist([dict(r) for r in rows], SCHEMA)
    corrected = pa.Table.from_batches(overlay.apply(table.to_batches(max_chunksize=cut)), SCHEMA)
    return order_rows(corrected, ["id"]).to_pylist()


def over_source(corrections: Sequence[Correction], rows: Sequence[Row]) -> list[Row]:
    return put_over(source_overlay(corrections, SCHEMA, ["id"]), rows)


def replayed(corrections: Sequence[Correction], rows: Sequence[Row], file: str = "f") -> list[Row]:
    return put_over(replay_overlay(corrections, file, SCHEMA, ["id"]), rows)


def test_a_corrected_row_takes_the_place_of_its_original() -> None:
    assert over_source([fix(row(2, -5.0), row(2, 5.0))], [row(1), row(2, -5.0), row(3)]) == [
        row(1), row(2, 5.0), row(3),
    ]  # fmt: skip


def test_a_source_that_changed_the_row_wins_and_is_counted() -> None:
    overlay = source_overlay([fix(row(2, -5.0), row(2, 5.0))], SCHEMA, ["id"])
    assert put_over(overlay, [row(1), row(2, 7.0)]) == [row(1), row(2, 7.0)]
    assert (overlay.applied, overlay.superseded) == (0, 1)


def test_a_correction_is_back_when_the_source_takes_its_change_back() -> None:
    corrections = [fix(row(2, -5.0), row(2, 5.0))]
    assert over_source(corrections, [row(2, 7.0)]) == [row(2, 7.0)]
    assert over_source(corrections, [row(2, -5.0)]) == [row(2, 5.0)]


def test_a_row_may_be_left_out() -> None:
    assert over_source([fix(row(2), None)], [row(1), row(2)]) == [row(1)]


def test_one_of_two_equal_rows_may_be_left_out() -> None:
    corrections = [fix(row(2), row(2)), fix(row(2), None)]
    assert over_source(corrections, [row(1), row(2), row(2)]) == [row(1), row(2)]
    overlay = source_overlay(corrections, SCHEMA, ["id"])
    assert put_over(overlay, [row(2)]) == [row(2)], "the source has left one out by itself"
    assert overlay.superseded == 2


def test_a_row_without_a_key_is_found_by_its_other_values() -> None:
    assert over_source([fix(row(None, 3.0), row(9, 3.0))], [row(None, 2.0), row(None, 3.0)]) == [
        row(9, 3.0), row(None, 2.0),
    ]  # fmt: skip


def test_a_row_from_another_day_arrives_unless_the_source_has_its_key() -> None:
    arrival = fix(None, row(5), moved_from=OTHER_DAY)
    assert over_source([arrival], [row(1)]) == [row(1), row(5)]
    overlay = source_overlay([arrival], SCHEMA, ["id"])
    assert put_over(overlay, [row(1), row(5, 2.0)]) == [row(1), row(5, 2.0)]
    assert (overlay.applied, overlay.superseded) == (0, 1)


def test_a_correction_of_a_corrected_row_stands_for_the_sources_row() -> None:
    first = fix(row(2, -5.0), row(2, -4.0), "one")
    joined = join_corrections([first], [fix(row(2, -4.0), row(2, 4.0), "two")])
    assert joined == [fix(row(2, -5.0), row(2, 4.0), "two", seen_row=row(2, -4.0))]
    assert over_source(joined, [row(2, -5.0)]) == [row(2, 4.0)]
    assert replayed(joined, [row(2, -4.0)], "two") == [row(2, 4.0)]
    assert replayed(joined, [row(2, -5.0)], "one") == [row(2, -5.0)]


def test_an_arrival_that_is_corrected_again_still_arrives() -> None:
    arrival = fix(None, row(5, -1.0), "one", moved_from=OTHER_DAY)
    (joined,) = join_corrections([arrival], [fix(row(5, -1.0), row(5, 1.0), "two")])
    assert (joined.source_row, joined.moved_from) == (None, OTHER_DAY)
    assert over_source([joined], []) == [row(5, 1.0)]
    assert replayed([joined], [row(5, -1.0)], "two") == [row(5, 1.0)]


VALUES = st.integers(0, 3)
ROWS = st.lists(st.builds(row, VALUES, VALUES.map(float), st.just("a")), max_size=8)


@st.composite
def edits(draw: st.DrawFn, rows: list[Row], file: str) -> list[Correction]:
    """Decide on every copy of some of the rows; new values never equal those of an untouched row."""
    chosen = draw(st.sets(st.sampled_from([row_sha256(r) for r in rows]))) if rows else set()
    new = st.one_of(st.none(), st.builds(row, VALUES, st.floats(10, 13).map(round).map(float), st.just(file)))
    return [fix(r, draw(new), file) for r in rows if row_sha256(r) in chosen]


@given(data=st.data(), source=ROWS)
def test_reading_an_unchanged_source_again_gives_what_the_replays_gave(
    data: st.DataObject, source: list[Row]
) -> None:
    kept: list[Correction] = []
    revision: list[Row] = list(source)
    for file in ("one", "two", "three"):
        kept = join_corrections(kept, data.draw(edits(revision, file)))
        revision = replayed(kept, revision, file)
        assert revision == over_source(kept, source)
        assert replayed(kept, revision, file) == revision, "a second replay changes nothing"


@given(data=st.data(), source=ROWS)
def test_no_row_is_lost_or_doubled_whatever_the_source_has_become(
    data: st.DataObject, source: list[Row]
) -> None:
    kept = join_corrections([], data.draw(edits(source, "one")))
    now = data.draw(ROWS)
    overlay = source_overlay(kept, SCHEMA, ["id"])
    found = put_over(overlay, now, cut=data.draw(st.integers(1, 5)))
    assert overlay.applied + overlay.superseded == len(kept)
    left_out = {row_sha256(c.source_row) for c in kept if c.source_row is not None}
    untouched = [r for r in now if row_sha256(r) not in left_out]
    assert all(found.count(r) >= untouched.count(r) for r in untouched)
    assert len(found) <= len(now)


def test_corrections_come_back_from_their_table_as_they_were() -> None:
    corrections = join_corrections(
        [], [fix(row(2, None, None), row(2, 0.5)), fix(row(3), None, moved_to=OTHER_DAY), fix(None, row(4))]
    )
    assert read_corrections(corrections_table(corrections, SCHEMA)) == corrections


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": "x"}, {"b": "x", "a": 1}, True),
        ({"a": 0.0}, {"a": -0.0}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": None}, {"a": "null"}, False),
        ({"a": date(2017, 3, 1)}, {"a": datetime(2017, 3, 1, tzinfo=UTC)}, False),
    ],
)
def test_rows_have_one_hash_if_their_values_are_equal(one: Row, other: Row, same: bool) -> None:
    assert (row_sha256(one) == row_sha256(other)) is same
