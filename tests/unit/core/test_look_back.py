from __future__ import annotations

from datetime import date, timedelta

import pytest

from include.core.look_back import look_backs, require_every_day
from include.errors import MissingPartitionError
from include.specs.derived import Derived
from tests.support.visits import START, states


def counted(dataset: str, days: int) -> Derived:
    return Derived.model_validate(
        {"name": f"n{days}", "from": dataset, "by": ["k"], "window": f"{days}d", "compute": "count"}
    )


def day(number: int) -> date:
    return START + timedelta(days=number)


def test_the_longest_look_back_of_each_dataset_counts() -> None:
    assert look_backs([counted("a", 7), counted("b", 1), counted("a", 30)]) == {"a": 30, "b": 1}


def test_every_day_there_is_enough() -> None:
    require_every_day(states(), {day(3), day(4), day(5)}, day(3), day(6))


def test_days_before_the_start_and_after_the_end_have_no_rows() -> None:
    require_every_day(states(end=day(1)), {day(0), day(1)}, day(-9), day(9))


def test_a_hole_is_named() -> None:
    with pytest.raises(MissingPartitionError, match=r"1 clean partitions .* missing: 2024-01-05") as refused:
        require_every_day(states(), {day(3), day(5)}, day(3), day(6))
    assert refused.value.facts["missing"] == [day(4)]
    assert "if they really have no rows, set the dataset's budgets.min_rows to 0" in str(refused.value)
