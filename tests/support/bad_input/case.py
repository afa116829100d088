"""What is tried with a bad input: the records that describe it, and the two steps that meet it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from include.adapters.lake import Lake
from include.contracts import CleanPartitionRef
from include.errors import PerennialError
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.specs.dataset import QUARANTINE_COLUMNS
from include.steps import ingest_partition, validate_partition
from tests.support.sources import DAY, inn_settings


class Ends(StrEnum):
    """What becomes of the day, in the words of the page."""

    REFUSED = "refused before anything is written"
    RETRIED = "an outage: nothing is written, the task is tried again"
    BLOCKED = "kept as read; the contract refuses the day, no clean rows"
    QUARANTINE = "the rows go to quarantine, the others stay"
    READ = "read"


@dataclass(frozen=True)
class Input:
    """A source that is ready to be read.

    Attributes
    ----------
    spec
        The dataset, or what reads its spec.
    connections
        Addresses by name.
    mend
        Makes the source sound.
    ds
        The day to read.
    spoil
        Makes the source bad, where it must be sound at first.
    """

    spec: DatasetSpec | Callable[[], Specs]
    connections: Mapping[str, str]
    mend: Callable[[], None]
    ds: date = DAY
    spoil: Callable[[], None] = lambda: None

    @property
    def specs(self) -> Specs:
        """The specs, read now."""
        return self.spec() if callable(self.spec) else Specs(datasets={"stays": self.spec})


@dataclass(frozen=True)
class Places:
    """Where a source can be put: a folder, and servers that are started when they are asked for."""

    root: Path
    request: pytest.FixtureRequest

    def server(self, fixture: str) -> Any:
        """Return what a fixture gives."""
        return self.request.getfixturevalue(fixture)


@dataclass(frozen=True, eq=False)
class BadInput:
    """One bad input.

    Attributes
    ----------
    wrong
        What is wrong, for the page.
    kind
        The kind of source.
    arrange
        Puts it there for as long as a block lasts.
    ends
        What becomes of the day.
    raises
        The class of the error, None where the day is written.
    says
        Parts of what the user sees.
    rows
        Rows that are clean and rows that are in quarantine.
    values
        Values that a column of the clean rows must have.
    todo
        What to do, where there is no error that says it.
    after_a_good_day
        Whether the day before was read without trouble.
    """

    wrong: str
    kind: str
    arrange: Callable[[Places], AbstractContextManager[Input]]
    ends: Ends
    raises: type[PerennialError] | None = None
    says: Sequence[str] = ()
    rows: tuple[int, int] = (0, 0)
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    todo: str = "nothing"
    after_a_good_day: bool = False


@dataclass(frozen=True)
class Seen:
    """What came of it: an error, or a clean partition, and what the log warned of."""

    error: PerennialError | None
    clean: CleanPartitionRef | None


def installation(root: Path, given: Input) -> Settings:
    """Return an installation of a test's own, with the input's connections."""
    connections = {name: SecretStr(address) for name, address in given.connections.items()}
    return inn_settings(root, "sqlite://").model_copy(update={"connections": connections})


def night(settings: Settings, given: Input, ds: date) -> Seen:
    """Do what a night does with a day: ingest, then validate."""
    try:
        specs = given.specs
        partition = ingest_partition.run(settings, specs, "stays", ds)
        return Seen(None, validate_partition.run(settings, specs, partition))
    except PerennialError as error:
        return Seen(error, None)


def day_before(given: Input) -> date:
    return given.ds - timedelta(days=1)


def reasons(settings: Settings, ds: date) -> list[tuple[str, str]]:
    """Return, for each row in quarantine and each rule it broke, the rule and what was observed."""
    lake = Lake(settings.lake_root)
    manifest = lake.clean_manifest("stays", ds)
    table = None if manifest is None else lake.read_quarantine(manifest)
    if table is None:
        return []
    rows = table.select(list(QUARANTINE_COLUMNS)).to_pylist()
    return [pair for row in rows for pair in zip(*row.values(), strict=True)]
