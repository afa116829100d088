"""Each bad input meets the real steps: a clear error or quarantine, nothing lost, nothing half-written."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pytest

from include.adapters.lake import Lake
from include.errors import ContractError, FatalError, RetryableError
from include.settings import Settings
from tests.support.bad_input.case import (
    BadInput,
    Ends,
    Input,
    Places,
    Seen,
    day_before,
    installation,
    night,
    reasons,
)
from tests.support.bad_input.page import PAGE, Page, Sections, line, lines_by_case, page
from tests.support.bad_input.sections import CASES, MODEL_CASES, MODEL_SECTIONS, SECTIONS
from tests.support.sources import all_files

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.wrong}")
def test_a_bad_input(
    case: BadInput,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    bad_input_page: Page,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with case.arrange(Places(tmp_path, request)) as given:
        settings = installation(tmp_path / "inn", given)
        if case.after_a_good_day:
            assert night(settings, given, day_before(given)).error is None
        caplog.clear()
        given.spoil()
        before = all_files(settings.lake_root)
        with caplog.at_level(logging.WARNING, "include"):
            seen = night(settings, given, given.ds)
        told = warnings_of(caplog.records)
        says = sees(settings, given, seen, told)
        for part in case.says:
            assert part in says
        require_outcome(case, settings, given, seen, before)
        todo = seen.error.next_step if seen.error else case.todo
        given.mend()
        require_as_if_nothing_had_happened(tmp_path, settings, given)
    bad_input_page.take(case, line(case, says, todo, tmp_path))


def warnings_of(records: Iterable[logging.LogRecord]) -> list[str]:
    """Return what our own code warns of, whatever level the log has."""
    ours = [record for record in records if record.name.startswith("include.")]
    return [record.getMessage() for record in ours if record.levelno >= logging.WARNING]


def sees(settings: Settings, given: Input, seen: Seen, told: list[str]) -> str:
    """Return what the user reads: the error, or counts, reasons and warnings."""
    if seen.error:
        return f"{seen.error.where}: {seen.error.what}" if seen.error.where else seen.error.what
    assert seen.clean
    broken = [f"`{rule}`: {observed}" for rule, observed in reasons(settings, given.ds)]
    counts = f"{seen.clean.rows} clean row{'' if seen.clean.rows == 1 else 's'}"
    aside = f", {seen.clean.quarantined_rows} in quarantine: {'; '.join(broken)}" if broken else ""
    return ". ".join([counts + aside, *told])


def require_outcome(
    case: BadInput, settings: Settings, given: Input, seen: Seen, before: dict[str, bytes]
) -> None:
    """Nothing is lost, nothing is half-written, and the error is of the class that decides about a retry."""
    assert type(seen.error) is (case.raises or type(None))
    lake, written = Lake(settings.lake_root), all_files(settings.lake_root)
    match case.ends:
        case Ends.REFUSED | Ends.RETRIED:
            assert isinstance(seen.error, FatalError if case.ends is Ends.REFUSED else RetryableError)
            assert seen.error.next_step
            assert written == before
        case Ends.BLOCKED:
            raw = lake.raw_manifest("stays", given.ds)
            assert isinstance(seen.error, ContractError)
            assert raw
            assert raw.rows == sum(case.rows) == lake.read_raw(raw).num_rows
            assert not [name for name in written.keys() - before.keys() if "/clean/" in name]
            assert (settings.reports_root / seen.error.facts["report"]).is_file()
        case Ends.QUARANTINE | Ends.READ:
            raw, clean = lake.raw_manifest("stays", given.ds), lake.clean_manifest("stays", given.ds)
            assert raw
            assert clean
            assert (clean.rows, clean.quarantined_rows) == case.rows
            assert raw.rows == sum(case.rows)
            assert bool(clean.quarantined_rows) is (case.ends is Ends.QUARANTINE)
            table = lake.read_clean(clean)
            for column, values in case.values.items():
                assert table[column].to_pylist() == values


def require_as_if_nothing_had_happened(root: Path, settings: Settings, given: Input) -> None:
    """A later good input works, and leaves the bytes that it leaves where nothing happened before."""
    calm = installation(root / "calm", given)
    after, undisturbed = night(settings, given, given.ds), night(calm, given, given.ds)
    assert after.error is None
    assert after.clean
    assert undisturbed.clean
    assert after.clean.rows > 0
    assert after.clean.quarantined_rows == 0
    assert after.clean.content_sha256 == undisturbed.clean.content_sha256
    raws = [Lake(at.lake_root).raw_manifest("stays", given.ds) for at in (settings, calm)]
    assert raws[0] is not None
    assert raws[1] is not None
    assert raws[0].content_sha256 == raws[1].content_sha256
    assert all_files(settings.work_root) == {}


def test_the_page_has_each_case_and_nothing_else(bad_input_page: Page) -> None:
    if bad_input_page.writes:
        pytest.skip("the page is about to be written")
    text = PAGE.read_text("utf-8")
    lines = lines_by_case(text)

    def found(sections: Sections) -> dict[str, list[str]]:
        return {
            title: [lines[f"| {case.wrong}", case.kind] for case in cases]
            for title, cases in sections.items()
        }

    in_step = page(found(SECTIONS), found(MODEL_SECTIONS))
    assert text == in_step, "docs/bad_input.md is not in step: make bad-input-page"


def test_cases_have_names_of_their_own() -> None:
    names = [(case.wrong, case.kind) for case in [*CASES, *MODEL_CASES]]
    assert len(set(names)) == len(names)
