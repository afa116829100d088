from __future__ import annotations

import pytest

from include.core.approval import LONGEST_REASON, eligible_approvers, objection

APPROVERS = ["rita", "tom"]


@pytest.mark.parametrize(
    ("requested_by", "expected"),
    [(None, ["rita", "tom"]), ("rita", ["tom"]), ("sam", ["rita", "tom"])],
)
def test_who_asked_for_the_training_may_not_answer(requested_by: str | None, expected: list[str]) -> None:
    assert eligible_approvers(APPROVERS, requested_by) == expected


def test_an_approvers_answer_with_a_reason_counts() -> None:
    assert objection(names=["rita"], approvers=APPROVERS, requested_by="sam", reason="looks right") is None


@pytest.mark.parametrize(
    ("names", "requested_by", "reason", "said"),
    [
        (["rita"], "rita", "mine", "asked for the training"),
        (["Rita M.", "rita"], "rita", "mine", "Rita M. or rita asked for the training"),
        (["eve"], None, "please", "eve is not among the approvers"),
        ([], None, "silence", "somebody without a name is not among"),
        (["rita"], None, "", "rita gave no reason"),
        (["rita"], None, " \n\t", "rita gave no reason"),
        (["rita"], None, "a\0b", "a text of at most"),
        (["rita"], None, "a" * (LONGEST_REASON + 1), "at most 2,000 characters"),
    ],
)
def test_other_answers_do_not_count(
    names: list[str], requested_by: str | None, reason: str, said: str
) -> None:
    wrong = objection(names=names, approvers=APPROVERS, requested_by=requested_by, reason=reason)
    assert wrong is not None
    assert said in wrong


def test_an_id_counts_as_a_name() -> None:
    assert objection(names=["Rita M.", "rita"], approvers=APPROVERS, requested_by=None, reason="ok") is None
