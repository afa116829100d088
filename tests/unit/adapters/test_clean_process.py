"""Real processes that run small modules of the test's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.adapters.clean_process import Ended, clean_environment, run_module

ANSWERING = """
import json, os, sys
from pathlib import Path
request = json.load(sys.stdin)
seen = {"request": request, "modules": sorted(sys.modules), "environ": dict(os.environ)}
print("not the answer")
Path(sys.argv[1]).write_text(json.dumps(seen))
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a module's text and run it; its folder is found by PYTHONPATH."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_PERENNIAL_WAREHOUSE", "postgresql://me:secret@host/db")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "needed")

    def run_text(text: str, seconds: float = 60) -> Ended:
        (tmp_path / "tried.py").write_text(text)
        return run_module("tried", {"rows": 3}, tmp_path, seconds)

    return run_text


def test_a_clean_process_answers_what_it_was_asked(run) -> None:
    ended = run(ANSWERING)
    assert ended.problem == ""
    assert ended.answer["request"] == {"rows": 3}
    assert "_pytest" not in ended.answer["modules"]


def test_it_gets_no_secrets_but_those_of_the_registry(run) -> None:
    environ = run(ANSWERING).answer["environ"]
    assert environ["MLFLOW_TRACKING_TOKEN"] == "needed"
    assert not [name for name, value in environ.items() if "me:secret@host" in value]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("raise ValueError('what broke')", "status 1; its last words: .*what broke", id="error"),
        pytest.param("import os; os.kill(os.getpid(), 9)", "signal SIGKILL; it said nothing", id="killed"),
        pytest.param("", "status 0; it said nothing", id="no-answer"),
        pytest.param("import sys; sys.exit('x' * 5000 + 'end')", "words: …x+end$", id="long-words"),
    ],
)
def test_how_it_ended_is_told(run, text: str, problem: str) -> None:
    ended = run(text)
    assert ended.answer is None
    assert re.search(problem, ended.problem.replace("\n", " "))
    assert len(ended.problem) < 2100


def test_what_takes_too_long_is_killed(run) -> None:
    ended = run("import sys, time\nprint('slow', file=sys.stderr, flush=True)\ntime.sleep(60)", seconds=2)
    assert ended == Ended(None, "it did not end within 2 s; its last words: slow")


def test_an_environment_is_cut_down_to_what_is_needed() -> None:
    environ = {
        "PATH": "/bin", "https_proxy": "http://proxy", "LC_ALL": "C", "AWS_ACCESS_KEY_ID": "key",
        "PERENNIAL_LAKE_ROOT": "/lake", "AIRFLOW__CORE__FERNET_KEY": "fernet", "SHELL": "/bin/sh",
    }  # fmt: skip
    kept = clean_environment(environ)
    assert set(kept) == {"PATH", "https_proxy", "LC_ALL", "AWS_ACCESS_KEY_ID", "PYTHONPATH"}
