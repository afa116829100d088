from __future__ import annotations

from datetime import date

from include.core.quarantine_review import Example, ReviewedDay, sum_up_reasons

FIRST, SECOND = date(2017, 3, 1), date(2017, 3, 2)


def test_the_most_frequent_reason_comes_first_and_ties_by_name() -> None:
    counts = [("b", FIRST, 1), ("c", FIRST, 5), ("c", SECOND, 2), ("a", SECOND, 1)]
    assert [(r.rule, r.rows, r.days, r.first, r.last) for r in sum_up_reasons(counts, [])] == [
        ("c", 7, 2, FIRST, SECOND),
        ("a", 1, 1, SECOND, SECOND),
        ("b", 1, 1, FIRST, FIRST),
    ]


def test_examples_keep_their_order() -> None:
    examples = [("a", Example(SECOND, "2", "x=2")), ("a", Example(FIRST, "1", "x=1"))]
    (reason,) = sum_up_reasons([("a", FIRST, 1), ("a", SECOND, 1)], examples)
    assert [example.key for example in reason.examples] == ["2", "1"]


def test_nothing_in_quarantine_has_no_reason() -> None:
    assert sum_up_reasons([], []) == []


def test_the_share_counts_all_rows() -> None:
    assert ReviewedDay(FIRST, 3, 1, None, "").share == 0.25
    assert ReviewedDay(FIRST, 0, 0, None, "").share == 0.0
