"""A version is rolled back by the trigger form in a browser, and the next night is scored by the one before.

The pictures lie in the folder that `PERENNIAL_PICTURES` names, else in a temporary one.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from include.contracts import RollbackResult
from include.demo.airflow_api import AirflowApi, Run
from tests.support.approver_browser import CHROMIUM, ApproverBrowser, chromium
from tests.support.asking_airflow import AS_OF, LATER, MODEL, AskingAirflow, wait_until
from tests.support.serving_airflow import scored_by, serve_successor
from tests.support.shop import Shop

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]

NIGHT, NEXT_NIGHT = LATER, LATER + timedelta(days=1)
DAG = f"{MODEL}__rollback"


def newest_run(admin: AirflowApi) -> Run | None:
    found = admin.get(f"/dags/{DAG}/dagRuns", order_by="-run_after")["dag_runs"]
    return Run(DAG, found[0]["dag_run_id"], found[0]["state"]) if found else None


def test_the_next_night_is_scored_by_the_version_before(
    stack: AskingAirflow, admin: AirflowApi, people: dict[str, AirflowApi], pictures: Path
) -> None:
    Shop(stack.settings(), MODEL).write_days(NIGHT, NEXT_NIGHT)
    days = [AS_OF + timedelta(days=number) for number in (2, 3)]
    first, second = (serve_successor(admin, people["rita"], day, f"form-{day}") for day in days)
    assert scored_by(admin, NIGHT, "form-night-before") == second
    with chromium() as browser:
        screen = ApproverBrowser(browser, stack, "eve", pictures)
        page = screen.page
        page.goto(f"{stack.airflow_url}/dags/{DAG}")
        screen.button("Trigger Dag").click()
        form = page.get_by_role("dialog")
        form.locator('[name="element_reason"]').fill("too many false alarms")
        form.locator("label").filter(has=page.locator('[name="element_dry_run"]')).click()
        expect(form.locator('[name="element_dry_run"]')).not_to_be_checked()
        screen.picture("rollback_form")
        form.get_by_role("button", name="Trigger", exact=True).click()
        done = admin.wait(wait_until(lambda: newest_run(admin), "the rollback's run"), lambda: None)
        page.goto(f"{stack.airflow_url}/dags/{DAG}/runs/{done.run_id}/tasks/rollback_champion")
        expect(page.get_by_text("Success").first).to_be_visible()
        screen.picture("rolled_back")
        screen.close()
    said = RollbackResult.from_json(admin.result(done, "rollback_champion"))
    assert (said.dry_run, said.from_version, said.to_version) == (False, second, first)
    assert scored_by(admin, NEXT_NIGHT, "form-night-after") == first
