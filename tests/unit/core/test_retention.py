from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from include.core.retention import kept_by_rule

AS_OF = date(2024, 6, 1)
OLD = date(2024, 1, 1)


def tag(model: str, day: date, number: int = 0) -> str:
    return f"{model}/{day}-{number:08x}"


def test_the_newest_of_each_model_stay() -> None:
    frozen = {tag(m, OLD, n): OLD + timedelta(days=n) for m in ("a", "b") for n in range(4)}
    kept = kept_by_rule(frozen, newest=2, days=0, as_of=AS_OF)
    assert kept == {tag(m, OLD, n) for m in ("a", "b") for n in (2, 3)}


def test_newest_is_what_was_frozen_last_whatever_its_data() -> None:
    refrozen, usual = tag("a", OLD), tag("a", date(2024, 5, 1))
    frozen = {refrozen: date(2024, 5, 20), usual: date(2024, 5, 1)}
    assert kept_by_rule(frozen, newest=1, days=0, as_of=AS_OF) == {refrozen}


def test_young_snapshots_stay_by_freezing_or_by_data() -> None:
    lately_frozen, late_data, old = tag("a", OLD), tag("a", AS_OF - timedelta(days=3)), tag("a", OLD, 1)
    frozen = {lately_frozen: AS_OF - timedelta(days=6), late_data: OLD, old: AS_OF - timedelta(days=7)}
    assert kept_by_rule(frozen, newest=0, days=7, as_of=AS_OF) == {lately_frozen, late_data}


def test_tags_that_are_no_snapshots_stay() -> None:
    assert kept_by_rule({"release-1": OLD, "a/b": OLD}, newest=0, days=0, as_of=AS_OF) == {"release-1", "a/b"}


DAYS = st.dates(date(2023, 1, 1), AS_OF)


@given(
    st.dictionaries(st.builds(tag, st.sampled_from("ab"), DAYS, st.integers(0, 3)), DAYS), st.integers(0, 4)
)
def test_a_longer_memory_never_keeps_less(frozen: dict[str, date], newest: int) -> None:
    less = kept_by_rule(frozen, newest=newest, days=10, as_of=AS_OF)
    assert less <= kept_by_rule(frozen, newest=newest + 1, days=10, as_of=AS_OF) <= frozen.keys()
    assert less <= kept_by_rule(frozen, newest=newest, days=20, as_of=AS_OF)
