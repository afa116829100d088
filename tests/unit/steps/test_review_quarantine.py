from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from include.adapters.arrow_columns import arrow_schema
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.settings import Settings
from include.specs.dataset import QUARANTINE_COLUMNS
from include.steps import review_quarantine
from tests.support.lake_days import put_clean, put_raw
from tests.support.partitions import commit_clean
from tests.support.sources import DAY, all_files, inn_settings, stay, stays_spec, stays_specs

RULE, OTHER = "price between 0 and 100", "guest in set of 2"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return inn_settings(tmp_path, "sqlite://")


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings.lake_root)


def put_refused(
    lake: Lake, ds: date, rows: list[dict[str, Any]], rules: tuple[str, ...], **facts: Any
) -> CleanManifest:
    """Commit a day with one clean row, and the others in quarantine for the same rules."""
    schema = arrow_schema(stays_spec().columns)
    refused = pa.Table.from_pylist(rows, schema)
    for name, values in zip(QUARANTINE_COLUMNS, (rules, [f"seen by {rule}" for rule in rules]), strict=True):
        refused = refused.append_column(name, pa.array([list(values)] * len(rows), pa.list_(pa.string())))
    raw = put_raw(lake, stays_spec(), ds, [*rows, stay(1, ds)])
    return commit_clean(lake, raw, pa.Table.from_pylist([stay(1, ds)], schema), refused, **facts)


def review(settings: Settings, last: date = DAY) -> str:
    report = review_quarantine.run(settings, stays_specs(), "stays", last)
    return (settings.reports_root / report).read_text()


def test_reasons_come_with_counts_examples_days_and_runs(settings: Settings, lake: Lake) -> None:
    yesterday = DAY - timedelta(days=1)
    put_refused(lake, yesterday, [stay(n, yesterday) for n in range(10, 17)], (RULE,), run_id="nightly__1")
    put_refused(lake, DAY, [stay(21), stay(22, guest="<script>")], (RULE, OTHER), report="stays/x.html")
    html = review(settings)
    assert "9 rows are in quarantine." in html
    assert f'<td>{RULE}</td><td class="number">9</td><td class="number">2</td>' in html
    assert "The newest 5 of 9 rows." in html
    assert html.index(f"<td>{RULE}</td>") < html.index(f"<td>{OTHER}</td>")
    assert f"<td>2017-03-01</td><td>21</td><td>seen by {RULE}</td>" in html
    assert "<td>2017-02-28</td><td>12</td>" in html
    assert "<td>2017-02-28</td><td>13</td>" not in html
    assert "nightly__1" in html
    assert 'href="../../stays/x.html"' in html
    assert "<script>" not in html


def test_a_clean_dataset_says_so(settings: Settings, lake: Lake) -> None:
    put_clean(lake, stays_spec(), DAY, [stay(1)])
    assert "Nothing is in quarantine." in review(settings)


def test_days_without_a_clean_partition_are_named(settings: Settings, lake: Lake) -> None:
    put_clean(lake, stays_spec(), DAY - timedelta(days=2), [stay(1)])
    put_clean(lake, stays_spec(), DAY, [stay(1)])
    html = review(settings)
    assert "2017-02-28" in html.partition("Days without a clean partition")[2]
    assert "2017-02-27" not in html.partition("Days without a clean partition")[2]


def test_only_the_last_four_weeks_are_shown(settings: Settings, lake: Lake) -> None:
    old = DAY - timedelta(days=28)
    put_refused(lake, old, [stay(5, old)], (RULE,))
    assert "No day from 2017-02-02 to 2017-03-01 has a clean partition" in review(settings)


def test_a_damaged_day_is_named_and_does_not_hide_the_others(
    settings: Settings, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    yesterday = DAY - timedelta(days=1)
    manifest = put_refused(lake, yesterday, [stay(5, yesterday)], (RULE,))
    path = lake.quarantine_path(manifest)
    assert path is not None
    path.write_bytes(b"PAR1")
    put_refused(lake, DAY, [stay(6)], (OTHER,))
    html = review(settings)
    assert "missing or damaged: run validation of this day again" in html
    assert f"<td>{OTHER}</td>" in html
    assert str(path) in caplog.text


def test_a_day_from_before_a_key_column_was_declared_is_counted(settings: Settings, lake: Lake) -> None:
    put_refused(lake, DAY, [stay(5)], (RULE,))
    columns = {name: str(kind) for name, kind in stays_spec().columns.items()} | {"room": "string"}
    specs = stays_specs(columns=columns, key=["stay_id", "room"])
    html = (settings.reports_root / review_quarantine.run(settings, specs, "stays", DAY)).read_text()
    assert f'<td>{RULE}</td><td class="number">1</td>' in html


def test_the_same_lake_gives_the_same_page(settings: Settings, lake: Lake) -> None:
    put_refused(lake, DAY, [stay(n) for n in range(20)], (OTHER, RULE))
    review(settings)
    before = all_files(settings.reports_root)
    review(settings)
    assert all_files(settings.reports_root) == before
