"""A mistake in a block of several kinds is shown where it stands, with the keys of that kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.specs import load_specs

DATASET = """\
dataset: stays
owner: tests
description: Stays of guests.
source:
  kind: http
  connection: desk
  path: /v1/stays
  params: {day: "{ds}"}
  pagination:
    kind: cursor
    next: meta.next
key: [stay_id]
event_time: made_at
start: 2017-01-01
columns: {stay_id: integer, made_at: timestamp}
contract: [{expect: column_values_to_not_be_null, column: stay_id, severity: block}]
budgets: {quarantine_share: 0.1}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    next: meta.next\n", "", ":9: source.pagination.next: this key is missing"),
        (
            "    next:",
            "    nxt: x\n    next:",
            ":11: source.pagination.nxt: unknown key; did you mean 'next'?",
        ),
        ("  path:", "  paths: x\n  path:", ":7: source.paths: unknown key; did you mean 'path'?"),
        (
            "  path:",
            "  delimiter: x\n  path:",
            ":7: source.delimiter: unknown key; known keys: kind, connection, path",
        ),
        ("path: /v1/stays", "path: v1/stays", ":7: source.path: begin with a single /"),
        ("kind: http", "kind: ftp", ":4: source: Input tag 'ftp' found using 'kind'"),
        ('  params: {day: "{ds}"}\n', "", ":4: source: `path` or `params` must ask for a day"),
    ],
)
def test_a_mistake_is_shown_in_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "datasets").mkdir()
    assert DATASET.count(old) == 1
    (tmp_path / "datasets/stays.yaml").write_text(DATASET.replace(old, new), "utf-8")
    (problem,) = load_specs(tmp_path).problems
    assert said in str(problem)


def test_a_sound_dataset_has_no_problem(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/stays.yaml").write_text(DATASET, "utf-8")
    assert load_specs(tmp_path).problems == []
