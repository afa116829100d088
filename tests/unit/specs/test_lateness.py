from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from include.errors import FatalError
from tests.support.sources import stays_spec

STATE = {"kind": "sql", "connection": "inn", "table": "stays", "load": "state"}


def test_lateness_is_a_number_of_days_and_none_by_default() -> None:
    assert stays_spec().lateness is None
    assert stays_spec(lateness="3d").lateness == 3


@pytest.mark.parametrize("value", ["0d", "3", 3, "-1d", "3h"])
def test_another_length_of_time_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="write a number of days with its unit, such as 28d"):
        stays_spec(lateness=value)


def test_a_source_without_a_past_cannot_be_read_again() -> None:
    with pytest.raises(ValidationError, match="lateness: the source holds only its present state"):
        stays_spec(source=STATE, event_time="arrives", lateness="3d")


@pytest.mark.parametrize("first", [date(2017, 3, 1), date.max])
def test_the_last_day_of_the_calendar_is_no_day_to_work_for(first: date) -> None:
    with pytest.raises(FatalError, match=r"9999-12-31 is the last day of the calendar.*Next: name a day"):
        stays_spec().require_days(first, date.max)
