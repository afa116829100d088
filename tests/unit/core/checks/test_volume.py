from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts import Verdict
from include.core.checks.volume import decide_volume, same_weekdays
from include.specs.checks import VolumeCheck

CHECK = VolumeCheck(check="volume", severity="block")
WEDNESDAY = date(2017, 3, 1)
USUAL = [870, 950, 1020, 940, 1000, 950, 930, 960]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (412, Verdict.FAILED),
        (474, Verdict.FAILED),
        (475, Verdict.PASSED),
        (1900, Verdict.PASSED),
        (1901, Verdict.FAILED),
    ],
)
def test_a_day_is_judged_by_the_median_of_its_weekday(rows: int, verdict: Verdict) -> None:
    assert decide_volume(CHECK, WEDNESDAY, rows, USUAL).verdict is verdict


def test_the_message_names_the_numbers() -> None:
    (reason,) = decide_volume(CHECK, WEDNESDAY, 412, USUAL).reasons
    assert reason == (
        "412 rows; the last 8 Wednesdays had 870 to 1,020 (median 950): less than 0.5 of the median"
    )


def test_little_history_is_no_evidence() -> None:
    decision = decide_volume(CHECK, WEDNESDAY, 1, [1000, 1000, 1000])
    assert decision.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert decision.reasons == [
        "1 rows; 3 of the last 8 Wednesdays are in the lake and 4 are needed to judge"
    ]


@given(outage=st.integers(0, 10_000), place=st.integers(0, 7))
def test_one_odd_day_in_the_history_does_not_change_the_verdict_on_a_usual_day(
    outage: int, place: int
) -> None:
    history = [outage if number == place else rows for number, rows in enumerate(USUAL)]
    assert decide_volume(CHECK, WEDNESDAY, 950, history).verdict is Verdict.PASSED


def test_a_bound_left_out_is_not_asked() -> None:
    check = CHECK.model_copy(update={"max_share": None})
    assert decide_volume(check, WEDNESDAY, 10**9, USUAL).verdict is Verdict.PASSED
    check = CHECK.model_copy(update={"min_share": None})
    assert decide_volume(check, WEDNESDAY, 0, USUAL).verdict is Verdict.PASSED


def test_no_rows_after_days_without_rows_are_usual() -> None:
    assert decide_volume(CHECK, WEDNESDAY, 0, [0] * 8).verdict is Verdict.PASSED


def test_the_same_weekdays_are_earlier_ones_only() -> None:
    days = same_weekdays(WEDNESDAY, 3)
    assert days == [WEDNESDAY - timedelta(days=back) for back in (21, 14, 7)]
    assert same_weekdays(date.min + timedelta(days=10), 8) == [date.min + timedelta(days=3)]
