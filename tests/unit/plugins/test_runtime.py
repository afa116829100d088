"""Which partition a run works for, and where its addresses come from."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.adapters.connection_uri import parse_connection
from include.adapters.dvc_credentials import remote_options
from include.adapters.sources.sql_engine import make_engine
from include.errors import FatalError, SettingsError
from include.settings import SNAPSHOTS
from perennial_airflow import provenance, run_context, runtime
from perennial_airflow.assets import snapshot
from perennial_airflow.operators.freeze_snapshot import FreezeSnapshotOperator
from perennial_airflow.operators.pin_champion import PinChampionOperator

MakeContext = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_the_interval_names_the_partition(make_context: MakeContext, run_type: str) -> None:
    assert run_context.partition_day(make_context(run_type)) == date(2017, 5, 1)


def test_a_manual_run_works_for_the_day_it_names(make_context: MakeContext) -> None:
    context = make_context("manual", {"partition": "2017-05-03"})
    assert run_context.partition_day(context) == date(2017, 5, 3)


def test_a_manual_run_without_a_day_is_refused(make_context: MakeContext) -> None:
    with pytest.raises(FatalError, match=r"must name its partition.*YYYY-MM-DD"):
        run_context.partition_day(make_context("manual", {"partition": None}))


@pytest.mark.parametrize("named", ["2017-13-45", "today", "2017-05-03T02:00:00Z", "20170503", "2017-W18-3"])
def test_a_manual_run_that_names_no_day_of_the_calendar_is_refused(
    make_context: MakeContext, named: object
) -> None:
    with pytest.raises(FatalError, match=r"is not a day.*YYYY-MM-DD"):
        run_context.partition_day(make_context("manual", {"partition": named}))


def test_a_backfill_that_names_one_day_for_all_is_refused(make_context: MakeContext) -> None:
    with pytest.raises(FatalError, match="takes its partition from its data interval"):
        run_context.partition_day(make_context("backfill", {"partition": "2017-05-03"}))


def test_a_run_without_interval_is_refused(make_context: MakeContext) -> None:
    with pytest.raises(FatalError, match="no data interval"):
        run_context.partition_day(make_context("asset_triggered", interval_start=None))


def test_the_newest_event_counts(make_context: MakeContext) -> None:
    asset = snapshot("m")
    context = make_context(events={asset: [{"as_of": "old"}, {"as_of": "new"}]})
    assert run_context.newest_event(context, asset) == {"as_of": "new"}
    assert run_context.newest_event(make_context(), asset) is None


def test_addresses_come_from_connections_and_keep_their_passwords() -> None:
    settings = runtime.settings([runtime.WAREHOUSE, "hotel_pms"])
    assert settings.source_url("hotel_pms") == "postgresql+psycopg://reader:se%2Fcret@db.example:5433/hotel"
    assert settings.warehouse() == "postgresql+psycopg://writer:hush@db.example:5432/warehouse"
    assert "hush" not in repr(settings)


def test_only_the_named_connections_are_read() -> None:
    with pytest.raises(SettingsError):
        runtime.settings([]).warehouse()


def test_a_sqlite_file_keeps_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LOCAL", '{"conn_type": "sqlite", "schema": "/data/x.db"}')
    assert runtime.settings(["local"]).source_url("local") == "sqlite:////data/x.db"


@pytest.mark.parametrize(
    ("kind", "dialect"), [("mysql", "mysql+pymysql"), ("mariadb", "mariadb+pymysql"), ("mssql", "mssql")]
)
def test_a_connections_type_chooses_the_driver(
    monkeypatch: pytest.MonkeyPatch, kind: str, dialect: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PMS", f"{kind}://reader:secret@db.example:3307/pms")
    assert runtime.settings(["pms"]).source_url("pms") == f"{dialect}://reader:secret@db.example:3307/pms"


@pytest.mark.parametrize(
    "connection",
    [
        "postgres://reader:secret@db.example/pms?sslmode=verify-full&sslrootcert=%2Fetc%2Fca+1.pem",
        json.dumps(
            {
                "conn_type": "postgres", "login": "reader", "password": "secret", "host": "db.example",
                "schema": "pms", "extra": {"sslmode": "verify-full", "sslrootcert": "/etc/ca 1.pem"},
            }
        ),
    ],
    ids=["address", "JSON"],
)  # fmt: skip
def test_a_databases_options_reach_its_driver(monkeypatch: pytest.MonkeyPatch, connection: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PMS", connection)
    engine = make_engine(runtime.settings(["pms"]).source_url("pms"), "pms")
    _, options = engine.dialect.create_connect_args(engine.url)
    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/etc/ca 1.pem")


def test_the_snapshot_storage_may_have_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime.settings([], optional=[SNAPSHOTS]).snapshot_storage() is None
    monkeypatch.setenv("AIRFLOW_CONN_PERENNIAL_SNAPSHOTS", "aws://key:se%2Fhush@/?region_name=eu-central-1")
    settings = runtime.settings([], optional=[SNAPSHOTS])
    assert remote_options(settings.snapshot_storage()) == {
        "access_key_id": "key",
        "secret_access_key": "se/hush",
        "region": "eu-central-1",
    }
    assert "hush" not in repr(settings)


def test_operators_that_read_snapshots_are_given_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PERENNIAL_SNAPSHOTS", "aws://key:hush@/")
    operator = FreezeSnapshotOperator(task_id="t", model="m")
    assert operator.settings().snapshot_storage() is not None
    assert PinChampionOperator(task_id="t", model="m").settings().snapshot_storage() is None


def test_what_is_no_database_keeps_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "aws", "login": "key", "password": "a/b", "extra": {"region_name": "eu"}}
    monkeypatch.setenv("AIRFLOW_CONN_BUCKET", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CONN_DESK", "http://reader:hush@https%3A%2F%2Fapi.example.com/?X-Key=abc")
    settings = runtime.settings(["bucket", "desk"])
    bucket = parse_connection("bucket", settings.source_url("bucket"))
    assert (bucket.login, bucket.password, bucket.extras) == ("key", "a/b", {"region_name": "eu"})
    desk = parse_connection("desk", settings.source_url("desk"))
    assert (desk.protocol, desk.host, desk.password) == ("https", "api.example.com", "hush")


def test_a_report_is_reached_through_the_web_ui() -> None:
    assert runtime.report_url("bookings/validation/2017-05-01-r0001.html") == (
        "/perennial/reports/bookings/validation/2017-05-01-r0001.html"
    )


def test_the_commit_of_an_image_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    provenance.code_commit.cache_clear()
    monkeypatch.setenv("PERENNIAL_CODE_COMMIT", "abc")
    assert provenance.code_commit() == "abc"
    provenance.code_commit.cache_clear()


def test_without_repository_and_variable_the_commit_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    provenance.code_commit.cache_clear()
    monkeypatch.delenv("PERENNIAL_CODE_COMMIT", raising=False)
    monkeypatch.setattr(provenance, "PROJECT_ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SettingsError, match="PERENNIAL_CODE_COMMIT"):
        provenance.code_commit()


def test_midnight_is_utc() -> None:
    from perennial_airflow.defaults import midnight

    assert midnight(date(2017, 5, 1)) == datetime(2017, 5, 1, tzinfo=UTC)


def test_runs_stop_where_their_days_would_pass_the_datasets_end() -> None:
    from perennial_airflow.defaults import last_run_of

    dataset = runtime.specs().dataset("bookings")
    assert last_run_of(dataset) == datetime(2017, 8, 31, tzinfo=UTC)
    assert last_run_of(dataset, days=7) == datetime(2017, 8, 25, tzinfo=UTC)
    assert last_run_of(dataset.model_copy(update={"end": None})) is None


def test_collecting_snapshots_begins_with_a_dry_run() -> None:
    from perennial_airflow.defaults import garbage_params

    assert garbage_params()["dry_run"].value is True
