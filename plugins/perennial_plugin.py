"""Registers Perennial with Airflow: the result pages, served behind Airflow's own login."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from perennial_airflow.console.mount import console_app


class PerennialPlugin(AirflowPlugin):
    """Everything Perennial adds to the Airflow web UI."""

    name = "perennial"
    fastapi_apps = [{"app": console_app, "url_prefix": "/perennial", "name": "perennial"}]
