from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from include.adapters.arrow_columns import arrow_schema
from include.adapters.correction_store import CorrectionStore
from include.core.corrections import Correction, corrections_table
from include.specs import DatasetSpec
from include.steps.corrected_rows import CorrectedRows
from tests.support.sources import DAY, stay, stays_spec

SCHEMA = arrow_schema(stays_spec().columns)


def correct(root: Path, spec: DatasetSpec) -> None:
    """Keep one correction of the day: row 2 costs 50."""
    bad = stay(2, price=-5.0)
    correction = Correction(bad, bad, stay(2), None, None, "typing error", "f" * 64)
    table = corrections_table([correction], SCHEMA)
    CorrectionStore(root).write("stays", DAY, table, spec.columns, ["f" * 64], None)


def read(corrected: CorrectedRows, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    batch = pa.RecordBatch.from_pylist(list(rows), SCHEMA)
    return [row for found in corrected.apply([batch]) for row in found.to_pylist()]


def test_a_day_without_corrections_is_passed_on_untouched(tmp_path: Path) -> None:
    batch = pa.RecordBatch.from_pylist([stay(1)], SCHEMA)
    corrected = CorrectedRows(tmp_path, stays_spec(), DAY)
    (passed,) = corrected.apply([batch])
    assert passed is batch
    assert corrected.origin == {}


def test_a_correction_is_applied_and_told(tmp_path: Path) -> None:
    correct(tmp_path, stays_spec())
    corrected = CorrectedRows(tmp_path, stays_spec(), DAY)
    assert read(corrected, stay(1), stay(2, price=-5.0)) == [stay(1), stay(2)]
    assert corrected.origin["corrected_rows"] == "1"
    assert "superseded_corrections" not in corrected.origin
    assert len(corrected.origin["corrections"]) == 64


def test_corrections_of_other_columns_are_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    correct(tmp_path, stays_spec())
    spec = stays_spec(columns={**stays_spec().columns, "room": "string"})
    corrected = CorrectedRows(tmp_path, spec, DAY)
    assert read(corrected, stay(2, price=-5.0)) == [stay(2, price=-5.0)]
    assert "1 correction(s) were made for other columns and are left out" in caplog.text
