"""A sample of `make faults-model`: one life with kills in every step."""

from __future__ import annotations

from random import Random

import pytest

from bench.faults_model import Attack
from include.settings import Settings
from tests.support.kills.model_world import STEPS, prepare

pytestmark = pytest.mark.faults


def test_a_life_with_kills_leaves_nothing_twice_and_what_serves_complete(settings: Settings) -> None:
    snapshot, chance = prepare(settings).to_json(), Random(7)  # noqa: S311 - the same moments every time
    attack = Attack(settings)
    kills = [kill for life in (1, 2) for kill in attack.live(life, snapshot, chance)]
    assert [kill for kill in kills if kill.wrong] == []
    assert {kill.step for kill in kills if kill.moment} == set(STEPS)
