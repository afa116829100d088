"""What all operators share: which connections a step is given."""

from __future__ import annotations

import pytest

from perennial_airflow.operators.ingest_partition import IngestPartitionOperator


def test_a_source_without_connection_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BUCKET", "aws://key:hush@/?region_name=eu")
    operator = IngestPartitionOperator(task_id="ingest_partition", dataset="stays")
    assert operator.settings(None).connections == {}
    assert set(operator.settings(None, "bucket").connections) == {"bucket"}
