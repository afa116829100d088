"""Freezing and collecting snapshots, killed at many lines: nothing is lost, and the retry succeeds.

The lines are spread evenly over all that an undisturbed run executes in our adapters, so that each part of
the work is met: clone, asking, objects, listings, commit, push; announcing, deleting, taking back.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from include.adapters.dvc_listing import build_listings, content_hash, stored_folders
from include.adapters.dvc_registry import FrozenSnapshot
from include.adapters.git_registry import run_git
from tests.support.killing import start_driver
from tests.support.s3 import S3Server
from tests.support.snapshots import FIRST, Files, Place, contents, folder_place, s3_place, some_days

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("PERENNIAL_TEST_KILLS", "3"))
"""Of each kind; `make faults-data` asks for more."""
DRIVER = Path(__file__).with_name("snapshot_driver.py")


@dataclass
class Series:
    """A place with snapshots of two months, of which each has another last day than the one before."""

    name: str
    place: Place
    lake: Path
    frozen: dict[str, Files] = field(default_factory=dict)
    references: dict[str, FrozenSnapshot] = field(default_factory=dict)

    def files(self, number: int) -> Files:
        days = some_days(self.lake, 8, first=FIRST + timedelta(days=26))
        last = some_days(self.lake, 1, salt=f"-{number}", first=FIRST + timedelta(days=34))
        return {dataset: {**days[dataset], **last[dataset]} for dataset in days}

    def freeze(self, number: int) -> FrozenSnapshot:
        files = self.files(number)
        found = self.place.freeze(files)
        self.frozen[found.tag], self.references[found.tag] = files, found
        return found

    def freezing(self, number: int) -> dict[str, Any]:
        files = self.files(number)
        oids = {name: listing.oid for name, listing in build_listings(files).items()}
        last = max(files["bookings"]).removesuffix(".parquet")
        given = {d: {n: (str(f.path), f.md5) for n, f in members.items()} for d, members in files.items()}
        return self.document("freeze", tag=f"demo/{last}-{content_hash(oids)[:8]}", files=given)

    def document(self, what: str, **more: Any) -> dict[str, Any]:
        storage = self.place.storage.get_secret_value() if self.place.storage else None
        base = {"registry": self.place.registry, "work": str(self.place.work), "storage": storage}
        return {"what": what, **base, **more}

    def tags(self) -> set[str]:
        return set(run_git(Path(self.place.registry), "tag").split())

    def check(self, last: int | None = None) -> None:
        """The snapshots that the registry names, or the last of them, read back as they were frozen."""
        there = self.tags()
        for tag in [tag for tag in self.frozen if tag in there][-(last or 0) :]:
            assert self.place.read(self.references[tag]) == contents(self.frozen[tag])


@pytest.fixture(scope="module", params=["folder", "s3"])
def series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Series:
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "folder":
        return Series("folder", folder_place(root), root / "lake")
    server: S3Server = request.getfixturevalue("s3_server")
    return Series("s3", s3_place(root, server), root / "lake")


def run(document: Mapping[str, Any], line: int | None) -> int:
    """Run the driver; return the number of lines where it was let live."""
    process = start_driver(DRIVER, "never" if line is None else str(line), document)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == (0 if line is None else -signal.SIGKILL), errors
    return int(output) if line is None else line


def spread(lines: int) -> list[int]:
    """Choose lines from the first to the last."""
    return [1 + (lines - 1) * kill // (KILLS - 1) for kill in range(KILLS)]


def test_a_killed_freeze_is_completed_by_its_retry(
    series: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    series.freeze(0)
    lines = run(series.freezing(1), None)
    series.freeze(1)
    for number, line in enumerate(spread(lines), start=2):
        run(series.freezing(number), line)
        series.check(last=1)
        again = series.freeze(number)
        assert series.place.read(again) == contents(series.files(number))
        assert list(series.place.work.iterdir()) == [], "what the dead left is removed"
    series.check()
    assert len(series.tags()) == KILLS + 2
    assert series.place.stored() >= objects(series.frozen.values())
    report(capsys, f"snapshot_freeze_kills_{series.name}")


def test_a_killed_collection_is_completed_by_the_next(
    series: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(100, 103):
        series.freeze(number)
    run(series.document("collect", kept=newest_two(series)), None)
    series.freeze(103)
    lines = run(series.document("collect", kept=newest_two(series)), None)
    for number, line in enumerate(spread(lines), start=104):
        series.freeze(number)
        kept = newest_two(series)
        run(series.document("collect", kept=kept), line)
        assert set(kept) <= series.tags()
        series.check(last=2)
        run(series.document("collect", kept=kept), None)
        assert series.tags() == set(kept)
        assert series.place.stored() == objects(series.frozen[tag] for tag in kept)
    series.check()
    report(capsys, f"snapshot_collection_kills_{series.name}")


def report(capsys: pytest.CaptureFixture[str], figure: str) -> None:
    """Say how many kills went well, as benchmarks do."""
    line = {"figure": figure, "value": KILLS, "goal": "0 objects lost or wrong", "holds": True}
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(line)}\n")


def newest_two(series: Series) -> list[str]:
    there = series.tags()
    return [tag for tag in series.frozen if tag in there][-2:]


def objects(snapshots: Any) -> set[str]:
    found: set[str] = set()
    for files in snapshots:
        for dataset, listing in build_listings(files).items():
            for part in stored_folders(dataset, listing).values():
                found |= {part.oid, *part.files.values()}
    return found
