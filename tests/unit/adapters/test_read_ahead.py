from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from include.adapters.read_ahead import read_ahead


def numbers(count: int, taken: list[int]) -> Iterator[int]:
    for number in range(count):
        taken.append(number)
        yield number


@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_all_items_come_in_order(count: int) -> None:
    assert list(read_ahead(numbers(count, []), 4)) == list(range(count))


def test_items_are_taken_before_they_are_asked_for() -> None:
    third_was_taken = threading.Event()

    def items() -> Iterator[int]:
        yield from (1, 2)
        third_was_taken.set()
        yield 3

    ahead = read_ahead(items(), 2)
    assert next(ahead) == 1
    assert third_was_taken.wait(timeout=10)
    assert list(ahead) == [2, 3]


def test_no_more_than_so_many_are_taken_in_advance() -> None:
    taken: list[int] = []
    ahead = read_ahead(numbers(100, taken), 3)
    next(ahead)
    ahead.close()
    assert len(taken) <= 4


def test_an_error_comes_where_it_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        raise ValueError("broken")

    ahead = read_ahead(items(), 5)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(ahead)


def test_a_reader_that_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    ahead = read_ahead(numbers(1000, []), 3)
    next(ahead)
    ahead.close()
    assert threading.active_count() == before
