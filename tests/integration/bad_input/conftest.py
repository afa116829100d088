"""Writes the page of bad inputs out of what the tests saw, where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.bad_input.page import Page
from tests.support.bad_input.sections import MODEL_SECTIONS, SECTIONS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-page", action="store_true", help="write docs/bad_input.md from what is seen")


@pytest.fixture(scope="session")
def bad_input_page(request: pytest.FixtureRequest) -> Iterator[Page]:
    kept = Page(bool(request.config.getoption("--write-page", default=False)))
    yield kept
    if kept.writes:
        kept.write(SECTIONS, MODEL_SECTIONS)
