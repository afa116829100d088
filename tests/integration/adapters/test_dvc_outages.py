"""Storages that do not answer, refuse, or are full: each says so, and the retry succeeds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from pydantic import SecretStr

from include.adapters.dvc_registry import create_registry
from include.adapters.git_registry import run_git
from include.errors import SourceUnavailableError
from include.local.ports import free_port
from tests.support.s3 import S3Server, start_s3
from tests.support.snapshots import Files, Place, contents, folder_place, s3_place, some_days, tracked

pytestmark = pytest.mark.integration


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts disks of 192 KiB."""
    mounted: list[Path] = []

    def mount(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=192k", "none", str(folder)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("mounting a small disk needs rights that this account does not have")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_storage_that_refuses_connections_may_be_retried(s3_server: S3Server, tmp_path: Path) -> None:
    place = s3_place(tmp_path, s3_server)
    files = some_days(tmp_path / "lake", 3)
    nobody = replace(s3_server, endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SourceUnavailableError, match="does not answer") as refused:
        replace(place, storage=SecretStr(nobody.connection)).freeze(files)
    assert nobody.secret_key not in str(refused.value)
    frozen = place.freeze(files)
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        replace(place, storage=SecretStr(nobody.connection)).read(frozen)
    assert place.read(frozen) == contents(files)


def test_wrong_credentials_are_named_without_being_shown(tmp_path: Path) -> None:
    with start_s3(tmp_path / "server.log") as server:
        place = s3_place(tmp_path, server)
        wrong = replace(place, storage=SecretStr(replace(server, secret_key="hush-hush").connection))
        # From here on the server knows nobody.
        nobody = Request(f"{server.endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})  # noqa: S310
        urlopen(nobody).close()  # noqa: S310
        with pytest.raises(SourceUnavailableError, match="perennial_snapshots") as refused:
            wrong.freeze(some_days(tmp_path / "lake", 1))
        assert "hush-hush" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_an_outage(s3_server: S3Server, tmp_path: Path) -> None:
    create_registry(tmp_path / "registry.git", "s3://nobody-made-this/snapshots")
    place = replace(
        folder_place(tmp_path / "other"),
        registry=str(tmp_path / "registry.git"),
        storage=SecretStr(s3_server.connection),
    )
    with pytest.raises(SourceUnavailableError, match="storage"):
        place.freeze(some_days(tmp_path / "lake", 1))


def test_a_full_storage_loses_nothing(tiny_disk: Callable[[str], Path], tmp_path: Path) -> None:
    disk = tiny_disk("disk")
    place = folder_place(tmp_path)
    (tmp_path / "storage").symlink_to(disk)
    files = some_days(tmp_path / "lake", 2)
    frozen = place.freeze(files)
    ballast = fill(disk)
    added = big_day(tmp_path / "lake")
    grown = {name: {**members, **added[name]} for name, members in files.items()}
    with pytest.raises(SourceUnavailableError, match="no space is left"):
        place.freeze(grown)
    assert place.read(frozen) == contents(files)
    ballast.unlink()
    assert place.read(place.freeze(grown)) == contents(grown)


def test_a_full_work_folder_may_be_retried(tiny_disk: Callable[[str], Path], tmp_path: Path) -> None:
    disk = tiny_disk("work")
    place = folder_place(tmp_path)
    ballast = fill(disk)
    with pytest.raises(SourceUnavailableError, match=r"[Nn]o space"):
        place.freeze(some_days(tmp_path / "lake", 2))
    assert run_git(Path(place.registry), "tag") == ""
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
    files = some_days(tmp_path / "lake", 2)
    assert place.read(place.freeze(files)) == contents(files)


def test_a_full_registry_may_be_retried(tiny_disk: Callable[[str], Path], tmp_path: Path) -> None:
    place = folder_place(tmp_path / "source")
    disk = tiny_disk("disk")
    subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
    run_git(tmp_path, "clone", "-q", "--bare", place.registry, str(disk / "registry.git"))
    cramped: Place = replace(place, registry=str(disk / "registry.git"), root=tmp_path)
    ballast = fill(disk)
    files = some_days(tmp_path / "lake", 2)
    with pytest.raises(SourceUnavailableError, match="no space is left"):
        cramped.freeze(files)
    ballast.unlink()
    assert cramped.read(cramped.freeze(files)) == contents(files)


def big_day(lake: Path) -> Files:
    return {
        name: {"2017-03-30.parquet": tracked(lake, f"{name}-big", os.urandom(30_000))}
        for name in ("bookings", "outcomes")
    }


def fill(disk: Path) -> Path:
    """Leave no byte free."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast
