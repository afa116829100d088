from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from include.contracts import Verdict
from include.core.checks.freshness import decide_freshness
from include.specs.checks import FreshnessCheck

DAY = date(2017, 3, 1)
CHECK = FreshnessCheck.model_validate(
    {"check": "freshness", "severity": "block", "column": "made_at", "max_age": "6h"}
)


@pytest.mark.parametrize(
    ("newest", "verdict"),
    [
        pytest.param(datetime(2017, 3, 1, 18, tzinfo=UTC), Verdict.PASSED, id="just fresh"),
        pytest.param(datetime(2017, 3, 1, 17, 59, tzinfo=UTC), Verdict.FAILED, id="too old"),
        pytest.param(datetime(2017, 3, 9, tzinfo=UTC), Verdict.PASSED, id="after the day"),
        pytest.param(datetime(2017, 3, 1, 18), Verdict.PASSED, id="without a zone it is UTC"),  # noqa: DTZ001
        pytest.param(DAY, Verdict.FAILED, id="a date is its midnight"),
        pytest.param(None, Verdict.FAILED, id="no value at all"),
    ],
)
def test_age_is_counted_from_the_days_end(newest: date | None, verdict: Verdict) -> None:
    assert decide_freshness(CHECK, DAY, newest).verdict is verdict


def test_the_message_names_value_age_and_limit() -> None:
    (reason,) = decide_freshness(CHECK, DAY, datetime(2017, 3, 1, 9, 30, tzinfo=UTC)).reasons
    assert reason == (
        "the newest made_at is 2017-03-01T09:30:00+00:00, 14.5 h before the day's end; only 6h is allowed"
    )
