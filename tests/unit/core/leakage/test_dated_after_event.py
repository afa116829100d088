from __future__ import annotations

import numpy as np
import pytest

from include.core.leakage.dated_after_event import dated_after_event
from tests.support.leakage import sound_rows, with_feature


def test_dates_after_the_event_are_found() -> None:
    known, _ = sound_rows()
    dates = [str(day + 9) if place % 2 else None for place, day in enumerate(known.event_day)]
    (found,) = dated_after_event(with_feature(known, "left_on", np.array(dates, dtype=object)))
    assert found.column == "left_on"
    assert found.facts["most_days"] == 9
    assert found.facts["rows"] == found.facts["later_rows"] == len(dates) // 2
    assert f"such as {dates[1]!r} for an event of {known.event_day[1]}" in found.evidence


@pytest.mark.parametrize("suffix", ["", "T23:59:59Z", " 10:00"])
def test_dates_up_to_the_event_are_known(suffix: str) -> None:
    known, _ = sound_rows()
    dates = np.array([f"{day}{suffix}" for day in known.event_day], dtype=object)
    assert dated_after_event(with_feature(known, "signed_on", dates)) == []


@pytest.mark.parametrize("odd", ["soon", "2024-13-01", "99"])
def test_a_column_with_other_text_holds_no_dates(odd: str) -> None:
    known, _ = sound_rows()
    dates = np.array([str(day + 9) for day in known.event_day], dtype=object)
    dates[-1] = odd
    assert dated_after_event(with_feature(known, "note", dates)) == []


def test_a_column_without_values_holds_no_dates() -> None:
    known, _ = sound_rows()
    nothing = np.full(len(known.labels), None, dtype=object)
    assert dated_after_event(with_feature(known, "note", nothing)) == []
