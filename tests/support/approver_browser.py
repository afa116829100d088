"""A person at Airflow's web UI: signs in, finds the question and answers it in headless Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.support.asking_airflow import AskingAirflow, Question

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_PATIENCE_MILLISECONDS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    expect.set_options(timeout=_PATIENCE_MILLISECONDS)
    with sync_playwright() as driver:
        # Chromium's sandbox does not work for root.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class ApproverBrowser:
    """One person's own browser session; `close` it: open pages keep asking the server."""

    def __init__(self, browser: Browser, stack: AskingAirflow, person: str, pictures: Path) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1400, "height": 1100})
        self.page.set_default_timeout(_PATIENCE_MILLISECONDS)
        self._address, self._pictures = stack.airflow_url, pictures
        self.page.goto(f"{self._address}/auth/login/")
        self.page.get_by_label("Username").fill(person)
        self.page.get_by_label("Password").fill(stack.accounts.passwords()[person])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self._address}/")

    def close(self) -> None:
        self.page.close()

    def open(self, question: Question) -> None:
        run = question.run
        path = f"/dags/{run.dag_id}/runs/{run.run_id}/tasks/approve_promotion/required_actions"
        self.page.goto(self._address + path)
        expect(self.button("Approve")).to_be_visible()

    def button(self, option: str) -> Locator:
        return self.page.get_by_role("button", name=option, exact=True)

    def give_reason(self, reason: str) -> None:
        self.page.locator('[name="element_reason"]').fill(reason)

    def picture(self, name: str) -> None:
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}.png", full_page=True)
