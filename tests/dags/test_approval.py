"""Only where the spec wants a person's yes is there a task that asks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.dags.conftest import PROJECT_ROOT, parse_dags

PROMOTE = "booking_cancellation__promote"
MANUAL = "gates:\n  approval: {mode: manual, approvers: [rita], expires: 2d}\n"


def upstream(dags: dict[str, Any]) -> dict[str, list[str]]:
    return {name: task["upstream"] for name, task in dags[PROMOTE]["tasks"].items()}


def test_nobody_is_asked_by_default(parsed: dict[str, Any]) -> None:
    assert upstream(parsed["dags"]) == {
        "decide_promotion": [],
        "promote_candidate": ["decide_promotion"],
        "announce_champion": ["promote_candidate"],
    }


def test_the_question_stands_between_decision_and_promotion(tmp_path: Path) -> None:
    for kind in ("datasets", "models"):
        shutil.copytree(PROJECT_ROOT / "include" / kind, tmp_path / "specs" / kind)
    model = tmp_path / "specs/models/booking_cancellation.yaml"
    model.write_text(model.read_text("utf-8").replace("gates:\n", MANUAL), "utf-8")
    parsed = parse_dags(tmp_path / "specs", tmp_path / "airflow")
    assert parsed["errors"] == {}
    assert upstream(parsed["dags"])["approve_promotion"] == ["decide_promotion"]
    assert "approve_promotion" in upstream(parsed["dags"])["promote_candidate"]
