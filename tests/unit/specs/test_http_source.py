from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from include.specs.http_source import HttpSource

GIVEN = {
    "kind": "http", "connection": "desk", "path": "/v1/stays", "params": {"from": "{first}", "size": 500},
    "pagination": {"kind": "none"},
}  # fmt: skip


def test_a_day_is_filled_into_path_and_parameters() -> None:
    params = {"a": "{ds}", "b": "{first}..{last_exclusive}", "size": 500}
    source = HttpSource.model_validate({**GIVEN, "path": "/v1/{ds}", "params": params})
    day = date(2017, 2, 28)
    assert source.path_of(day) == "/v1/2017-02-28"
    assert source.params_of(day) == {"a": "2017-02-28", "b": "2017-02-28..2017-03-01", "size": 500}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"params": {}}, "must ask for a day"),
        ({"params": {"from": "{start}"}}, "unknown placeholder {start}"),
        ({"params": {"from": "{first}", "all": True}}, "put the value of all in quotes"),
        ({"path": "v1/stays"}, "begin with a single /"),
        ({"path": "//evil.example/x"}, "begin with a single /"),
        ({"path": "/v1?x=1"}, "belongs into `params`"),
        ({"records": "data..items"}, "joined by dots"),
        ({"pagination": {"kind": "offset"}}, "'none', 'page', 'cursor', 'link'"),
        ({"pagination": {"kind": "cursor"}}, "Field required"),
        ({"pagination": {"kind": "page", "param": "size"}}, "both set 'size'"),
        ({"requests_per_second": 0}, "greater than 0"),
        ({"attempts": 0}, "greater than or equal to 1"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        HttpSource.model_validate({**GIVEN, **changes})
