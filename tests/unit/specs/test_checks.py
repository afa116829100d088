from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from include.specs import load_specs
from include.specs.checks import FreshnessCheck, duration_text
from tests.support.sources import stays_spec

UNIQUE = {
    "check": "unique_across_partitions", "severity": "block", "columns": ["stay_id"], "days": "30d",
}  # fmt: skip
PARENT = {
    "check": "foreign_key", "severity": "quarantine", "columns": ["stay_id"], "dataset": "inns",
    "references": ["stay_id"], "days": "365d",
}  # fmt: skip


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        pytest.param(
            {"check": "volume", "severity": "quarantine"}, "block", id="a partition has no quarantine"
        ),
        pytest.param(
            {"check": "volume", "severity": "warn", "min_share": None, "max_share": None},
            "needs min_share or max_share",
            id="volume without bounds",
        ),
        pytest.param(
            {"check": "volume", "severity": "warn", "weeks": 3}, "is more than weeks", id="history too short"
        ),
        pytest.param(
            {"check": "freshness", "severity": "warn", "column": "made_at", "max_age": "soon"},
            "90s, 5m, 6h or 2d",
            id="no length of time",
        ),
        pytest.param(
            {"check": "freshness", "severity": "warn", "column": "guest", "max_age": "6h"},
            "not a date or timestamp",
            id="freshness of a text",
        ),
        pytest.param(
            {"check": "outliers", "severity": "warn", "column": "arrives", "days": "7d"},
            "not a number",
            id="outliers of dates",
        ),
        pytest.param({**UNIQUE, "columns": ["room"]}, "does not declare", id="no such column"),
        pytest.param({**PARENT, "references": ["a", "b"]}, "1 column(s) and references 2", id="pairs"),
        pytest.param({**UNIQUE, "days": 30}, "with its unit", id="days without a unit"),
    ],
)
def test_an_impossible_check_is_refused(check: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint.replace("(", r"\(").replace(")", r"\)")):
        stays_spec(checks=[check])


def test_two_checks_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="stands twice: stay_id not seen in the 30 days before"):
        stays_spec(checks=[UNIQUE, {**UNIQUE, "severity": "warn"}])


@pytest.mark.parametrize(
    ("text", "length"),
    [("90m", timedelta(minutes=90)), ("6h", timedelta(hours=6)), ("2d", timedelta(days=2))],
)
def test_a_length_of_time_is_read_and_written_alike(text: str, length: timedelta) -> None:
    check = FreshnessCheck(check="freshness", severity="warn", column="made_at", max_age=text)  # type: ignore[arg-type]
    assert check.max_age == length
    assert duration_text(check.max_age) == text
    assert check.model_dump(mode="json")["max_age"] == text


@pytest.mark.parametrize("name", ["quarantine_ds", "quarantine_row", "quarantine_action"])
def test_columns_that_replay_needs_are_taken(name: str) -> None:
    with pytest.raises(ValidationError, match="quarantined rows are explained in"):
        stays_spec(columns={**stays_spec().columns, name: "string"})


def write(root: Path, **datasets: list[dict[str, Any]]) -> Path:
    """Datasets like `stays`, by name, with these checks."""
    (root / "include/datasets").mkdir(parents=True)
    for name, checks in datasets.items():
        tree = stays_spec(dataset=name).model_dump(mode="json", exclude_none=True)
        tree["source"] = {"kind": "sql", "connection": "inn", "table": "stays"}
        text = yaml.safe_dump({**tree, "checks": checks}, sort_keys=False)
        (root / f"include/datasets/{name}.yaml").write_text(text)
    return root / "include"


def test_a_foreign_key_finds_its_dataset(tmp_path: Path) -> None:
    specs = load_specs(write(tmp_path, stays=[PARENT], inns=[]))
    assert specs.problems == []
    assert set(specs.datasets) == {"stays", "inns"}


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        pytest.param({**PARENT, "dataset": "motels"}, "no sound dataset 'motels'; known: inns", id="dataset"),
        pytest.param(
            {**PARENT, "references": ["stay_ids"]},
            "has no column 'stay_ids'; did you mean 'stay_id'?",
            id="column",
        ),
        pytest.param(
            {**PARENT, "references": ["guest"]}, "'guest' is string in inns, 'stay_id' is integer", id="type"
        ),
        pytest.param({**PARENT, "dataset": "stays"}, "would wait for the same day of stays", id="itself"),
    ],
)
def test_a_foreign_key_that_leads_nowhere_is_named_with_its_line(
    tmp_path: Path, check: dict[str, Any], complaint: str
) -> None:
    specs = load_specs(write(tmp_path, stays=[check], inns=[]))
    assert set(specs.datasets) == {"inns"}
    (problem,) = specs.problems
    assert complaint in str(problem)
    assert str(problem).startswith("include/datasets/stays.yaml:")
    line = (tmp_path / "include/datasets/stays.yaml").read_text().splitlines()[(problem.line or 0) - 1]
    assert "dataset" in line or "references" in line or "stay_ids" in line or "guest" in line


def test_foreign_keys_must_not_wait_for_each_other(tmp_path: Path) -> None:
    specs = load_specs(write(tmp_path, stays=[PARENT], inns=[{**PARENT, "dataset": "stays"}], other=[]))
    assert set(specs.datasets) == {"other"}


def test_a_dataset_that_points_to_a_broken_one_is_broken_too(tmp_path: Path) -> None:
    broken = {**PARENT, "dataset": "nowhere"}
    specs = load_specs(write(tmp_path, a=[{**PARENT, "dataset": "b"}], b=[broken], c=[]))
    assert set(specs.datasets) == {"c"}
    assert len(specs.problems) == 2
