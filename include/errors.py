"""Every error Perennial raises on purpose.

::

    PerennialError
    ├── RetryableError                 the same run may succeed later: Airflow retries with backoff
    │   ├── SourceUnavailableError     a source, registry or database does not answer
    │   ├── DiskFullError              a disk has no room left
    │   ├── NotReadyError              what this run waits for is not there yet
    │   └── ConcurrentWriteError       another run won a race; a retry builds on its result
    └── FatalError                     trying again changes nothing: fails at once
        ├── SpecError                  a YAML file asks for something impossible
        ├── SettingsError              the installation lacks a setting or a connection
        ├── DataError                  the data is not what the specs promise
        │   ├── SourceError            a table or column of the source is missing or has another type
        │   ├── EmptyPartitionError    the source holds no rows for the partition
        │   ├── ContractError          a `block` rule failed or a budget is broken
        │   ├── ReplayError            a file of mended rows does not fit what is in quarantine
        │   ├── TrainingDataError      the training set cannot train (one class, too few rows)
        │   │   ├── EstimatorError     an estimator fails, or answers what is no answer
        │   │   └── LeakageError       it knows what the model will not know at the event
        │   └── OutputContractError    scores that must not be published
        ├── MissingPartitionError      a partition this run needs was never written
        ├── NoChampionError            nothing serves this model yet
        │   └── RetiredError           nor shall anything: it was taken out of service
        ├── StaleEvidenceError         the champion changed after a candidate was compared with it
        ├── ApprovalError              nobody may answer a promotion, or an answer does not count
        ├── VerdictError               two engines disagree about which rule fails
        ├── MemoryLimitError           an engine needs more memory than it may take
        └── IntegrityError             stored bytes are not the bytes that were recorded

An error keeps its facts as attributes and builds its message from three parts: what went wrong,
where, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MAX_NAMED = 10


def name_some(items: Iterable[object]) -> str:
    """Join at most ten items for a message and say how many more there are."""
    listed = [str(item) for item in items]
    shown = ", ".join(listed[:MAX_NAMED])
    more = len(listed) - MAX_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


class PerennialError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    what
        What went wrong, in one sentence without a full stop.
    where
        The file, field, table or partition concerned.
    next_step
        What a person should do now.
    facts
        The values behind the message, kept as ``error.facts``.
    """

    def __init__(self, what: str, *, where: str = "", next_step: str = "", **facts: Any) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step
        self.facts = facts

    def __str__(self) -> str:
        located = f"{self.where}: {self.what}" if self.where else self.what
        return f"{located}. Next: {self.next_step}" if self.next_step else located

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.what, self.where, self.next_step, self.facts)


def _rebuild(
    kind: type[PerennialError], what: str, where: str, next_step: str, facts: dict[str, Any]
) -> PerennialError:
    return kind(what, where=where, next_step=next_step, **facts)


class RetryableError(PerennialError):
    """The same run may succeed later."""


class SourceUnavailableError(RetryableError):
    """A source, registry or database does not answer."""


class DiskFullError(RetryableError):
    """A disk has no room left."""


class NotReadyError(RetryableError):
    """What this run waits for is not there yet."""


class ConcurrentWriteError(RetryableError):
    """Another run won a race."""


class FatalError(PerennialError):
    """Trying again changes nothing."""


class SpecError(FatalError):
    """A YAML file asks for something impossible."""


class SettingsError(FatalError):
    """The installation lacks a setting or a connection."""


class DataError(FatalError):
    """The data is not what the specs promise."""


class SourceError(DataError):
    """A table or column of the source is missing or has another type."""


class EmptyPartitionError(DataError):
    """The source holds no rows for the partition."""


class ContractError(DataError):
    """A `block` rule failed or a budget is broken."""


class ReplayError(DataError):
    """A file of mended rows does not fit what is in quarantine."""


class TrainingDataError(DataError):
    """The training set cannot train."""


class EstimatorError(TrainingDataError):
    """An estimator fails to fit, or answers what is no answer."""


class LeakageError(TrainingDataError):
    """The training set knows what the model will not know at the event."""


class OutputContractError(DataError):
    """Scores that must not be published."""


class MissingPartitionError(FatalError):
    """A partition this run needs was never written."""


class NoChampionError(FatalError):
    """Nothing serves this model yet."""


class RetiredError(NoChampionError):
    """A model was taken out of service."""


class StaleEvidenceError(FatalError):
    """The champion changed after a candidate was compared with it."""


class ApprovalError(FatalError):
    """Nobody may answer whether a candidate shall serve, or an answer does not count."""


class MemoryLimitError(FatalError):
    """An engine needs more memory for a step of its work than it may take."""


class VerdictError(FatalError):
    """Two engines disagree about which rule fails."""


class IntegrityError(FatalError):
    """Stored bytes are not the bytes that were recorded."""
