"""The examples of docs/sources.md are sound specs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from include.specs.dataset import Origin

PAGE = Path(__file__).parents[3] / "docs/sources.md"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
PAGINATIONS = re.findall(r"`(\{kind: (?:cursor|link|page|none).*?\})`", PAGE.read_text("utf-8"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_sound(example: str) -> None:
    source = yaml.safe_load(example)["source"]
    assert TypeAdapter(Origin).validate_python(source).kind == source["kind"]


def test_each_way_of_cutting_pages_has_a_sound_example() -> None:
    http = next(source for text in EXAMPLES if (source := yaml.safe_load(text)["source"])["kind"] == "http")
    kinds = [
        TypeAdapter(Origin).validate_python({**http, "pagination": yaml.safe_load(text)}).pagination.kind  # type: ignore[union-attr]
        for text in PAGINATIONS
    ]
    assert set(kinds) == {"cursor", "link", "page", "none"}
