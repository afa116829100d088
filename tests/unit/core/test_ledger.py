"""Whatever is done to a chain of entries is found, and where."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.ledger import FIRST_PREVIOUS, LedgerEntry, LedgerKind, SealedEntry
from include.core.ledger import compare_row, compare_tags, serving_entry, walk_chain


def entry(number: int, kind: LedgerKind = LedgerKind.REFUSAL, **body: object) -> LedgerEntry:
    return LedgerEntry(
        number=number, kind=kind, model="churn", key=f"k{number}", actor=None, reason="because",
        recorded_at="2024-03-01T00:00:00.000000Z", body=body,
    )  # fmt: skip


def chain(entries: list[LedgerEntry]) -> list[SealedEntry]:
    sealed: list[SealedEntry] = []
    for one in entries:
        sealed.append(SealedEntry.seal(one, sealed[-1].sha256 if sealed else FIRST_PREVIOUS))
    return sealed


def problems(sealed: list[SealedEntry]) -> list[tuple[int, str]]:
    return [(one.number, one.problem) for _, _, wrong in walk_chain(sealed) for one in wrong]


FIVE = chain([entry(number) for number in range(1, 6)])


def test_a_chain_as_written_verifies() -> None:
    assert problems(FIVE) == problems([]) == []


@given(st.integers(0, 4), st.data())
def test_one_altered_character_is_found_at_its_entry(place: int, data: st.DataObject) -> None:
    content = FIVE[place].content
    at = data.draw(st.integers(0, len(content) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != content[at]))
    forged = content[:at] + other + content[at + 1 :]
    altered = [*FIVE[:place], FIVE[place].model_copy(update={"content": forged}), *FIVE[place + 1 :]]

    assert problems(altered)[0][0] in {place + 1, place + 2}


def test_an_altered_entry_is_named_alone() -> None:
    forged = FIVE[2].model_copy(update={"content": FIVE[2].content.replace("because", "I say so")})
    assert problems([*FIVE[:2], forged, *FIVE[3:]]) == [(3, "it was changed after it was written")]


def test_an_entry_sealed_again_does_not_fit_the_next_one() -> None:
    forged = SealedEntry.seal(entry(3, approved_by="me"), FIVE[1].sha256)
    found = problems([*FIVE[:2], forged, *FIVE[3:]])
    assert found == [(3, "entry 4 was not written after this one: one of them was replaced")]


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ([0, 1, 3, 4], (3, "entry 3 is missing")),
        ([0, 4], (2, "entries 2 to 4 are missing")),
        ([2, 3, 4], (1, "entries 1 to 2 are missing")),
    ],
    ids=["one", "three", "the first"],
)
def test_missing_entries_are_named(kept: list[int], said: tuple[int, str]) -> None:
    assert problems([FIVE[place] for place in kept]) == [said]


def test_what_is_no_entry_at_all_is_named() -> None:
    forged = FIVE[1].model_copy(update={"content": "{}"})
    assert (2, "its content is no entry of a ledger") in problems([FIVE[0], forged, *FIVE[2:]])


def test_a_chain_written_anew_from_some_entry_on_is_found_by_the_registry() -> None:
    hashes = {number: sealed.sha256 for number, sealed in enumerate(FIVE, start=1)}
    tags = {("churn", 1): ("2", FIVE[1].sha256), ("churn", 2): ("4", FIVE[3].sha256)}
    assert compare_tags(tags, hashes, 5) == []

    anew = chain([*(entry(number) for number in (1, 2)), *(entry(number, new=1) for number in (3, 4, 5))])
    rewritten = {number: sealed.sha256 for number, sealed in enumerate(anew, start=1)}
    assert problems(anew) == []
    assert [one.number for one in compare_tags(tags, rewritten, 5)] == [4]


@pytest.mark.parametrize("number", ["6", "", "six"])
def test_an_end_that_was_cut_off_is_found_by_the_registry(number: str) -> None:
    found = compare_tags({("churn", 3): (number, "a" * 64)}, {}, 5)
    assert "ends with 5" in found[0].problem


PROMOTION = entry(1, LedgerKind.PROMOTION, version=1, effective_from="2024-03-01")
TABLE = "perennial.promotion"
ROW = {"model": "churn", "kind": "promotion", "version": 1, "effective_from": "2024-03-01"}


def test_a_row_of_promotions_must_say_what_its_entry_says() -> None:
    assert compare_row(PROMOTION, ROW, TABLE) == []
    assert "is gone" in compare_row(PROMOTION, None, TABLE)[0].problem
    found = compare_row(PROMOTION, ROW | {"version": 7, "effective_from": "2024-01-01"}, TABLE)
    assert found[0].problem.endswith(
        "was changed: effective_from is '2024-01-01', was '2024-03-01'; version is 7, was 1"
    )


def test_of_the_entries_that_cover_a_day_the_last_one_serves() -> None:
    entries = [
        entry(1, LedgerKind.PROMOTION, version=1, effective_from="2024-03-01"),
        entry(2, LedgerKind.PROMOTION, version=2, effective_from="2024-03-08"),
        entry(3, LedgerKind.ROLLBACK, version=1, effective_from="2024-03-10"),
        entry(4, version=9, effective_from="2024-03-01"),
    ]
    served = {day: serving_entry(entries, date(2024, 3, day)) for day in (1, 7, 8, 9, 10, 20)}
    assert {day: found.number for day, found in served.items() if found} == {
        1: 1,
        7: 1,
        8: 2,
        9: 2,
        10: 3,
        20: 3,
    }
    assert serving_entry(entries, date(2024, 2, 29)) is None
