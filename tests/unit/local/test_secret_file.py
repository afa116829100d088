from __future__ import annotations

from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from include.local.secret_file import SecretFile, write_private


def test_a_secret_stays_what_it_was(tmp_path: Path) -> None:
    first = SecretFile(tmp_path / "secrets.json").password("a")
    assert SecretFile(tmp_path / "secrets.json").password("a") == first


def test_secrets_differ_by_name_and_by_folder(tmp_path: Path) -> None:
    here, there = SecretFile(tmp_path / "here.json"), SecretFile(tmp_path / "there.json")
    assert len({here.password("a"), here.password("b"), there.password("a")}) == 3


def test_fernet_key_holds_32_bytes(tmp_path: Path) -> None:
    assert len(urlsafe_b64decode(SecretFile(tmp_path / "secrets.json").fernet_key("k"))) == 32


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    secrets = SecretFile(tmp_path / "new" / "secrets.json")
    secrets.password("a")
    assert secrets.path.stat().st_mode & 0o777 == 0o600


def test_a_readable_file_becomes_private_when_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)


def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_private(tmp_path / "file", "\ud800")
    assert not (tmp_path / "file").exists()
