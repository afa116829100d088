from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from include.core.corrections import Row, row_sha256
from include.core.replay import Action, MendedRow, mended_rows, plan_replay
from include.errors import ReplayError

DAY, NEXT = date(2017, 3, 1), date(2017, 3, 2)


def row(key: int, day: date | None = DAY, size: float = -1.0) -> dict[str, Any]:
    at = None if day is None else datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return {"id": key, "at": at, "size": size}


def mended(original: Row, new: Row, action: Action = Action.REPLACE, number: int = 1) -> MendedRow:
    return MendedRow(number, DAY, row_sha256(original), action, new)


def plan(*rows: MendedRow, quarantined: list[Row]) -> Any:
    return plan_replay(rows, {DAY: quarantined}, "at", "typing error", "f" * 64)


def test_a_mended_row_becomes_a_correction() -> None:
    plans, untouched = plan(mended(row(1), row(1, size=1.0)), quarantined=[row(1), row(2)])
    (correction,) = plans[DAY].corrections
    assert (correction.source_row, correction.row) == (row(1), row(1, size=1.0))
    assert (correction.reason, correction.file_sha256) == ("typing error", "f" * 64)
    assert plans[DAY].counts() == {"replaced": 1, "left_out": 0, "moved_away": 0, "arrived": 0}
    assert untouched == 0


def test_a_row_whose_time_was_mended_moves_to_its_day() -> None:
    plans, _ = plan(mended(row(1), row(1, NEXT)), quarantined=[row(1)])
    assert list(plans) == [DAY, NEXT]
    (left,), (arrived,) = plans[DAY].corrections, plans[NEXT].corrections
    assert (left.row, left.moved_to) == (None, NEXT)
    assert (arrived.source_row, arrived.row, arrived.moved_from) == (None, row(1, NEXT), DAY)
    assert plans[DAY].counts()["moved_away"] == plans[NEXT].counts()["arrived"] == 1


def test_the_day_is_the_utc_day() -> None:
    late = {**row(1), "at": datetime.fromisoformat("2017-03-01T23:30:00-02:00")}
    plans, _ = plan(mended(row(1), late), quarantined=[row(1)])
    assert NEXT in plans


def test_a_row_left_out_needs_no_time() -> None:
    plans, _ = plan(mended(row(1), row(1, None), Action.LEAVE_OUT), quarantined=[row(1)])
    assert plans[DAY].counts()["left_out"] == 1


def test_untouched_rows_are_no_corrections() -> None:
    plans, untouched = plan(
        mended(row(1), row(1)), mended(row(2), row(2, size=2.0)), quarantined=[row(1), row(2)]
    )
    assert untouched == 1
    assert [c.seen_row for c in plans[DAY].corrections] == [row(2)]


def test_all_copies_of_a_row_are_decided_together() -> None:
    twice = [row(1), row(1)]
    plans, untouched = plan(
        mended(row(1), row(1)), mended(row(1), row(1), Action.LEAVE_OUT, 2), quarantined=twice
    )
    assert [c.row for c in plans[DAY].corrections] == [row(1), None]
    assert untouched == 0
    with pytest.raises(ReplayError, match="2 equal rows of 2017-03-01 are in quarantine, the file has 1"):
        plan(mended(row(1), row(1), Action.LEAVE_OUT), quarantined=twice)


def test_rows_that_are_not_in_quarantine_are_named() -> None:
    with pytest.raises(
        ReplayError, match=r"1 row\(s\) of the file are not in quarantine.*row 7 \(2017-03-01\)"
    ):
        plan(mended(row(3), row(3, size=1.0), number=7), quarantined=[row(1)])


def test_a_row_without_a_time_belongs_to_no_day() -> None:
    with pytest.raises(ReplayError, match="row 1 has no at"):
        plan(mended(row(1), row(1, None)), quarantined=[row(1)])


def test_a_day_that_has_the_file_already_is_planned_for_other_days_only() -> None:
    rows = [mended(row(1), row(1, NEXT)), mended(row(2), row(2, size=1.0))]
    plans, _ = plan_replay(rows, {}, "at", "typing error", "f" * 64)
    assert list(plans) == [NEXT]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"quarantine_action": "delete"}, "row 1: quarantine_action is 'delete'"),
        ({"quarantine_action": None}, "row 1: quarantine_action is None"),
        ({"quarantine_row": None}, "row 1 does not say which row"),
        ({"quarantine_ds": None}, "row 1 does not say which row"),
    ],
)
def test_a_row_must_say_which_it_is_and_what_to_do(changes: dict[str, Any], complaint: str) -> None:
    values = {
        "quarantine_ds": DAY,
        "quarantine_row": "abc",
        "quarantine_action": "replace",
        "id": 1,
        **changes,
    }
    with pytest.raises(ReplayError, match=complaint):
        list(mended_rows(pa.Table.from_pylist([values], schema=_SCHEMA), ["id"]))


_SCHEMA = pa.schema(
    [
        ("quarantine_ds", pa.date32()),
        ("quarantine_row", pa.string()),
        ("quarantine_action", pa.string()),
        ("id", pa.int64()),
    ]
)
