"""The instruments that count what kills do harm: they must see harm where there is some."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills.effects import effect_of
from tests.support.kills.moments import name_of
from tests.support.kills.state import Harm, differences, harm_to, read_bytes

HASH = "a" * 64


def rows(**counts: int) -> Counter[str]:
    return Counter(counts)


@pytest.mark.parametrize(
    ("found", "harm"),
    [
        pytest.param({"day": rows(a=1, b=1)}, Harm(), id="as it should be"),
        pytest.param({"day": rows(a=1)}, Harm(lost=1), id="a row lost"),
        pytest.param({}, Harm(lost=2), id="a partition lost"),
        pytest.param({"day": rows(a=1, b=3)}, Harm(doubled=2), id="a row doubled"),
        pytest.param({"day": rows(a=1, c=1)}, Harm(lost=1, mixed=1), id="a row of another state"),
        pytest.param({"day": rows(a=1, b=1), "next": rows(c=1)}, Harm(mixed=1), id="a row on another day"),
    ],
)
def test_harm_is_counted(found: dict[str, Counter[str]], harm: Harm) -> None:
    assert harm_to(found, {"day": rows(a=1, b=1)}) == harm


def test_a_place_may_be_in_either_state_but_not_between() -> None:
    before, after = {"day": rows(a=1)}, {"day": rows(b=1, c=1)}
    assert harm_to(before, before, after) == harm_to(after, before, after) == Harm()
    assert harm_to({"day": rows(b=1)}, before, after) == Harm(lost=1)


def test_files_of_the_dead_do_not_count_and_others_do(tmp_path: Path) -> None:
    folder = tmp_path / "lake/stays/2017-03-01/raw"
    folder.mkdir(parents=True)
    for name in (".draft-1.tmp", "0001.json"):
        (folder / name).write_bytes(b"x")
    found = read_bytes(tmp_path)
    assert differences(found, {"registry": b""}) == ["lake/stays/2017-03-01/raw/0001.json"]


@pytest.mark.parametrize(
    ("event", "arguments", "effect"),
    [
        ("open", ("/r/lake/a", "w", os.O_WRONLY | os.O_CREAT), "write lake/a"),
        ("open", ("/r/lake/a", "r", os.O_RDONLY), None),
        ("open", ("/dev/null", "w", os.O_WRONLY), None),
        ("open", (3, "w", os.O_WRONLY), None),
        ("open", ("/elsewhere", "w", os.O_WRONLY), "write /elsewhere"),
        ("os.rename", ("/r/x", f"/r/lake/{HASH}.parquet", -1, -1), "name lake/HASH.parquet"),
        ("os.link", ("/r/x", "/r/lake/0001.json", -1, -1), "name lake/NUMBER.json"),
        ("os.remove", ("/r/lake/2017-03-01/b", -1), "remove lake/DAY/b"),
        ("subprocess.Popen", ("git", ["git", "-C", "/r", "push", "-q"], None, None), "run git push"),
        ("import", ("json", None, None, None, None), None),
    ],
)
def test_effects_are_told_from_what_leaves_no_trace(
    event: str, arguments: tuple[Any, ...], effect: str | None
) -> None:
    assert effect_of(event, arguments, "/r") == effect


def test_a_new_write_has_no_moment() -> None:
    assert name_of("name lake/stays/DAY/raw/HASH.parquet") == "name rows as read"
    assert name_of("name lake/stays/DAY/raw/new.parquet") is None
    assert name_of("write storage/files/md5/OBJECT") is None, "an object is never written in its own place"
