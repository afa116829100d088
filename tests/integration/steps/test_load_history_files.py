"""A history is loaded from files, day by day, each partition as its own nightly run would make it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from include.adapters.lake import Lake
from include.errors import SourceError
from include.specs import Specs
from include.steps import load_history
from tests.support.daily_files import csv_of, files_spec, numbered, put
from tests.support.sources import DAY, inn_settings

pytestmark = pytest.mark.integration


def test_files_become_partitions_and_late_rows_go_where_they_belong(tmp_path: Path) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    for number, day in enumerate(days):
        late = numbered([100 + number], day - timedelta(days=1)) if number else []
        put(tmp_path / f"in/{day}.csv", csv_of(*numbered([number], day), *late))
    settings = inn_settings(tmp_path / "state", "sqlite://")
    specs = Specs(datasets={"stays": files_spec(tmp_path / "in/{ds}.csv", late_days=1)})
    result = load_history.run(settings, specs, "stays", days[0], days[-1])
    assert (result.partitions, result.rows) == (4, 7)
    lake = Lake(settings.lake_root)
    for number, day in enumerate(days):
        manifest = lake.raw_manifest("stays", day)
        assert manifest is not None
        assert manifest.rows == (2 if day < days[-1] else 1), number


def test_a_bad_file_stops_the_load_with_its_name(tmp_path: Path) -> None:
    put(tmp_path / f"in/{DAY}.csv", csv_of(*numbered([1])))
    put(tmp_path / f"in/{DAY + timedelta(days=1)}.csv", b"")
    settings = inn_settings(tmp_path / "state", "sqlite://")
    specs = Specs(datasets={"stays": files_spec(tmp_path / "in/{ds}.csv")})
    with pytest.raises(SourceError, match=r"in/2017-03-02\.csv: the file is empty"):
        load_history.run(settings, specs, "stays", DAY, DAY + timedelta(days=1))
