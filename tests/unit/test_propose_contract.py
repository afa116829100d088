from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from include import propose_contract
from include.adapters.lake import Lake
from include.specs.dataset import DatasetSpec
from tests.support.lake_days import put_clean
from tests.support.sources import DAY, stay, stays_spec


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    spec: DatasetSpec = stays_spec()
    (tmp_path / "include/datasets").mkdir(parents=True)
    tree = spec.model_dump(mode="json", exclude_none=True)
    (tmp_path / "include/datasets/stays.yaml").write_text(yaml.safe_dump({**tree, "start": spec.start}))
    return tmp_path / "include"


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, specs: Path, last: str = "2017-03-01") -> int:
    monkeypatch.setenv("PERENNIAL_LAKE_ROOT", str(tmp_path / "lake"))
    arguments = ["propose-contract", "stays", "2017-03-01", last, "--specs", str(specs)]
    monkeypatch.setattr(sys, "argv", arguments)
    return propose_contract.main()


def test_the_command_prints_yaml(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, specs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_clean(Lake(tmp_path / "lake"), stays_spec(), DAY, [stay(1), stay(2)])
    assert run(monkeypatch, tmp_path, specs) == 0
    assert set(yaml.safe_load(capsys.readouterr().out)) == {"contract", "checks", "budgets"}


def test_what_stands_in_the_way_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, specs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, specs) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "Next: run stays__load_history for these days first" in said.err
