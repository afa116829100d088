from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from deploy.make_env import ROOT, fill, write_new

TEMPLATE = (ROOT / ".env.example").read_text(encoding="utf-8")


def values(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


def test_every_secret_is_generated_and_none_twice() -> None:
    before, after = values(TEMPLATE), values(fill(TEMPLATE))
    assert before.keys() == after.keys()
    assert [name for name, value in after.items() if not value] == ["AIRFLOW_CONN_HOTEL_PMS"]
    generated = [value for name, value in after.items() if not before[name]][1:]
    assert len(set(generated)) == len(generated) == 8


def test_secrets_can_stand_in_addresses() -> None:
    passwords = [value for name, value in values(fill(TEMPLATE)).items() if name.endswith("PASSWORD")]
    assert all(re.fullmatch(r"[\w-]{32}", password) for password in passwords)


def test_the_fernet_key_is_one() -> None:
    key = Fernet(values(fill(TEMPLATE))["AIRFLOW_FERNET_KEY"])
    assert key.decrypt(key.encrypt(b"text")) == b"text"


def test_what_a_person_set_is_kept() -> None:
    assert fill("# A_PASSWORD=\nA_PASSWORD=mine\nURL=http://a=b\n\n") == (
        "# A_PASSWORD=\nA_PASSWORD=mine\nURL=http://a=b\n\n"
    )


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    write_new(tmp_path / ".env", "text")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("old")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / ".env", "new")
    assert (tmp_path / ".env").read_text() == "old"


def test_the_command_needs_only_python_and_refuses_the_second_time(tmp_path: Path) -> None:
    # -S and -I: no installed package, no environment, nothing of the checkout on the path.
    command = [
        sys.executable,
        "-I",
        "-S",
        str(ROOT / "deploy/make_env.py"),
        "--output",
        str(tmp_path / "env"),
    ]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    first = (tmp_path / "env").read_text()
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "left alone" in again.stderr
    assert (tmp_path / "env").read_text() == first
