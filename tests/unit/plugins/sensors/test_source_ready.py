"""A sensor asks the source itself, patiently, and says in the end what it waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSensorTimeout

from include.errors import FatalError, SettingsError, SourceError
from include.local.ports import free_port
from perennial_airflow.sensors.source_ready import SourceReadySensor
from tests.support.sources import put_stays, sqlite_url, stay

MakeContext = Callable[..., dict[str, Any]]
SPEC = """\
dataset: stays
owner: tests
description: Stays of guests.
source: {kind: sql, connection: inn, table: stays}
key: [stay_id]
event_time: made_at
start: 2017-01-01
columns: {stay_id: integer, made_at: timestamp, guest: string}
contract:
  - {expect: column_values_to_not_be_null, column: stay_id, severity: block}
budgets: {quarantine_share: 0}
arrival: {until: rows, timeout: 6h, check_every: 5m}
"""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "include/datasets").mkdir(parents=True)
    (tmp_path / "include/datasets/stays.yaml").write_text(SPEC, "utf-8")
    monkeypatch.setenv("PERENNIAL_SPECS_ROOT", str(tmp_path / "include"))
    url = sqlite_url(tmp_path)
    monkeypatch.setenv("AIRFLOW_CONN_INN", url)
    return url


@pytest.fixture
def context(make_context: MakeContext) -> dict[str, Any]:
    return make_context("manual", {"partition": "2017-03-01"})


def sensor() -> SourceReadySensor:
    return SourceReadySensor(
        task_id="wait_for_source",
        dataset="stays",
        poke_interval=timedelta(minutes=5),
        timeout=timedelta(hours=6),
    )


def begun(context: dict[str, Any], ago: timedelta) -> dict[str, Any]:
    """Let the task have begun to wait some time ago."""

    def first_reschedule(_: Any) -> datetime:
        from airflow.sdk import timezone

        return timezone.utcnow() - ago

    return {**context, "ti": SimpleNamespace(get_first_reschedule_date=first_reschedule)}


def test_a_day_that_is_there_is_ready(url: str, context: dict[str, Any]) -> None:
    put_stays(url, [stay(1)])
    assert sensor().poke(context) is True


def test_a_day_that_is_not_there_holds_no_worker(url: str, context: dict[str, Any]) -> None:
    put_stays(url, [])
    waiting = sensor()
    assert waiting.mode == "reschedule"
    with pytest.raises(AirflowRescheduleException):
        waiting.execute(begun(context, timedelta(hours=1)))


def test_a_wait_that_is_over_says_what_did_not_come(url: str, context: dict[str, Any]) -> None:
    put_stays(url, [])
    waiting = sensor()
    with pytest.raises(AirflowSensorTimeout) as raised:
        waiting.execute(begun(context, timedelta(hours=7)))
    message = str(raised.value)
    assert "stays 2017-03-01 did not arrive: table 'stays' has no row of 2017-03-01 yet" in message
    assert "Next: ask who fills the source; clear this task once it has the day" in message


def test_a_source_that_does_not_answer_is_asked_again_until_the_wait_is_over(
    url: str, context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_INN", f"postgres://teller:hunter2@127.0.0.1:{free_port()}/inn")
    assert sensor().poke(context) is False
    with pytest.raises(AirflowSensorTimeout, match="the database does not answer") as raised:
        sensor().execute(begun(context, timedelta(hours=7)))
    assert "hunter2" not in str(raised.value)


def test_what_waiting_cannot_mend_fails_at_once(
    url: str, make_context: MakeContext, context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="no table 'stays'"):
        sensor().poke(context)
    with pytest.raises(FatalError, match="2016-01-01 is outside the days"):
        sensor().poke(make_context("manual", {"partition": "2016-01-01"}))
    monkeypatch.delenv("AIRFLOW_CONN_INN")
    with pytest.raises(SettingsError, match="inn"):
        sensor().poke(context)
