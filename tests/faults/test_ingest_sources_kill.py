"""An ingest from an API or from files, killed with SIGKILL again and again, ends as if undisturbed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include.errors import PerennialError
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.steps import ingest_partition
from tests.support.daily_files import csv_of, files_spec, numbered, put
from tests.support.killing import ROOT
from tests.support.misbehaving_api import Answer, Request, json_answer, serve
from tests.support.sources import DAY, all_files, inn_settings, stays_spec

pytestmark = pytest.mark.faults

PAGES, ROWS = 12, 5

# Dies when one of our functions is called for the n-th time.
DRIVER = """
import json, os, signal, sys
from datetime import date
from pathlib import Path
from include.adapters.sources import http_store, row_days
from include.adapters import parquet_files
from include.specs import DatasetSpec, Specs
from include.steps import ingest_partition
from tests.support.sources import DAY, inn_settings

root, url, spec, place, times = sys.argv[1:]
owner, name = {
    "page": (http_store.PageStore, "add"),
    "row": (http_store.PageStore, "_add_row"),
    "batch": (row_days.StrayRows, "look_at"),
    "file": (parquet_files.ParquetDraft, "finish"),
    "name": (parquet_files.ParquetDraft, "keep_as"),
}[place]
original, left = getattr(owner, name), [int(times)]

def counted(*arguments, **options):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **options)

setattr(owner, name, counted)
dataset = DatasetSpec.model_validate_json(spec)
ingest_partition.run(inn_settings(Path(root), url), Specs(datasets={"stays": dataset}), "stays", DAY)
"""


def ingest(settings: Settings, spec: DatasetSpec) -> None:
    ingest_partition.run(settings, Specs(datasets={"stays": spec}), "stays", DAY)


def kill(root: Path, url: str, spec: DatasetSpec, place: str, times: int) -> None:
    arguments = [str(root), url, spec.model_dump_json(), place, str(times)]
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == -9, run.stderr


def rows_of(page: int) -> list[dict[str, Any]]:
    return [
        {
            "stay_id": page * ROWS + number, "made_at": f"{DAY}T09:30:00Z", "arrives": None,
            "guest": f"guest {number}", "price": number / 3, "paid": None,
        }
        for number in range(ROWS)
    ]  # fmt: skip


def behave(request: Request) -> Answer:
    page = int(request.params.get("cursor", "0"))
    return json_answer({"rows": rows_of(page), "next": page + 1 if page + 1 < PAGES else None})


def left_behind(root: Path) -> list[str]:
    return [name for name in all_files(root) if "/." not in name and name.endswith((".sqlite", ".tmp"))]


def compare(tmp_path: Path, disturb: Callable[[Path], None], url: str, spec: DatasetSpec) -> None:
    calm, killed = inn_settings(tmp_path / "calm", url), inn_settings(tmp_path / "killed", url)
    disturb(tmp_path / "killed")
    for settings in (calm, killed):
        ingest(settings, spec)
    for leftover in killed.lake_root.rglob(".*.tmp"):
        leftover.unlink()
    assert all_files(killed.lake_root) == all_files(calm.lake_root)
    assert left_behind(killed.work_root) == []


def test_an_api_is_read_on_after_every_kill(tmp_path: Path) -> None:
    spec = stays_spec(
        source={
            "kind": "http", "connection": "inn", "path": "/stays", "params": {"day": "{ds}"},
            "records": "rows", "pagination": {"kind": "cursor", "next": "next"}, "requests_per_second": 1000,
        }
    )  # fmt: skip
    with serve(behave) as api:

        def disturb(root: Path) -> None:
            for place, times in [
                ("page", 0),
                ("page", 3),
                ("row", 12),
                ("page", 4),
                ("row", 0),
                ("batch", 0),
            ]:
                kill(root, api.connection(), spec, place, times)
            for place in ("file", "name"):
                kill(root, api.connection(), spec, place, 0)

        compare(tmp_path, disturb, api.connection(), spec)
    asked = [request.params.get("cursor", "0") for request in api.seen]
    assert asked.count("0") < 8  # ten runs in all, most of which went on


@pytest.mark.parametrize("place", ["batch", "file", "name"])
def test_files_are_read_again_after_every_kill(tmp_path: Path, place: str) -> None:
    for part in range(3):
        put(tmp_path / f"in/2017-03-01_{part}.csv", csv_of(*numbered(range(part * 10, part * 10 + 10))))
    spec = files_spec(tmp_path / "in/{ds}_*.csv")
    compare(tmp_path, lambda root: kill(root, "sqlite://", spec, place, 0), "sqlite://", spec)


def test_a_partition_is_not_written_from_a_part_of_the_files(tmp_path: Path) -> None:
    for part in range(3):
        put(tmp_path / f"in/2017-03-01_{part}.csv", csv_of(*numbered(range(part * 10, part * 10 + 10))))
    put(tmp_path / "in/2017-03-01_3.csv", csv_of("1,2017"))
    settings = inn_settings(tmp_path / "state", "sqlite://")
    with pytest.raises(PerennialError, match="the row has 2 fields"):
        ingest(settings, files_spec(tmp_path / "in/{ds}_*.csv"))
    assert all_files(settings.lake_root) == {}
    assert left_behind(settings.work_root) == []
