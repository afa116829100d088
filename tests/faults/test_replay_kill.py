"""A replay is killed before each of its visible effects; a retry ends like a replay that nobody disturbed."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from include.adapters.lake import Lake
from include.settings import Settings
from include.steps import replay_quarantine
from tests.support.killing import start_driver
from tests.support.sources import DAY, all_files, inn_settings, sqlite_url
from tests.support.two_days import (
    NEXT,
    REASON,
    load_two_days,
    mended,
    mending_specs,
    move_one,
    put_two_days,
)

pytestmark = pytest.mark.faults

IDS = {1, 2, 3, 11, 12, 13}


@dataclass(frozen=True)
class Case:
    """An installation right before a replay, to be copied for each kill."""

    root: Path
    url: str
    file: str

    def copy(self, root: Path) -> Settings:
        shutil.copytree(self.root, root)
        return inn_settings(root, self.url)

    def run(self, settings: Settings, moment: str) -> tuple[int, str]:
        document = {"root": str(settings.lake_root.parent), "url": self.url, "file": self.file}
        process = start_driver(Path(__file__).with_name("replay_driver.py"), moment, document)
        output, errors = process.communicate(timeout=300)
        return process.returncode, output if process.returncode == 0 else errors

    def retry(self, settings: Settings) -> None:
        specs = mending_specs()
        replay_quarantine.run(settings, specs, "stays", DAY, NEXT, self.file, REASON, dry_run=False)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("replay")
    url = sqlite_url(folder)
    put_two_days(url)
    settings = inn_settings(folder / "before", url)
    load_two_days(settings, mending_specs())
    file = mended(settings, mending_specs(), folder / "mended.csv", move_one)
    return Case(folder / "before", url, file)


def rows_of(settings: Settings) -> tuple[Counter[int], set[int]]:
    """Count each row in clean partitions, and list those in quarantine."""
    lake = Lake(settings.lake_root)
    clean: Counter[int] = Counter()
    refused: set[int] = set()
    for manifest in lake.clean_manifests("stays", DAY, NEXT.replace(day=NEXT.day + 1)):
        clean.update(lake.read_clean(manifest)["stay_id"].to_pylist())
        quarantine = lake.read_quarantine(manifest)
        if quarantine is not None:
            refused.update(quarantine["stay_id"].to_pylist())
    return clean, refused


def final_bytes(settings: Settings) -> dict[str, bytes]:
    """The lake, without the nameless files of a killed process."""
    for leftover in settings.lake_root.rglob(".*.tmp"):
        leftover.unlink()
    return all_files(settings.lake_root)


def current_rows(settings: Settings) -> list[tuple[str, ...]]:
    """What the current revisions hold, whatever their numbers."""
    lake = Lake(settings.lake_root)
    found = []
    for ds in (DAY, NEXT):
        raw, clean = lake.raw_manifest("stays", ds), lake.clean_manifest("stays", ds)
        assert raw is not None
        assert clean is not None
        found.append((raw.content_sha256, clean.content_sha256, str(clean.quarantine_sha256)))
    return found


def test_a_replay_killed_anywhere_and_started_again_loses_and_doubles_nothing(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calm = case.copy(tmp_path / "calm")
    code, said = case.run(calm, "never")
    assert code == 0, said
    effects = json.loads(said.splitlines()[-1])["effects"]
    assert rows_of(calm) == (Counter(IDS), set())
    expected = final_bytes(calm)

    for moment in range(effects):
        settings = case.copy(tmp_path / f"killed-{moment}")
        code, said = case.run(settings, str(moment))
        assert code == -signal.SIGKILL, said
        clean, refused = rows_of(settings)
        assert max(clean.values()) == 1, f"doubled after a kill before effect {moment}"
        assert clean.keys() | refused == IDS, f"lost after a kill before effect {moment}"

        disturbed = inn_settings(tmp_path / f"night-{moment}", case.url)
        shutil.copytree(settings.lake_root.parent, disturbed.lake_root.parent)
        load_two_days(disturbed, mending_specs())
        clean, refused = rows_of(disturbed)
        assert max(clean.values()) == 1, f"doubled by the night after a kill before effect {moment}"
        assert clean.keys() | refused == IDS, f"lost by the night after a kill before effect {moment}"
        case.retry(disturbed)
        assert current_rows(disturbed) == current_rows(calm)

        case.retry(settings)
        assert final_bytes(settings) == expected, f"a kill before effect {moment} shows"
    with capsys.disabled():
        figure = {"figure": "replay_kills", "value": effects, "goal": "0 rows lost or doubled", "holds": True}
        sys.stdout.write(f"\n{json.dumps(figure)}\n")


def test_two_replays_of_one_file_at_once_end_like_one(case: Case, tmp_path: Path) -> None:
    calm, settings = case.copy(tmp_path / "calm"), case.copy(tmp_path / "both")
    case.retry(calm)
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: case.run(settings, "never"), range(2)))
    for code, said in answers:
        assert code == 0 or "ConcurrentWriteError" in said, said
    case.retry(settings)
    assert rows_of(settings) == rows_of(calm)
    assert current_rows(settings) == current_rows(calm)
