"""Errors carry facts, say the next step, and survive the trip between processes."""

from __future__ import annotations

import pickle

import pytest

from include import errors
from include.errors import ContractError, FatalError, PerennialError, RetryableError, name_some


def leaves() -> list[type[PerennialError]]:
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return [kind for kind in found if issubclass(kind, PerennialError)]


def test_the_message_says_what_where_and_next() -> None:
    error = ContractError("3 rows fail", where="bookings 2017-05-01", next_step="mend the source", rows=3)
    assert str(error) == "bookings 2017-05-01: 3 rows fail. Next: mend the source"
    assert error.facts == {"rows": 3}


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling(kind: type[PerennialError]) -> None:
    error = kind("what", where="where", next_step="next", count=2)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is kind
    assert (str(copy), copy.facts) == (str(error), {"count": 2})


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.__name__)
def test_every_error_is_either_retryable_or_fatal(kind: type[PerennialError]) -> None:
    if kind is not PerennialError:
        assert issubclass(kind, RetryableError) != issubclass(kind, FatalError)


def test_at_most_ten_offenders_are_named() -> None:
    assert name_some(range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert name_some(["a"]) == "a"
