from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from include.specs import load_specs

SHIPPED = Path(__file__).parents[3] / "include"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        pytest.param(
            "entity: [agnt]", "leakage.entity.0: dataset bookings has no column 'agnt'", id="entity"
        ),
        pytest.param(
            "waivers: [{check: predicts_label, column: meals, reason: Known when the booking is made}]",
            "'meals' is not among the features",
            id="waiver",
        ),
        pytest.param(
            "waivers: [{check: row_key_across_split, reason: Known when the booking is made}]",
            "cannot be waived",
            id="row key",
        ),
    ],
)
def test_what_the_leakage_section_names_must_be_there(tmp_path: Path, section: str, said: str) -> None:
    root = tmp_path / "include"
    for name in ("datasets", "models"):
        shutil.copytree(SHIPPED / name, root / name)
    model = root / "models/booking_cancellation.yaml"
    model.write_text(model.read_text("utf-8") + f"leakage: {{{section}}}\n", "utf-8")
    problems = [str(problem) for problem in load_specs(root).problems]
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].startswith("include/models/booking_cancellation.yaml:")
