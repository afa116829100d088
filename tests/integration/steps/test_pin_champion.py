"""Which version a run scores with."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import Literal

import pytest

from include.adapters import warehouse
from include.errors import NoChampionError, RetiredError
from include.settings import Settings
from include.steps import pin_champion, require_in_service

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(warehouse_settings: Settings) -> Settings:
    """Two versions were promoted, on 1 and 8 May."""
    with warehouse.transaction(warehouse_settings) as conn:
        for version, day in ((1, 1), (2, 8)):
            warehouse.record_promotion(
                conn, "churn", version, date(2017, 5, day), f"run{version}", "a", "tag", "hash", ["better"]
            )
    return warehouse_settings


@pytest.mark.parametrize(
    ("choice", "version"), [("as_of", 1), ("current", 2)], ids=["as of the day", "today's"]
)
def test_an_old_night_is_scored_with(
    settings: Settings, choice: Literal["as_of", "current"], version: int
) -> None:
    assert pin_champion.run(settings, "churn", date(2017, 5, 5), choice).version == version


def test_without_any_champion_the_next_step_is_named(settings: Settings) -> None:
    with pytest.raises(NoChampionError, match="trigger the DAG other__snapshot"):
        pin_champion.run(settings, "other", date(2017, 5, 5), "as_of")


def test_before_the_first_champion_the_current_one_is_offered(settings: Settings) -> None:
    with pytest.raises(NoChampionError, match=r"champion `current` \(version 2\)"):
        pin_champion.run(settings, "churn", date(2017, 4, 5), "as_of")


def retire(settings: Settings, model: str = "churn") -> None:
    with warehouse.transaction(settings) as conn:
        warehouse.record_retirement(
            conn, model, key=f"retirement:{model}:1", reason="the product ended", actor="ada",
            archive=f"{model}/retired/1", details={},
        )  # fmt: skip


@pytest.mark.parametrize("choice", ["as_of", "current"])
def test_a_retired_model_scores_no_night(settings: Settings, choice: Literal["as_of", "current"]) -> None:
    retire(settings)
    with pytest.raises(
        RetiredError, match=r"model churn: retired by ada: the product ended. Next: .*rollback"
    ):
        pin_champion.run(settings, "churn", date(2017, 5, 5), choice)


def test_the_retirement_of_another_model_changes_nothing(settings: Settings) -> None:
    retire(settings, "other")
    require_in_service.run(settings, "churn")
    assert pin_champion.run(settings, "churn", date(2017, 5, 5), "as_of").version == 1


def test_a_promotion_puts_a_retired_model_back_into_service(settings: Settings) -> None:
    retire(settings)
    with warehouse.transaction(settings) as conn:
        warehouse.record_promotion(
            conn, "churn", 3, date(2017, 5, 20), "run3", "a", "tag", "hash", ["wanted again"]
        )
    require_in_service.run(settings, "churn")
    assert pin_champion.run(settings, "churn", date(2017, 5, 25), "as_of").version == 3


def test_pinning_loads_no_heavy_library() -> None:
    code = (
        "import sys, include.steps.pin_champion;"
        " print(sorted({'mlflow', 'pandas', 'sklearn', 'dvc'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
