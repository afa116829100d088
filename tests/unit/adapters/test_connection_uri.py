from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.adapters.connection_uri import parse_connection
from include.errors import SettingsError

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


def airflow_uri(**fields: Any) -> str:
    """Return a connection's URI as Airflow itself writes it."""
    # Here and not above: skops, which other tests import, must be imported before Airflow.
    from airflow.sdk import Connection

    return str(Connection(conn_id="c", **fields).get_uri())


@pytest.mark.parametrize(
    "fields",
    [
        {"conn_type": "aws", "login": "AKIA", "password": "a/b+c@d:e", "extra": {"region_name": "eu-west-1"}},
        {"conn_type": "aws", "extra": {"config_kwargs": {"s3": {"addressing_style": "path"}}}},
        {"conn_type": "http", "host": "api.example.com", "port": 8080, "schema": "https"},
        {"conn_type": "http", "host": "https://api.example.com", "password": "token"},
        {"conn_type": "http", "host": "http://api.example.com", "login": "a", "password": "b"},
        {"conn_type": "http", "host": "https://api.example.com/inn", "login": "a", "password": "b"},
        {"conn_type": "google_cloud_platform", "host": "Api.Example.com"},
    ],
)
def test_a_connection_of_airflow_is_understood(fields: dict[str, Any]) -> None:
    extra = fields.pop("extra", {})
    uri = airflow_uri(extra=json.dumps(extra) if extra else None, **fields)
    parts = parse_connection("c", uri)
    protocol, _, host = str(fields.get("host", "")).rpartition("://")
    assert parts.kind == fields["conn_type"]
    assert (parts.protocol, parts.host) == (protocol, host)
    assert (parts.login, parts.password) == (fields.get("login", ""), fields.get("password", ""))
    assert (parts.port, parts.schema) == (fields.get("port"), fields.get("schema", ""))
    assert parts.extras == extra


@given(login=WORDS, password=WORDS, value=WORDS)
def test_any_words_come_through(login: str, password: str, value: str) -> None:
    extra = json.dumps({"key": value})
    parts = parse_connection("c", airflow_uri(conn_type="aws", login=login, password=password, extra=extra))
    assert (parts.login, parts.password, parts.extras) == (login, password, {"key": value})


@pytest.mark.parametrize(
    "uri", ["", "hush", "aws:hush@host", "aws://u:hush@h:port/", "aws://u:hush@/?__extra__=[1]"]
)
def test_what_is_no_connection_is_not_shown(uri: str) -> None:
    with pytest.raises(SettingsError, match="connection 'c' is not one of an Airflow") as raised:
        parse_connection("c", uri)
    assert "hush" not in f"{raised.value}{raised.value.__cause__}"


def test_secrets_do_not_show() -> None:
    parts = parse_connection("c", "aws://user:hush@/?aws_session_token=s3cret")
    assert "hush" not in repr(parts)
    assert "s3cret" not in repr(parts)


def test_extras_that_nobody_reads_are_refused() -> None:
    parts = parse_connection("c", "aws://user:hush@/?region=eu&region_name=eu")
    parts.require_extras("region", "region_name")
    with pytest.raises(SettingsError, match=r"has the extra 'region', which is not read here.*region_name"):
        parts.require_extras("region_name")
