from __future__ import annotations

from pathlib import Path

import pytest

from include.errors import SettingsError
from include.local.secret_file import SecretFile
from include.local.web_accounts import WebAccounts


@pytest.fixture
def accounts(tmp_path: Path) -> WebAccounts:
    return WebAccounts(tmp_path, SecretFile(tmp_path / "secrets.json"))


def test_at_first_there_is_the_administrator_alone(accounts: WebAccounts) -> None:
    assert accounts.setting() == "admin:admin"
    assert set(accounts.passwords()) == {"admin"}


def test_an_added_account_stays_with_its_password(accounts: WebAccounts, tmp_path: Path) -> None:
    password = accounts.add("rita", "user")
    again = WebAccounts(tmp_path, SecretFile(tmp_path / "secrets.json"))
    assert again.setting() == "admin:admin,rita:user"
    assert again.passwords()["rita"] == password != again.passwords()["admin"]


def test_adding_again_changes_the_role_and_keeps_the_password(accounts: WebAccounts) -> None:
    password = accounts.add("rita", "viewer")
    assert accounts.add("rita", "op") == password
    assert accounts.roles()["rita"] == "op"


@pytest.mark.parametrize(
    ("name", "role"), [("admin", "viewer"), ("a:b", "user"), ("", "user"), ("rita", "boss")]
)
def test_what_cannot_be_an_account_is_refused(accounts: WebAccounts, name: str, role: str) -> None:
    with pytest.raises(SettingsError, match="cannot be an account"):
        accounts.add(name, role)
    assert set(accounts.roles()) == {"admin"}
