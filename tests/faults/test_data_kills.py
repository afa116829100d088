"""A sample of `make faults-data`: each step that writes data is killed at a few of its moments.

That every effect of a step has a moment is looked at as a whole: one that has none refuses to begin.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kills.cases import CASES
from tests.support.kills.runner import Range

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("step", CASES)
def test_a_step_killed_at_any_moment_is_repeated_to_the_same_bytes(tmp_path: Path, step: str) -> None:
    ground = Range(step, tmp_path / "range")
    aims = list(ground.aims())
    for aim in (aims[len(aims) // 3], aims[2 * len(aims) // 3]):
        outcome = ground.kill(aim)
        assert outcome.killed, outcome
        assert outcome.is_harmless, outcome


@pytest.mark.parametrize("step", ["validate", "snapshot, second"])
def test_a_step_killed_while_another_does_the_same_harms_nothing(tmp_path: Path, step: str) -> None:
    ground = Range(step, tmp_path / "range")
    aims = list(ground.aims())
    outcome = ground.kill_beside(aims[len(aims) // 2], share=0.4)
    assert outcome.killed, outcome
    assert outcome.is_harmless, outcome
