"""Settings name everything that is missing, and keep passwords to themselves."""

from __future__ import annotations

import pytest

from include.errors import SettingsError
from include.settings import Settings

COMPLETE = {
    "PERENNIAL_LAKE_ROOT": "lake",
    "PERENNIAL_REPORTS_ROOT": "reports",
    "PERENNIAL_SNAPSHOT_REGISTRY": "registry.git",
    "PERENNIAL_MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
    "PERENNIAL_WORK_ROOT": "work",
    "PERENNIAL_SPECS_ROOT": "include",
}


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"PERENNIAL_LAKE_ROOT.*PERENNIAL_WORK_ROOT"):
        Settings.from_mapping({k: v for k, v in COMPLETE.items() if "ROOT" not in k})


def test_passwords_do_not_show() -> None:
    address = "postgresql+psycopg://me:hush@db/x"
    settings = Settings.from_mapping(COMPLETE, warehouse_url=address, connections={"pms": address})
    assert "hush" not in repr(settings)
    assert settings.warehouse() == settings.source_url("pms") == address


def test_an_undefined_connection_says_how_to_define_it() -> None:
    with pytest.raises(SettingsError, match="AIRFLOW_CONN_PMS"):
        Settings.from_mapping(COMPLETE).source_url("pms")


def test_a_missing_warehouse_says_how_to_define_it() -> None:
    with pytest.raises(SettingsError, match="AIRFLOW_CONN_PERENNIAL_WAREHOUSE"):
        Settings.from_mapping(COMPLETE).warehouse()


def test_trusted_types_are_listed_with_commas() -> None:
    listed = {"PERENNIAL_TRUSTED_TYPES": "my.Median, my.Quantile,"}
    assert Settings.from_mapping(COMPLETE | listed).trusted_types == ("my.Median", "my.Quantile")
    assert Settings.from_mapping(COMPLETE).trusted_types == ()
