"""A dataset that says how its days arrive is waited for, without a worker."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.dags.conftest import PROJECT_ROOT, parse_dags


def test_only_a_dataset_that_says_so_is_waited_for(tmp_path: Path) -> None:
    specs = tmp_path / "include"
    for folder in ("datasets", "models"):
        shutil.copytree(PROJECT_ROOT / "include" / folder, specs / folder)
    with (specs / "datasets/bookings.yaml").open("a", encoding="utf-8") as file:
        file.write("arrival: {until: later_rows, timeout: 6h, check_every: 5m}\n")
    parsed = parse_dags(specs, tmp_path / "airflow")
    assert parsed["errors"] == {}
    tasks = parsed["dags"]["bookings__ingest"]["tasks"]
    assert tasks["wait_for_source"]["mode"] == "reschedule"
    assert tasks["ingest_partition"]["upstream"] == ["wait_for_source"]
    assert "wait_for_source" not in parsed["dags"]["booking_outcomes__ingest"]["tasks"]
    assert not {"sqlalchemy", "pyarrow", "adbc_driver_manager"} & set(parsed["loaded"])
