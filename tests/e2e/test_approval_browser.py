"""A person is asked under a real Airflow, and answers in a browser.

The pictures lie in the folder that `PERENNIAL_PICTURES` names, else in a temporary one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from include.contracts import EvaluationRef, PromotionResult
from include.demo.airflow_api import AirflowApi
from tests.support.approver_browser import CHROMIUM, ApproverBrowser, chromium
from tests.support.asking_airflow import LATER, MODEL, AskingAirflow, Question, announce

Enter = Callable[[str], ApproverBrowser]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def enter(browser: Browser, stack: AskingAirflow, pictures: Path) -> Iterator[Enter]:
    """Let a person sign in; their page is closed after the test."""
    opened: list[ApproverBrowser] = []

    def sign_in(person: str) -> ApproverBrowser:
        opened.append(ApproverBrowser(browser, stack, person, pictures))
        return opened[-1]

    yield sign_in
    for screen in opened:
        screen.close()


@pytest.fixture(scope="module")
def asked(admin: AirflowApi) -> Question:
    """The administrator asks for a training; its candidate passed the gates."""
    admin.trigger(f"{MODEL}__snapshot", "by-admin", {"as_of": LATER.isoformat()})
    return Question.open(admin)


@pytest.fixture(scope="module")
def evidence(asked: Question, admin: AirflowApi) -> EvaluationRef:
    events = admin.get(f"{asked.run.path}/upstreamAssetEvents")["asset_events"]
    return EvaluationRef.from_json(events[0]["extra"])


def result(question: Question) -> PromotionResult:
    return PromotionResult.from_json(question.result("promote_candidate"))


@pytest.mark.parametrize("person", ["eve", "vic", "admin"])
def test_the_wrong_person_is_refused(enter: Enter, asked: Question, person: str) -> None:
    screen = enter(person)
    screen.open(asked)
    screen.give_reason("let me")
    screen.button("Approve").click()
    expect(screen.page.get_by_text("Access Denied")).to_be_visible()
    screen.picture(f"wrong_person_{person}")
    assert not asked.details()["response_received"]


def test_the_form_shows_the_evidence_and_wants_a_reason(enter: Enter, asked: Question) -> None:
    screen = enter("rita")
    screen.open(asked)
    expect(screen.page.get_by_text("Shall version")).to_be_visible()
    expect(screen.page.get_by_role("cell", name="roc_auc_score").first).to_be_visible()
    expect(screen.page.get_by_text("no champion yet")).to_be_visible()
    expect(screen.page.get_by_role("link", name="All the evidence")).to_be_visible()
    expect(screen.button("Approve")).to_be_disabled()
    expect(screen.button("Reject")).to_be_disabled()
    screen.picture("form")


def test_rejecting_keeps_the_champion(enter: Enter, asked: Question) -> None:
    screen = enter("rita")
    screen.open(asked)
    screen.give_reason("the summer is not in it")
    screen.button("Reject").click()
    states = asked.states()
    screen.page.reload()
    expect(screen.page.get_by_text("Success").first).to_be_visible()
    screen.picture("rejected")
    assert states["announce_champion"] == "skipped"
    assert result(asked).reasons == ["rita did not approve: the summer is not in it"]


def test_what_nobody_answered_is_shown_as_rejected(
    enter: Enter,
    stack: AskingAirflow,
    admin: AirflowApi,
    evidence: EvaluationRef,
) -> None:
    stack.ask_for("5s")
    question = announce(admin, evidence.model_copy(update={"holdout_rows": 1}), "browser-silence")
    question.states()
    stack.ask_for("10m")
    screen = enter("rita")
    screen.open(question)
    expect(screen.button("Approve")).to_be_disabled()
    screen.picture("expired")
    assert result(question).reasons == ["nobody approved in time: nobody answered within 5s"]


def test_approving_promotes(
    enter: Enter,
    stack: AskingAirflow,
    admin: AirflowApi,
    evidence: EvaluationRef,
) -> None:
    announce(admin, evidence.model_copy(update={"holdout_rows": 2}), "browser-yes")
    question = Question.open(admin)
    screen = enter("rita")
    screen.page.goto(f"{stack.airflow_url}/required_actions?response_received=false")
    expect(screen.page.get_by_text("Shall version").first).to_be_visible()
    screen.picture("open_questions")
    screen.open(question)
    screen.give_reason("better, and it has the summer")
    screen.button("Approve").click()
    states = question.states()
    screen.page.reload()
    expect(screen.page.get_by_text("Success").first).to_be_visible()
    screen.picture("approved")
    assert states["announce_champion"] == "success"
    assert (result(question).promoted, result(question).approved_by) == (True, "rita")
