from __future__ import annotations

from include.contracts import Decision, EvaluationRef, MetricEstimate, Verdict
from include.core.approval_form import SHOWN_DECISIONS, form_body, form_subject
from tests.support.evaluations import evaluation, plan


def body(evidence: EvaluationRef, *, requested_by: str | None = None, url: str | None = "/page.html") -> str:
    return form_body(
        plan(requested_by=requested_by),
        evidence,
        approvers=["rita", "tom"],
        confidence=0.95,
        expires="2d",
        evidence_url=url,
    )


def test_the_subject_is_the_question() -> None:
    assert form_subject(plan()) == "Shall version 2 of booking_cancellation serve?"


def test_both_versions_stand_beside_each_other_with_intervals() -> None:
    text = body(evaluation())
    assert "| **metric** | **version 2** | **version 1, serving** |" in text
    assert "| roc\\_auc\\_score | 0.8421 (0.8312 to 0.853) | 0.8308 (0.8196 to 0.842) |" in text
    assert "4,210 rows from 2017-03-20 to 2017-04-16 that neither was trained on" in text
    assert "intervals of 95%" in text


def test_a_first_version_stands_alone() -> None:
    text = body(evaluation(champion_version=None, champion_metrics={}))
    assert "Nothing serves this model yet." in text
    assert "| **metric** | **version 2** |\n" in text


def test_what_has_no_interval_or_no_counterpart_is_shown_without() -> None:
    text = body(evaluation(metrics={"log_loss": MetricEstimate(value=0.5)}, champion_metrics={}))
    assert "| log\\_loss | 0.5 | – |" in text


def test_it_says_who_asked_who_may_answer_and_until_when() -> None:
    text = body(evaluation(), requested_by="sam")
    assert "asked for by **sam**" in text
    assert "May answer: rita, tom. No answer within 2d means no." in text
    assert "by a schedule or the weekly check" in body(evaluation())


def test_every_gate_is_shown_with_its_reasons() -> None:
    assert "| absolute.roc\\_auc\\_score | passed | 0.842 is at least 0.7 |" in body(evaluation())


def test_values_from_the_data_cannot_break_the_table_or_add_markup() -> None:
    nasty = Decision(
        gate="slice.country", verdict=Verdict.NOT_ENOUGH_EVIDENCE, reasons=["a|b <img>\n# [x](y)"]
    )
    row = body(evaluation(decisions=[nasty])).splitlines()[-3]
    assert row == "| slice.country | not enough evidence | a\\|b \\<img\\> \\# \\[x\\](y) |"


def test_a_very_long_list_of_gates_ends_with_how_many_more_there_are() -> None:
    gates = [
        Decision(gate=f"behaviour.{n}", verdict=Verdict.PASSED, reasons=[])
        for n in range(SHOWN_DECISIONS + 3)
    ]
    text = body(evaluation(decisions=gates))
    assert "and 3 more decisions" in text
    assert f"behaviour.{SHOWN_DECISIONS} " not in text


def test_the_page_with_the_evidence_is_linked_where_there_is_one() -> None:
    assert body(evaluation()).endswith("[All the evidence](/page.html)")
    assert "evidence](" not in body(evaluation(), url=None)
