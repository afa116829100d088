"""Files in a bucket are read through a real server of the S3 protocol."""

from __future__ import annotations

import gzip
import io
import json
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from include.adapters.sources import open_source
from include.adapters.sources.file_store import FileStore, FoundFile
from include.errors import SettingsError, SourceError, SourceUnavailableError
from tests.support.daily_files import csv_of, files_spec, ids, numbered, read_days
from tests.support.sources import DAY, inn_settings, stay

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.s3 import S3Server

pytestmark = pytest.mark.integration

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


def put(server: S3Server, key: str, data: bytes) -> None:
    server.filesystem().pipe_file(key, data)


def bucket_spec(bucket: str, name: str, form: str = "csv", **changes: Any) -> Any:
    return files_spec(f"s3://{bucket}/in/{name}", form, connection="lake_bucket", **changes)


def read(server: S3Server, spec: Any, work: Path, uri: str | None = None) -> pa.Table:
    return read_days(spec, work, connections={"lake_bucket": uri or server.connection})


def test_a_days_objects_are_read(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    put(s3_server, f"{bucket}/in/2017-03-01/a.csv.gz", gzip.compress(csv_of(*numbered([1, 2]))))
    put(s3_server, f"{bucket}/in/2017-03-01/b.csv.gz", gzip.compress(csv_of(*numbered([3]))))
    put(s3_server, f"{bucket}/in/2017-03-02/a.csv.gz", gzip.compress(csv_of(*numbered([4], NEXT))))
    spec = bucket_spec(bucket, "{ds}/*.csv.gz")
    assert ids(read(s3_server, spec, tmp_path)) == [1, 2, 3]
    settings = inn_settings(tmp_path, "sqlite://").model_copy(
        update={"connections": {"lake_bucket": SecretStr(s3_server.connection)}}
    )
    with open_source(settings, spec) as source:
        told = source.describe(DAY)
        assert source.is_ready(DAY).ready
        assert not source.is_ready(DAY + timedelta(days=5)).ready
    assert told["connection"] == "lake_bucket"
    assert told["path"] == f"s3://{bucket}/in/2017-03-01/*.csv.gz"
    assert told["files"].startswith("2: a.csv.gz (")
    assert "etag" in told["files"]


def test_parquet_is_read_by_row_group(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([stay(number) for number in range(1000)]), sink, row_group_size=100)
    put(s3_server, f"{bucket}/in/2017-03-01.parquet", sink.getvalue())
    assert ids(read(s3_server, bucket_spec(bucket, "{ds}.parquet", "parquet"), tmp_path)) == list(range(1000))


def test_the_environment_may_have_the_credentials(
    s3_server: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    put(s3_server, f"{bucket}/in/2017-03-01.csv", csv_of(*numbered([1])))
    assert ids(read_days(files_spec(f"s3://{bucket}/in/{{ds}}.csv"), tmp_path)) == [1]


def test_a_key_that_vanishes_between_list_and_read_is_an_outage(
    s3_server: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"{bucket}/in/2017-03-01.csv"
    put(s3_server, key, csv_of(*numbered([1])))
    find = FileStore.find

    def find_and_lose(store: FileStore, pattern: str) -> list[FoundFile]:
        found = find(store, pattern)
        s3_server.filesystem().rm_file(key)
        return found

    monkeypatch.setattr(FileStore, "find", find_and_lose)
    with pytest.raises(
        SourceUnavailableError, match=r"in/2017-03-01\.csv: the file was there .* and is gone"
    ):
        read(s3_server, bucket_spec(bucket, "{ds}.csv"), tmp_path)


def test_an_object_that_is_replaced_while_it_is_read_is_an_outage(
    s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    key = f"{bucket}/in/2017-03-01.csv"
    put(s3_server, key, csv_of(*numbered([1])))
    settings = inn_settings(tmp_path, "sqlite://").model_copy(
        update={"connections": {"lake_bucket": SecretStr(s3_server.connection)}}
    )
    with open_source(settings, bucket_spec(bucket, "{ds}.csv")) as source:
        batches = source.read(DAY, NEXT)
        next(batches)
        put(s3_server, key, csv_of(*numbered([2])))
        with pytest.raises(SourceUnavailableError, match="changed while it was read"):
            list(batches)


def test_a_bucket_that_is_not_there_has_no_rows(s3_server: S3Server, tmp_path: Path) -> None:
    assert read(s3_server, bucket_spec("no-such-bucket", "{ds}.csv"), tmp_path).num_rows == 0


def test_a_storage_that_does_not_answer_is_an_outage(
    s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    extras = json.dumps(
        {"endpoint_url": f"http://127.0.0.1:{port}", "config_kwargs": {"retries": {"max_attempts": 0}}}
    )
    uri = f"aws://someone:hush@/?__extra__={extras}"
    with pytest.raises(SourceUnavailableError, match="the storage does not answer") as raised:
        read(s3_server, bucket_spec(bucket, "{ds}.csv"), tmp_path, uri)
    assert "hush" not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("aws://a:hush@/?role_arn=arn", "has the extra 'role_arn', which is not read here"),
        ("aws://a:hush@/?config_kwargs={}", "'config_kwargs' of connection 'lake_bucket' is not an object"),
        ("aws//a:hush@", "is not one of an Airflow connection"),
        ("aws://a:hush@/?__extra__=[1]", "is not one of an Airflow connection"),
    ],
)
def test_a_connection_that_cannot_be_followed_is_refused(
    s3_server: S3Server, bucket: str, tmp_path: Path, uri: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        read(s3_server, bucket_spec(bucket, "{ds}.csv"), tmp_path, uri)
    assert "hush" not in str(raised.value)


def test_a_storage_without_its_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gs:// cannot be opened here"):
        read_days(files_spec("gs://bucket/{ds}.csv"), tmp_path)
    with pytest.raises(SettingsError, match=r"teapot:// cannot be opened here"):
        read_days(files_spec("teapot://bucket/{ds}.csv"), tmp_path)


def test_a_damaged_object_is_the_datas_fault(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    put(s3_server, f"{bucket}/in/2017-03-01.csv.gz", gzip.compress(csv_of(*numbered([1])))[:-5])
    with pytest.raises(SourceError, match="cut short or damaged"):
        read(s3_server, bucket_spec(bucket, "{ds}.csv.gz"), tmp_path)
