"""Checks that look around, from the source to the verdict."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.contracts import Verdict
from include.errors import ContractError, NotReadyError
from include.settings import Settings
from include.specs import Specs
from include.steps import ingest_partition, load_history, validate_partition
from tests.support.sources import (
    all_files,
    inn_settings,
    put_stays,
    sqlite_url,
    stay,
    stays_spec,
    stays_specs,
)

pytestmark = pytest.mark.integration

FIRST = date(2017, 2, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(35)]
CHECKS: list[dict[str, Any]] = [
    {"check": "volume", "severity": "block", "weeks": 4, "min_history": 2},
    {"check": "freshness", "severity": "warn", "column": "made_at", "max_age": "12h"},
    {"check": "unique_across_partitions", "severity": "quarantine", "columns": ["stay_id"], "days": "7d"},
    {"check": "outliers", "severity": "warn", "column": "price", "days": "14d", "min_history": 20},
]


def rows_of(ds: date, count: int = 10) -> list[dict[str, Any]]:
    number = ds.toordinal() * 100
    return [stay(number + n, ds, price=50.0 + n % 5) for n in range(count)]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def specs() -> Specs:
    return stays_specs(checks=CHECKS)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return inn_settings(tmp_path / "nightly", url)


def night(settings: Settings, specs: Specs, ds: date) -> None:
    validate_partition.run(settings, specs, ingest_partition.run(settings, specs, "stays", ds))


def try_night(settings: Settings, specs: Specs, ds: date) -> tuple[date, str] | None:
    """Run a night; return its day and why it was refused, None where it was not."""
    try:
        night(settings, specs, ds)
    except ContractError as error:
        return ds, error.what
    return None


def load(settings: Settings, specs: Specs, last: date = DAYS[-1]) -> None:
    load_history.run(settings, specs, "stays", FIRST, last)


def clean(settings: Settings, ds: date) -> CleanManifest:
    manifest = Lake(settings.lake_root).clean_manifest("stays", ds)
    assert manifest is not None
    return manifest


def planted() -> list[dict[str, Any]]:
    """A half day, a day delivered twice, and a price out of all proportion."""
    rows = [row for ds in DAYS if ds not in {DAYS[20], DAYS[25]} for row in rows_of(ds)]
    again = [{**row, "made_at": rows_of(DAYS[25])[0]["made_at"]} for row in rows_of(DAYS[24])[:2]]
    rows += [*rows_of(DAYS[20], 4), *rows_of(DAYS[25])[:8], *again]
    rows.append(stay(1, DAYS[30], price=99.0))
    return rows


def test_a_history_load_gives_the_verdicts_of_the_nights(
    settings: Settings, specs: Specs, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, planted())
    refused = dict(filter(None, (try_night(settings, specs, ds) for ds in DAYS)))
    assert list(refused) == [DAYS[20]]
    assert "4 rows; the last 2 Tuesdays had 10 to 10 (median 10): less than 0.5" in refused[DAYS[20]]
    monkeypatch.setattr(load_history, "CHUNK_DAYS", 9)
    bulk = inn_settings(tmp_path / "bulk", url)
    with pytest.raises(ContractError, match=str(DAYS[20])):
        load(bulk, specs)
    assert all_files(bulk.lake_root) == all_files(settings.lake_root)
    assert all_files(bulk.reports_root) == all_files(settings.reports_root)

    assert clean(bulk, DAYS[25]).quarantined_rows == 2
    assert clean(bulk, DAYS[30]).warned_rows == 1
    verdicts = {check.gate: check.verdict for check in clean(bulk, DAYS[0]).checks}
    assert list(verdicts.values()).count(Verdict.NOT_ENOUGH_EVIDENCE) == 3


def test_a_day_delivered_twice_is_found_and_named(settings: Settings, specs: Specs, url: str) -> None:
    copied = [{**row, "made_at": rows_of(DAYS[1])[0]["made_at"]} for row in rows_of(FIRST)]
    put_stays(url, [*rows_of(FIRST), *copied])
    night(settings, specs, FIRST)
    with pytest.raises(ContractError, match=r"10 of 10 rows \(100.00%\) break quarantine rules") as caught:
        night(settings, specs, DAYS[1])
    page = (settings.reports_root / caught.value.facts["report"]).read_text()
    assert "stay_id not seen in the 7 days before: seen before on 2017-02-01 (10 rows)" in page


def test_a_rerun_judges_anew_after_an_earlier_day_changed_and_not_otherwise(
    settings: Settings, specs: Specs, url: str
) -> None:
    put_stays(url, [*rows_of(FIRST), *rows_of(DAYS[1])])
    night(settings, specs, FIRST)
    night(settings, specs, DAYS[1])
    before = all_files(settings.lake_root)
    night(settings, specs, DAYS[1])
    assert all_files(settings.lake_root) == before
    doubled = {**rows_of(DAYS[1])[0], "made_at": rows_of(FIRST)[0]["made_at"]}
    put_stays(url, [*rows_of(FIRST), doubled, *rows_of(DAYS[1])])
    night(settings, specs, FIRST)
    night(settings, specs, DAYS[1])
    assert (clean(settings, DAYS[1]).revision, clean(settings, DAYS[1]).quarantined_rows) == (2, 1)


def test_a_changed_check_is_a_changed_contract(settings: Settings, specs: Specs, url: str) -> None:
    put_stays(url, rows_of(FIRST))
    night(settings, specs, FIRST)
    night(settings, stays_specs(checks=CHECKS[:1]), FIRST)
    assert clean(settings, FIRST).revision == 2


def test_a_child_waits_for_its_parents_day_and_orphans_are_quarantined(settings: Settings, url: str) -> None:
    parent = {
        "check": "foreign_key", "severity": "quarantine", "columns": ["stay_id"], "dataset": "stays",
        "references": ["stay_id"], "days": "7d",
    }  # fmt: skip
    extras = stays_spec(dataset="extras", checks=[parent])
    specs = Specs(datasets={"stays": stays_spec(), "extras": extras})
    put_stays(url, rows_of(FIRST))
    ref = ingest_partition.run(settings, specs, "extras", FIRST)
    with pytest.raises(NotReadyError, match="stays of the same day"):
        validate_partition.run(settings, specs, ref)
    put_stays(url, rows_of(FIRST)[:9])
    night(settings, specs, FIRST)
    assert validate_partition.run(settings, specs, ref).quarantined_rows == 1
