"""Derived features are refused with file, line, field, value and advice."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from include.specs import ModelSpec, load_specs
from include.specs.column_type import ColumnType
from include.specs.derived import Derived, read_derived
from tests.support.model_specs import BASE
from tests.unit.specs.test_loader import MODEL, edit, only_problem, root

__all__ = ["root"]

COUNT = "{name: agent_bookings, from: bookings, by: [agent], window: 90d, compute: count}"
MEAN = "{name: agent_adr, from: bookings, by: [agent, hotel], window: 30d, compute: mean, column: adr}"
LATEST = "{name: last_outcome, from: booking_outcomes, by: [booking_id], latest: is_canceled, within: 7d}"


def derive(root: Path, *features: str, use: str | None = None) -> int:
    """Add derived features to the shipped model, and use one; return the line of the first."""
    listed = "".join(f"  - {feature}\n" for feature in features)
    if use is not None:
        edit(root, MODEL, "    - adr\n", f"    - adr\n    {use}\n")
    return edit(root, MODEL, "features:\n", f"derived:\n{listed}features:\n") + 1


def test_derived_features_are_features_like_others(root: Path) -> None:
    derive(root, COUNT, MEAN, LATEST, use="- agent_adr")
    specs = load_specs(root)
    assert specs.problems == []
    model = specs.model("booking_cancellation")
    assert model.datasets == ["booking_outcomes", "bookings"]
    assert [one.name for one in model.derived_among(model.features.all)] == ["agent_adr"]
    assert [one.look_back for one in model.derived] == [90, 30, 7]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("from: bookings", "from: visits", "no sound dataset 'visits'", id="dataset"),
        pytest.param("[agent]", "[agnt]", "did you mean 'agent'?", id="by"),
        pytest.param("[agent]", "[adr]", "'adr' is a number, whose fractions rarely agree", id="by a number"),
        pytest.param("[agent]", "[agent, agent]", "by: named twice: agent", id="by twice"),
        pytest.param("name: agent_bookings", "name: Agent", "has a column 'agent'", id="name of a column"),
        pytest.param("name: agent_bookings", "name: agent_adr", "named twice: agent_adr", id="name twice"),
        pytest.param("window: 90d, ", "", "a window needs `window`", id="no window"),
        pytest.param(", compute: count", "", "a window needs `window`", id="nothing computed"),
        pytest.param("window: 90d, compute: count", "within: 3d", "write `window` and `compute`", id="half"),
        pytest.param("compute: count", "compute: count, latest: adr", "take one of the two", id="both ways"),
        pytest.param("compute: count", "compute: sum", "sum needs the `column`", id="sum of nothing"),
        pytest.param(
            "compute: count", "compute: sum, column: hotel", "'hotel' is a string", id="sum of text"
        ),
        pytest.param("compute: count", "compute: max, column: adrr", "did you mean 'adr'?", id="column"),
        pytest.param("compute: count", "compute: median", "'median'", id="aggregate"),
        pytest.param("from:", "form:", "did you mean 'from'?", id="misspelt key"),
    ],
)
def test_what_cannot_be_derived_is_named_with_its_line(root: Path, old: str, new: str, said: str) -> None:
    line = derive(root, MEAN, COUNT.replace(old, new, 1)) + 1
    problems = [str(problem) for problem in load_specs(root).problems]
    assert any(said in problem for problem in problems), problems
    assert any(f"{MODEL}:{line}: derived" in problem or "named twice" in problem for problem in problems)


OWN_OUTCOMES = "{name: x, from: booking_outcomes, by: [%s], window: 9d, compute: mean, column: is_canceled}"


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("booking_id", "is the label; earlier rows of booking_outcomes"),
        ("is_canceled", "nobody knows at the"),
    ],
)
def test_labels_that_were_not_known_at_the_event_are_no_features(root: Path, by: str, said: str) -> None:
    """Labels that stand in the very rows of the events are filled in later."""
    edit(root, MODEL, "\ndataset: bookings\n", "\ndataset: booking_outcomes\n")
    line = derive(root, OWN_OUTCOMES % by)
    problems = [str(problem) for problem in load_specs(root).problems]
    assert any(f"{MODEL}:{line}: derived" in problem and said in problem for problem in problems), problems


def test_a_moment_is_no_feature_whoever_derives_it(root: Path) -> None:
    derive(root, COUNT.replace("compute: count", "compute: max, column: booked_at"))
    assert "'booked_at' is a timestamp; max takes numbers" in only_problem(root)


def test_a_text_is_a_category_and_no_number(root: Path) -> None:
    derive(root, LATEST.replace("is_canceled", "outcome_date"), use="- last_outcome")
    assert "'last_outcome' is date, not a number" in only_problem(root)


def test_what_is_stored_with_a_version_is_read_back(root: Path) -> None:
    derive(root, COUNT, LATEST)
    derived = load_specs(root).model("booking_cancellation").derived
    stored = {"derived": [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in derived]}
    assert stored["derived"][0]["window"] == "90d"
    assert read_derived(stored) == derived
    assert read_derived({}) == []


@pytest.mark.parametrize(
    ("compute", "kind", "expected"),
    [
        ("count_distinct", ColumnType.STRING, ColumnType.INTEGER),
        ("sum", ColumnType.INTEGER, ColumnType.NUMBER),
        ("max", ColumnType.INTEGER, ColumnType.INTEGER),
        ("min", ColumnType.BOOLEAN, ColumnType.BOOLEAN),
    ],
)
def test_a_type_follows_from_what_is_computed(compute: str, kind: ColumnType, expected: ColumnType) -> None:
    one = Derived.model_validate(
        {"name": "x", "from": "d", "by": ["k"], "window": "1d", "compute": compute, "column": "c"}
    )
    assert one.type_from({"c": kind}) is expected


def test_names_may_not_differ_in_case_alone() -> None:
    twice = [
        {"name": name, "from": "events", "by": ["kind"], "window": "1d", "compute": "count"}
        for name in ("seen", "Seen")
    ]
    with pytest.raises(ValidationError, match="named twice: seen"):
        ModelSpec.model_validate({**BASE, "derived": twice})
