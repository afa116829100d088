from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.adapters.contract_scan import open_scan
from include.adapters.lake import Lake
from include.adapters.neighbours import Neighbours
from include.adapters.row_rules import contract_rules
from include.contracts import Verdict
from include.errors import FatalError, MissingPartitionError
from include.specs import DatasetSpec, Specs
from include.specs.yaml_text import read_yaml
from include.steps import propose_contract
from include.steps.context_checks import look_around
from tests.support.lake_days import put_clean
from tests.support.sources import DAY, stay, stays_spec

COLUMNS = {
    "id": "integer", "part": "string", "at": "timestamp", "size": "number", "count": "integer",
    "word": "string", "yes": "boolean", "day": "date",
}  # fmt: skip
SPEC = stays_spec(
    key=["id", "part"], event_time="at", columns=COLUMNS, contract=[
        {"expect": "column_values_to_not_be_null", "column": "id", "severity": "block"}
    ],
)  # fmt: skip
TEXT = st.none() | st.sampled_from(["", "a", "yes", "1", "2017-01-01", "null", "- x: {", "é #"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5
)  # fmt: skip


@st.composite
def days_of_rows(draw: st.DrawFn) -> dict[date, list[dict[str, Any]]]:
    days = [DAY + timedelta(days=7 * n) for n in range(draw(st.integers(1, 6)))]
    return {ds: [draw(rows(ds)) for _ in range(draw(st.integers(0 if ds != DAY else 1, 6)))] for ds in days}


def rows(ds: date) -> st.SearchStrategy[dict[str, Any]]:
    midnight = datetime(ds.year, ds.month, ds.day, tzinfo=UTC)
    return st.fixed_dictionaries(
        {
            "id": st.none() | st.integers(0, 40) | st.integers(-(2**63), 2**63 - 1),
            "part": TEXT,
            "at": st.integers(0, 86_399_999_999).map(lambda us: midnight + timedelta(microseconds=us)),
            "size": st.none() | st.floats(allow_nan=False),
            "count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "word": TEXT,
            "yes": st.none() | st.booleans(),
            "day": st.none() | st.dates(),
        }
    )


def proposed(spec: DatasetSpec, text: str) -> DatasetSpec:
    """The dataset with the proposal in the place of its contract, as a file would give it."""
    _, sections = read_yaml(text)
    fields = spec.model_dump(mode="json", exclude_none=True, exclude={"contract", "checks", "budgets"})
    return DatasetSpec.model_validate({**fields, "start": spec.start, "arrival": spec.arrival, **sections})


def put_days(lake: Lake, spec: DatasetSpec, days: dict[date, list[dict[str, Any]]]) -> None:
    for ds, found in days.items():
        put_clean(lake, spec, ds, found)


def failures(lake: Lake, work: Path, spec: DatasetSpec, days: Sequence[date]) -> list[str]:
    """Name every rule and check of a spec that fails on one of the days, and every budget that is broken."""
    failed = []
    with open_scan(work) as scan:
        for ds in days:
            raw = lake.raw_manifest("stays", ds)
            assert raw is not None
            neighbours = Neighbours(lake, "stays", ds)
            path = lake.verified_raw(raw)
            context = look_around(work, neighbours, Specs(datasets={"stays": spec}), spec, raw, path)
            rules = [*contract_rules(spec.contract, spec.columns), *context.rules]
            found = scan.find(path, rules)
            failed += [rule.name for rule, n in zip(rules, found.failed_rows, strict=True) if n]
            failed += [f.message for f in context.findings if f.decision.verdict is Verdict.FAILED]
            found.drop()
            if raw.rows < spec.budgets.min_rows:
                failed.append("min_rows")
    return failed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days=days_of_rows())
def test_what_is_proposed_holds_on_the_data_it_was_made_from(
    tmp_path_factory: pytest.TempPathFactory, days: dict[date, list[dict[str, Any]]]
) -> None:
    folder = tmp_path_factory.mktemp("proposal")
    lake = Lake(folder / "lake")
    put_days(lake, SPEC, days)
    text = propose_contract.run(folder / "lake", folder, SPEC, DAY, max(days))
    assert failures(lake, folder, proposed(SPEC, text), list(days)) == []


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def propose(tmp_path: Path, spec: DatasetSpec, last: date) -> str:
    return propose_contract.run(tmp_path / "lake", tmp_path, spec, DAY, last)


def test_a_proposal_tells_its_evidence(tmp_path: Path, lake: Lake) -> None:
    spec = stays_spec()
    days = [DAY + timedelta(days=n) for n in range(42)]
    for number, ds in enumerate(days):
        made = [
            stay(
                100 * number + n,
                ds,
                guest=["Ada", "Eve"][n % 2],
                price=10.0 + n,
                paid=None if n < 2 else True,
            )
            for n in range(20)
        ]
        put_clean(lake, spec, ds, made)
    text = propose(tmp_path, spec, days[-1])
    assert text == (
        "# Proposed from 840 rows of stays, 42 day(s) from 2017-03-01 to 2017-04-11.\n"
        "# All of them meet it. Read each line: what was seen so far need not be what must be.\n"
        "contract:\n"
        "  - {expect: column_values_to_not_be_null, column: stay_id, severity: block}"
        "  # null share 0.0 % of 840 rows\n"
        "  - {expect: column_values_to_be_unique, column: stay_id, severity: block}"
        "  # no key stands twice within a day\n"
        "  - {expect: column_values_to_not_be_null, column: arrives, severity: quarantine}"
        "  # null share 0.0 % of 840 rows\n"
        "  - {expect: column_values_to_not_be_null, column: guest, severity: quarantine}"
        "  # null share 0.0 % of 840 rows\n"
        "  - {expect: column_values_to_be_in_set, column: guest, value_set: [Ada, Eve], severity: warn}"
        "  # 2 different in 840 values\n"
        "  - {expect: column_values_to_not_be_null, column: price, severity: quarantine}"
        "  # null share 0.0 % of 840 rows\n"
        "  - {expect: column_values_to_be_between, column: price, min_value: 0, max_value: 31.0,"
        " severity: warn}"
        "  # 10.0 to 29.0\n"
        "  # paid: null share 10.0 % of 840 rows (84 rows)\n"
        "checks:\n"
        "  - {check: volume, severity: warn, min_share: 0.5, max_share: 2.0}"
        "  # 1.00 to 1.00 of the median on 14 day(s)\n"
        "  - {check: freshness, severity: warn, column: made_at, max_age: 22h}"
        "  # at most 14.5 h before the day's end\n"
        "  - {check: unique_across_partitions, severity: quarantine, columns: [stay_id], days: 30d}"
        "  # no key stands on two of the 42 days\n"
        "budgets: {quarantine_share: 0.02, min_rows: 1}  # the smallest day has 20 rows\n"
    )
    assert failures(lake, tmp_path, proposed(spec, text), days) == []


@pytest.mark.parametrize(
    ("prices", "rule"),
    [
        ([0.0, float("inf")], "column: price, min_value: 0, severity: warn}"),
        ([float("-inf"), 7.0], "column: price, max_value: 7.0, severity: warn}"),
        ([float("-inf"), float("inf")], "# price: -inf to inf, which leaves no room for a bound"),
        ([-1e308, 1e308], "column: price, min_value: -1.0e+308, max_value: 1.0e+308, severity: warn}"),
    ],
)
def test_numbers_without_end_have_no_bound_there(
    tmp_path: Path, lake: Lake, prices: list[float], rule: str
) -> None:
    put_clean(lake, stays_spec(), DAY, [stay(n, price=price) for n, price in enumerate(prices)])
    text = propose(tmp_path, stays_spec(), DAY)
    assert rule in text
    assert failures(lake, tmp_path, proposed(stays_spec(), text), [DAY]) == []


def test_days_that_are_not_there_are_left_out_and_none_is_an_error(tmp_path: Path, lake: Lake) -> None:
    with pytest.raises(MissingPartitionError, match="no row of 2017-03-01 to 2017-03-09"):
        propose(tmp_path, stays_spec(), DAY + timedelta(days=8))
    put_clean(lake, stays_spec(), DAY, [stay(1)])
    assert "1 rows of stays, 1 day(s)" in propose(tmp_path, stays_spec(), DAY + timedelta(days=8))


def test_days_of_other_columns_are_left_out(tmp_path: Path, lake: Lake) -> None:
    put_clean(lake, stays_spec(), DAY, [stay(1)])
    columns = {**stays_spec().columns, "room": "string"}
    with pytest.raises(MissingPartitionError, match="with the columns the spec declares"):
        propose(tmp_path, stays_spec(columns=columns), DAY)


def test_days_the_dataset_has_no_rows_for_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="is after"):
        propose(tmp_path, stays_spec(), DAY - timedelta(days=1))
