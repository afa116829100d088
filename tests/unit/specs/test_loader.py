"""Specs are refused with file, line, field, value and advice, all problems at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from include.errors import SpecError
from include.specs import load_specs

PROJECT_ROOT = Path(__file__).resolve().parents[3]
BOOKINGS = "datasets/bookings.yaml"
MODEL = "models/booking_cancellation.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "include"
    for name in ("datasets", "models"):
        shutil.copytree(PROJECT_ROOT / "include" / name, folder / name)
    return folder


def edit(root: Path, file: str, old: str, new: str) -> int:
    """Replace text in a spec and return the line it stands on."""
    path = root / file
    text = path.read_text("utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def only_problem(root: Path) -> str:
    problems = load_specs(root).problems
    assert len(problems) == 1, [str(p) for p in problems]
    return str(problems[0])


def test_the_specs_that_come_with_the_project_are_sound(root: Path) -> None:
    specs = load_specs(root)
    assert specs.problems == []
    assert set(specs.datasets) == {"bookings", "booking_outcomes"}
    assert specs.model("booking_cancellation").datasets == ["booking_outcomes", "bookings"]


def test_a_second_model_is_a_second_file(root: Path) -> None:
    first = (root / MODEL).read_text("utf-8")
    (root / "models/late_cancellation.yaml").write_text(
        first.replace("model: booking_cancellation", "model: late_cancellation"), "utf-8"
    )
    assert set(load_specs(root).models) == {"booking_cancellation", "late_cancellation"}


def test_the_word_on_stays_a_word(root: Path) -> None:
    assert load_specs(root).model("booking_cancellation").retrain.on == ["drift"]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        pytest.param(BOOKINGS, "owner:", "ownr:", "did you mean 'owner'?", id="misspelt key"),
        pytest.param(BOOKINGS, "min_rows: 1", "min_rows: many", "(found 'many')", id="wrong type"),
        pytest.param(BOOKINGS, "min_rows: 1", "min_rows: -1", "(found -1)", id="out of range"),
        pytest.param(BOOKINGS, "table: bookings", "table: 'x; drop'", "not an SQL identifier", id="table"),
        pytest.param(BOOKINGS, "severity: block", "severity: maybe", "(found 'maybe')", id="severity"),
        pytest.param(
            BOOKINGS, "dataset: bookings", "dataset: hotels", "differs from the file's name", id="name"
        ),
        pytest.param(BOOKINGS, "dataset: bookings", "dataset: Boo-kings", "lower-case", id="unsafe name"),
        pytest.param(BOOKINGS, "booking_id: integer", "'1x': integer", "not an SQL identifier", id="column"),
        pytest.param(MODEL, "window: 540d", "window: 540", "such as 28d", id="days without unit"),
        pytest.param(
            MODEL, "window: 540d", "window: 50d", "leave nothing of the window", id="window too short"
        ),
        pytest.param(
            MODEL, "roc_auc_score: 0.70", "roc_auc_score: 70", "not between 0 and 1", id="threshold"
        ),
        pytest.param(
            MODEL, "dataset: bookings", "dataset: booking", "no sound dataset 'booking'", id="dataset"
        ),
        pytest.param(MODEL, "- adr", "- adrr", "did you mean 'adr'?", id="unknown feature"),
        pytest.param(MODEL, "- adr", "- hotel_name", "no column 'hotel_name'", id="feature not in dataset"),
        pytest.param(MODEL, "- adr", "- country", "named twice: country", id="feature twice"),
        pytest.param(MODEL, "- adr", "- arrival_date", "not a number", id="date as number"),
        pytest.param(MODEL, "- adr", "- booking_id", "is a key or the label", id="key as feature"),
        pytest.param(MODEL, "mature_at: arrival_date", "mature_at: hotel", "must be a date", id="mature_at"),
        pytest.param(MODEL, "column: is_canceled", "column: gone", "no column 'gone'", id="label column"),
        pytest.param(MODEL, '"0 0 * * *"', '"daily"', "five cron fields", id="cron"),
        pytest.param(MODEL, "seed: 7", "seed: 7, seed: 8", "stands twice", id="key twice"),
        pytest.param(MODEL, "task: binary", "task: [binary", "not YAML", id="broken YAML"),
    ],
)
def test_a_problem_names_file_line_value_and_advice(
    root: Path, file: str, old: str, new: str, said: str
) -> None:
    edit(root, file, old, new)
    problems = [str(p) for p in load_specs(root).problems]
    mine = [p for p in problems if p.startswith(f"include/{file}:") and said in p]
    assert mine, problems


def test_the_line_is_the_line_of_the_value(root: Path) -> None:
    line = edit(root, BOOKINGS, "max_value: 5000", "max_value: high")
    assert only_problem_of(root, BOOKINGS).startswith(f"include/{BOOKINGS}:{line}: contract.7.max_value:")


def only_problem_of(root: Path, file: str) -> str:
    [problem] = [str(p) for p in load_specs(root).problems if p.file.endswith(file)]
    return problem


def test_all_problems_are_reported_at_once(root: Path) -> None:
    edit(root, MODEL, "seed: 7", "seed: -7")
    edit(root, MODEL, "- adr", "- adrr")
    edit(root, MODEL, "owner:", "ownr:")
    said = "\n".join(map(str, load_specs(root).problems))
    assert "training.seed" in said
    assert "did you mean 'owner'?" in said


def test_a_broken_spec_leaves_the_others_in_service(root: Path) -> None:
    (root / "models/broken.yaml").write_text("model: broken\n", "utf-8")
    specs = load_specs(root)
    assert set(specs.models) == {"booking_cancellation"}
    assert {p.file for p in specs.problems} == {"include/models/broken.yaml"}
    with pytest.raises(SpecError, match="this key is missing"):
        specs.raise_problems()


def test_an_unknown_name_says_which_there_are(root: Path) -> None:
    with pytest.raises(SpecError, match="known models: booking_cancellation"):
        load_specs(root).model("nothing")


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n", "\x00"], ids=["empty", "list", "words", "nul"])
def test_a_file_that_is_no_mapping_is_named(root: Path, text: str) -> None:
    (root / "models/odd.yaml").write_text(text, "utf-8")
    assert only_problem(root).startswith("include/models/odd.yaml")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "{expect: column_values_to_be_between, column: adr, severity: warn}",
            "needs max_value or min_value",
        ),
        ("{expect: column_values_to_not_be_null, severity: warn}", "needs column"),
        (
            "{expect: column_values_to_not_be_null, column: adr, regex: x, severity: warn}",
            "does not take regex",
        ),
        (
            "{expect: column_values_to_be_between, column: adr, min_value: 2, max_value: 1, severity: warn}",
            "greater than",
        ),
        ("{expect: column_values_to_be_funny, column: adr, severity: warn}", "column_values_to_be_funny"),
        ("{expect: column_values_to_not_be_null, column: price, severity: warn}", "names column 'price'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(root: Path, rule: str, said: str) -> None:
    edit(root, BOOKINGS, "contract:\n", f"contract:\n  - {rule}\n")
    assert said in "\n".join(map(str, load_specs(root).problems))
