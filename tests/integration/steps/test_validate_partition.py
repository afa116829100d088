from __future__ import annotations

import logging
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from include.adapters import contract_scan, gx_contract
from include.adapters.lake import Lake
from include.contracts import CleanPartitionRef, PartitionRef
from include.errors import (
    ConcurrentWriteError,
    ContractError,
    DiskFullError,
    IntegrityError,
    MissingPartitionError,
    SourceError,
    VerdictError,
)
from include.settings import Settings
from include.specs import Specs
from include.steps import ingest_partition, validate_partition
from tests.support.sources import (
    COLUMNS,
    CONTRACT,
    DAY,
    all_files,
    inn_settings,
    put_stays,
    sqlite_url,
    stay,
    stays_specs,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return inn_settings(tmp_path, url)


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings.lake_root)


@pytest.fixture
def specs() -> Specs:
    return stays_specs()


def ingest(settings: Settings, specs: Specs) -> PartitionRef:
    return ingest_partition.run(settings, specs, "stays", DAY)


def validate(settings: Settings, specs: Specs) -> CleanPartitionRef:
    return validate_partition.run(settings, specs, ingest(settings, specs))


def page(settings: Settings, report: str) -> str:
    return (settings.reports_root / report).read_text()


def forbid_judging(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*arguments: Any) -> None:
        raise AssertionError("judged again")

    monkeypatch.setattr(gx_contract, "judge_contract", judge)
    monkeypatch.setattr(contract_scan, "open_scan", judge)


def test_rows_are_split_by_the_contract(settings: Settings, url: str, lake: Lake, specs: Specs) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0), stay(3, guest=None), stay(4, price=None)])
    ref = validate(settings, specs)
    assert (ref.rows, ref.quarantined_rows, ref.warned_rows, ref.revision) == (3, 1, 1, 1)
    manifest = lake.clean_manifest("stays", DAY)
    assert manifest is not None
    assert lake.read_clean(manifest)["stay_id"].to_pylist() == [1, 3, 4]
    quarantine = lake.read_quarantine(manifest)
    assert quarantine is not None
    assert quarantine.to_pylist() == [
        {
            **stay(2, price=-5.0),
            "quarantine_rule": ["price between 0 and 100"],
            "quarantine_observed": ["price=-5.0"],
        }
    ]
    assert [(r.severity, r.failed_rows) for r in manifest.rules] == [
        ("block", 0),
        ("block", 0),
        ("quarantine", 1),
        ("warn", 1),
    ]


def test_the_reference_is_the_manifests(settings: Settings, url: str, lake: Lake, specs: Specs) -> None:
    put_stays(url, [stay(1)])
    ref = validate(settings, specs)
    manifest = lake.clean_manifest("stays", DAY)
    assert manifest is not None
    assert ref.to_json().items() <= manifest.to_json().items()


def test_the_page_tells_verdict_rules_and_values(settings: Settings, url: str, specs: Specs) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0), stay(3, guest=None)])
    html = page(settings, validate(settings, specs).report)
    for text in ("Accepted with remarks", "price between 0 and 100", "price=-5.0", "guest=null", "33.33 %"):
        assert text in html


def test_markup_in_values_is_shown_and_not_run(settings: Settings, url: str) -> None:
    named = {
        "expect": "column_values_to_be_in_set",
        "column": "guest",
        "value_set": ["Ada"],
        "severity": "warn",
    }
    put_stays(url, [stay(1, guest="<script>alert('x')</script>")])
    html = page(settings, validate(settings, stays_specs(contract=[*CONTRACT, named])).report)
    assert "<script>" not in html
    assert "&lt;script&gt;alert(&#39;x&#39;)" in html


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param(
            [stay(1), stay(7), stay(7)],
            r"rule `stay_id is unique` fails on 2 of 3 rows \(keys 7, 7\)",
            id="duplicate key",
        ),
        pytest.param(
            [stay(1), stay(None)], "rule `stay_id is not null` fails on 1 of 2 rows", id="key missing"
        ),
        pytest.param(
            [stay(None), stay(None)], r"rule `stay_id is not null` fails on 2 of 2 rows", id="key all missing"
        ),
        pytest.param(
            [stay(1), stay(2, price=-1.0), stay(3, price=999.0)],
            r"2 of 3 rows \(66.67%\) break quarantine rules where the budget allows 50.00%",
            id="budget",
        ),
    ],
)
def test_a_refused_partition_has_a_page_and_no_clean_row(
    settings: Settings, url: str, lake: Lake, specs: Specs, rows: list[dict[str, Any]], message: str
) -> None:
    put_stays(url, rows)
    with pytest.raises(ContractError, match=message) as raised:
        validate(settings, specs)
    report = raised.value.facts["report"]
    assert report in str(raised.value)
    assert "Refused" in page(settings, report)
    assert lake.clean_manifest("stays", DAY) is None
    assert not list(settings.lake_root.rglob("clean/*"))


def test_too_few_rows_are_refused(settings: Settings, url: str) -> None:
    put_stays(url, [stay(1), stay(2)])
    with pytest.raises(ContractError, match="2 rows where the budget asks for at least 3"):
        validate(settings, stays_specs(budgets={"quarantine_share": 0.5, "min_rows": 3}))


def test_an_empty_partition_may_be_clean(settings: Settings, url: str) -> None:
    put_stays(url, [])
    ref = validate(settings, stays_specs(budgets={"quarantine_share": 0, "min_rows": 0}))
    assert (ref.rows, ref.quarantined_rows) == (0, 0)


def test_after_the_source_was_mended_the_partition_is_accepted(
    settings: Settings, url: str, lake: Lake, specs: Specs
) -> None:
    put_stays(url, [stay(7), stay(7)])
    with pytest.raises(ContractError):
        validate(settings, specs)
    put_stays(url, [stay(7), stay(8)])
    assert validate(settings, specs).rows == 2


def test_a_refusal_leaves_the_clean_rows_of_before(
    settings: Settings, url: str, lake: Lake, specs: Specs
) -> None:
    put_stays(url, [stay(1)])
    validate(settings, specs)
    before = lake.clean_manifest("stays", DAY)
    put_stays(url, [stay(1), stay(1)])
    with pytest.raises(ContractError):
        validate(settings, specs)
    assert lake.clean_manifest("stays", DAY) == before


def test_a_rerun_neither_judges_nor_writes(
    settings: Settings, url: str, specs: Specs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0)])
    first, before = validate(settings, specs), all_files(tmp_path)
    forbid_judging(monkeypatch)
    assert validate(settings, specs) == first
    assert all_files(tmp_path) == before


@pytest.mark.parametrize(
    "lost", ["clean/*[0-9a-f].parquet", "clean/*.quarantine.parquet", "validation/*.html"]
)
def test_a_rerun_restores_what_was_lost_to_the_byte(
    settings: Settings, url: str, specs: Specs, tmp_path: Path, lost: str
) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0)])
    first, before = validate(settings, specs), all_files(tmp_path)
    (path,) = (p for p in tmp_path.rglob(lost) if lost.count(".") == p.name.count("."))
    path.unlink()
    assert validate(settings, specs) == first
    assert all_files(tmp_path) == before


def test_a_run_killed_before_its_manifest_is_finished_by_the_next(
    settings: Settings, url: str, lake: Lake, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0)])
    ref = ingest(settings, specs)

    class KilledError(Exception):
        pass

    def die(*arguments: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("include.adapters.lake_manifests.create_exclusively", die)
        with pytest.raises(KilledError):
            validate_partition.run(settings, specs, ref)
    assert lake.clean_manifest("stays", DAY) is None
    assert validate_partition.run(settings, specs, ref).revision == 1
    assert not list(settings.lake_root.rglob("*.tmp"))


def test_the_run_that_wrote_is_recorded_and_changes_nothing_else(
    settings: Settings, url: str, lake: Lake, specs: Specs
) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0)])
    ref = ingest(settings, specs)
    first = validate_partition.run(settings, specs, ref, "nightly")
    (settings.reports_root / first.report).unlink()  # judged again, with the same answer
    assert validate_partition.run(settings, specs, ref, "by hand") == first
    manifest = lake.clean_manifest("stays", DAY)
    assert manifest is not None
    assert (manifest.revision, manifest.run_id) == (1, "nightly")


@pytest.mark.parametrize("failing", [0, 1, 30], ids=["none", "one", "all"])
def test_rows_of_a_partition_judged_in_parts_are_split_as_in_one(
    settings: Settings, url: str, lake: Lake, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    monkeypatch.setattr(gx_contract, "FRAME_ROWS", 7)
    monkeypatch.setattr(contract_scan, "BATCH_ROWS", 4)
    put_stays(url, [stay(n, price=-1.0 if n < failing else 1.0) for n in range(30)])
    validate(settings, stays_specs(budgets={"quarantine_share": 1}))
    manifest = lake.clean_manifest("stays", DAY)
    assert manifest is not None
    assert lake.read_clean(manifest)["stay_id"].to_pylist() == list(range(failing, 30))
    quarantine = lake.read_quarantine(manifest)
    assert (quarantine["stay_id"].to_pylist() if quarantine else []) == list(range(failing))


def test_a_changed_contract_is_a_new_revision_with_its_own_page(
    settings: Settings, url: str, specs: Specs
) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0)])
    first = validate(settings, specs)
    second = validate(settings, stays_specs(contract=CONTRACT[:2]))
    assert (first.revision, second.revision) == (1, 2)
    assert (first.quarantined_rows, second.quarantined_rows) == (1, 0)
    assert first.report != second.report
    assert "price=-5.0" in page(settings, first.report)


def test_the_newest_revision_is_judged_even_when_an_older_was_asked_for(
    settings: Settings, url: str, specs: Specs
) -> None:
    put_stays(url, [stay(1)])
    old = ingest(settings, specs)
    put_stays(url, [stay(1), stay(2)])
    ingest(settings, specs)
    assert validate_partition.run(settings, specs, old).rows == 2


def test_a_run_overtaken_while_it_judged_is_told(
    settings: Settings, url: str, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, [stay(1)])
    ref = ingest(settings, specs)
    judge = gx_contract.judge_contract

    def judge_slowly(*arguments: Any) -> Any:
        monkeypatch.setattr(gx_contract, "judge_contract", judge)
        put_stays(url, [stay(1), stay(2)])
        validate(settings, specs)
        return judge(*arguments)

    monkeypatch.setattr(gx_contract, "judge_contract", judge_slowly)
    with pytest.raises(ConcurrentWriteError):
        validate_partition.run(settings, specs, ref)
    assert validate_partition.run(settings, specs, ref).rows == 2


def test_engines_that_disagree_stop_the_step_before_anything_is_written(
    settings: Settings, url: str, lake: Lake, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, [stay(1), stay(2, price=-5.0)])
    monkeypatch.setattr(gx_contract, "judge_contract", lambda *_: [True, True, True, True])
    with pytest.raises(VerdictError, match="disagree whether these rules hold: price between 0 and 100"):
        validate(settings, specs)
    assert not list(settings.lake_root.rglob("clean/*"))
    assert not settings.reports_root.exists()


def test_a_failing_scan_does_not_wait_for_the_verdict(
    settings: Settings, url: str, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def judge(*given: Any) -> list[bool]:
        told.append(given[-1].wait(timeout=30))
        return []

    def fail(*_: Any) -> None:
        raise DiskFullError("no room", where="disk", next_step="make room")

    put_stays(url, [stay(1)])
    monkeypatch.setattr(gx_contract, "judge_contract", judge)
    monkeypatch.setattr(contract_scan.RowScan, "find", fail)
    with pytest.raises(DiskFullError):
        validate(settings, specs)
    assert told == [True]


def test_a_partition_of_other_columns_must_be_ingested_again(
    settings: Settings, url: str, specs: Specs
) -> None:
    put_stays(url, [stay(1)])
    ref = ingest(settings, specs)
    with pytest.raises(SourceError, match="other columns"):
        validate_partition.run(settings, stays_specs(columns={**COLUMNS, "price": "integer"}), ref)


def test_damaged_raw_rows_are_not_judged(settings: Settings, url: str, lake: Lake, specs: Specs) -> None:
    put_stays(url, [stay(1)])
    ref = ingest(settings, specs)
    manifest = lake.raw_manifest("stays", DAY)
    assert manifest is not None
    lake.raw_path(manifest).write_bytes(b"rust")
    with pytest.raises(IntegrityError):
        validate_partition.run(settings, specs, ref)


def test_a_partition_never_ingested_is_named(settings: Settings, specs: Specs) -> None:
    ref = PartitionRef(dataset="stays", ds=date(2017, 3, 9), revision=1, rows=1, content_sha256="x")
    with pytest.raises(MissingPartitionError, match="stays 2017-03-09"):
        validate_partition.run(settings, specs, ref)


def test_a_rerun_does_not_load_great_expectations(settings: Settings, url: str, specs: Specs) -> None:
    put_stays(url, [stay(1)])
    validate(settings, specs)
    code = (
        "import sys; from pathlib import Path; from tests.support.sources import *;"
        "from include.steps import ingest_partition, validate_partition;"
        f"settings = inn_settings(Path({str(settings.lake_root.parent)!r}), {url!r}); specs = stays_specs();"
        "validate_partition.run(settings, specs, ingest_partition.run(settings, specs, 'stays', DAY));"
        "print('great_expectations' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_the_log_is_about_the_validation(
    settings: Settings, url: str, specs: Specs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    put_stays(url, [stay(1)])
    validate(settings, specs)
    assert [record.name for record in caplog.records if not record.name.startswith("include.")] == []
