from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from include.core.present_state import require_present
from include.errors import FatalError

DAY = date(2017, 3, 1)


@pytest.mark.parametrize(
    "read_at",
    [
        datetime(2017, 3, 2, tzinfo=UTC),
        datetime(2017, 3, 2, 23, 59, 59, tzinfo=UTC),
        datetime(2017, 3, 3, 1, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_days_state_is_read_on_the_day_after(read_at: datetime) -> None:
    require_present("hotels", DAY, read_at)


@pytest.mark.parametrize(
    "read_at",
    [
        datetime(2017, 3, 1, 23, 59, 59, tzinfo=UTC),
        datetime(2017, 3, 3, tzinfo=UTC),
        datetime(2017, 3, 2, 1, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_rows_of_another_time_never_fill_the_day(read_at: datetime) -> None:
    shown = read_at.astimezone(UTC).strftime("now it is %Y-%m-%d %H:%M")
    with pytest.raises(FatalError, match=f"hotels 2017-03-01.* on 2017-03-02 .*{shown}.*Next: .*:ds"):
        require_present("hotels", DAY, read_at)


def test_a_run_for_the_past_is_refused() -> None:
    with pytest.raises(FatalError, match="this run works for the past"):
        require_present("hotels", DAY, None)
