from __future__ import annotations

import shutil
from pathlib import Path

from tests.dags.conftest import PROJECT_ROOT, parse_dags


def test_a_night_looks_back_last_and_only_where_rows_may_come_late(tmp_path: Path) -> None:
    specs = tmp_path / "include"
    for folder in ("datasets", "models"):
        shutil.copytree(PROJECT_ROOT / "include" / folder, specs / folder)
    spec = specs / "datasets/bookings.yaml"
    spec.write_text(spec.read_text("utf-8") + "\nlateness: 3d\n", "utf-8")
    parsed = parse_dags(specs, tmp_path / "airflow")
    assert parsed["errors"] == {}
    late = parsed["dags"]["bookings__ingest"]
    assert late["tasks"]["revise_late_days"]["upstream"] == ["validate_partition"]
    assert "- `revise_late_days`:" in late["doc"]
    assert "revise_late_days" not in parsed["dags"]["booking_outcomes__ingest"]["tasks"]
