from __future__ import annotations

import pytest
from pydantic import SecretStr

from include.adapters.dvc_credentials import remote_options
from include.errors import SettingsError


def test_without_a_connection_nothing_is_told() -> None:
    assert remote_options(None) == {}


def test_a_connection_is_told_in_the_words_of_dvc() -> None:
    connection = (
        "aws://key:se%2Fcret%2B@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A9000&region_name=eu-central-1"
    )
    assert remote_options(SecretStr(connection)) == {
        "access_key_id": "key",
        "secret_access_key": "se/cret+",
        "endpointurl": "http://127.0.0.1:9000",
        "region": "eu-central-1",
    }


def test_a_token_alone_leaves_the_key_to_the_worker() -> None:
    assert remote_options(SecretStr("aws:///?aws_session_token=t")) == {"session_token": "t"}


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        pytest.param("gcpigs://x", "has the type", id="another type"),
        pytest.param("aws://key:hush@/?role_arn=x", "role_arn", id="an extra nobody reads"),
    ],
)
def test_what_is_not_understood_is_refused_without_secrets(connection: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        remote_options(SecretStr(connection))
    assert "hush" not in str(refused.value)
