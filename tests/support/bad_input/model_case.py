"""What is tried with bad input of the model plane: the records that describe it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from include.errors import PerennialError
from tests.support.bad_input.studio import Studio


class ModelEnds(StrEnum):
    """What becomes of it, in the words of the page."""

    REFUSED = "the training is refused, nothing is registered"
    TRAINED = "trained; the model stays small"
    JUDGED = "trained and judged; the gates refuse it"
    STOPPED = "refused; the champion goes on"
    RETRIED = "an outage: the task is tried again, and goes on where it was"
    ONE = "one is promoted, the other refused"
    ASKED_AGAIN = "the answer does not count, the question stays open"
    NO_NIGHT = "nothing is published, the former night stays"
    SCORED = "scored as any other night"


@dataclass(frozen=True)
class Bench:
    """What a case works with: the installation, and fixtures that are started when they are asked for."""

    studio: Studio
    request: pytest.FixtureRequest

    def server(self, fixture: str) -> Any:
        """Return what a fixture gives."""
        return self.request.getfixturevalue(fixture)


@dataclass(frozen=True)
class Met:
    """What came of it.

    Attributes
    ----------
    seen
        The error, or what the user reads.
    studio
        The installation whose champion must go on serving, where it is not the common one.
    serves
        The version that serves in the end.
    """

    seen: PerennialError | str
    studio: Studio | None = None
    serves: int = 1


@dataclass(frozen=True, eq=False)
class BadModelInput:
    """One bad input.

    Attributes
    ----------
    wrong
        What is wrong, for the page.
    kind
        The stage that meets it.
    ends
        What becomes of it.
    meet
        Lets the stage meet it, and mends it.
    raises
        The class of the error, None where there is none.
    says
        Parts of what the user sees.
    todo
        What to do, where there is no error that says it.
    """

    wrong: str
    kind: str
    ends: ModelEnds
    meet: Callable[[Bench], Met]
    raises: type[PerennialError] | None = None
    says: Sequence[str] = ()
    todo: str = "nothing"


def error_of(work: Callable[[], object]) -> PerennialError:
    """Return the error that a piece of work ends with."""
    with pytest.raises(PerennialError) as caught:
        work()
    return caught.value
