"""A sensor does not wait half a day for what cannot come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.adapters import lake_manifests
from include.errors import FatalError, RetiredError
from include.settings import Settings
from include.steps import require_in_service
from perennial_airflow.sensors.partition_ready import PartitionReadySensor
from perennial_airflow.sensors.week_published import WeekPublishedSensor

MakeContext = Callable[..., dict[str, Any]]
MODEL = "booking_cancellation"
DAY = {"partition": "2017-05-03"}


@pytest.fixture
def retired(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The model is retired; holds whom the sensors ask about."""
    asked: list[str] = []

    def refuse(settings: Settings, model: str) -> None:
        assert settings.warehouse().startswith("postgresql+psycopg://writer")
        asked.append(model)
        raise RetiredError("retired by ada: the product ended", where=f"model {model}")

    monkeypatch.setattr(require_in_service, "run", refuse)
    return asked


def test_a_partition_that_may_come_is_waited_for(make_context: MakeContext) -> None:
    sensor = PartitionReadySensor(task_id="wait", dataset="bookings")
    assert sensor.poke(make_context("manual", {"partition": "2017-05-03"})) is False


def test_a_partition_of_a_day_the_dataset_does_not_have_is_refused(make_context: MakeContext) -> None:
    sensor = PartitionReadySensor(task_id="wait", dataset="bookings")
    with pytest.raises(FatalError, match="2018-01-01 is outside the days"):
        sensor.poke(make_context("manual", {"partition": "2018-01-01"}))


def test_a_week_that_reaches_out_of_the_dataset_is_refused(make_context: MakeContext) -> None:
    sensor = WeekPublishedSensor(task_id="wait", model="booking_cancellation")
    with pytest.raises(FatalError, match="2017-08-28 to 2017-09-03 is outside the days"):
        sensor.poke(make_context("manual", {"partition": "2017-08-28"}))


def test_datasets_that_features_are_derived_from_are_waited_for_too(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def here(root: object, dataset: str, day: date) -> object | None:
        asked.append((dataset, day))
        return None if dataset == "booking_outcomes" else object()

    monkeypatch.setattr(lake_manifests, "clean_manifest", here)
    context = make_context("manual", {"partition": "2017-05-03"})
    assert PartitionReadySensor(task_id="wait", dataset="bookings").poke(context) is True
    also = PartitionReadySensor(task_id="wait", dataset="bookings", also=["booking_outcomes"])
    assert also.poke(context) is False
    day = date(2017, 5, 3)
    assert asked == [("bookings", day), ("bookings", day), ("booking_outcomes", day)]


def test_no_partition_is_waited_for_on_behalf_of_a_retired_model(
    make_context: MakeContext, retired: list[str]
) -> None:
    sensor = PartitionReadySensor(task_id="wait", dataset="bookings", model=MODEL)
    with pytest.raises(AirflowSkipException, match="retired by ada: the product ended"):
        sensor.poke(make_context("manual", DAY))
    assert retired == [MODEL]


def test_where_the_partition_is_there_pinning_says_that_the_model_was_retired(
    make_context: MakeContext, retired: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_manifests, "clean_manifest", lambda *_: object())
    sensor = PartitionReadySensor(task_id="wait", dataset="bookings", model=MODEL)
    assert sensor.poke(make_context("manual", DAY)) is True
    assert retired == []


def test_the_week_of_a_retired_model_is_skipped(make_context: MakeContext, retired: list[str]) -> None:
    sensor = WeekPublishedSensor(task_id="wait", model=MODEL)
    with pytest.raises(AirflowSkipException, match="the product ended"):
        sensor.poke(make_context("manual", {"partition": "2017-05-01"}))
    assert retired == [MODEL]
