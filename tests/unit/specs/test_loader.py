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
            MODEL, "roc_auc_score: 0.70", "roc_auc_score: 70", "above 1, the most there is", id="threshold"
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
        pytest.param(
            BOOKINGS, "2015-07-01", "2015-13-45", "'2015-13-45' has no such value: month", id="no such date"
        ),
        pytest.param(BOOKINGS, "revenue-data", '!!int "abc"', "'abc' has no such value", id="tag that lies"),
        pytest.param(
            BOOKINGS, "revenue-data", "&x [*x]", "write the block out instead of the alias *x", id="alias"
        ),
        pytest.param(BOOKINGS, "revenue-data", "[" * 100_000, "nested deeper than", id="endless nesting"),
        pytest.param(MODEL, '"0 0 * * *"', '"99 0 * * *"', "does not lie within 0-59", id="cron range"),
        pytest.param(MODEL, '"0 0 * * *"', '"0 0 * * /"', "is not `*`, a number", id="cron part"),
        pytest.param(MODEL, '"0 0 * * *"', '"0 0 31 2,4 *"', "no such day", id="cron that never comes"),
        pytest.param(BOOKINGS, "max_value: 5000", "max_value: .nan", "finite number", id="NaN as bound"),
        pytest.param(MODEL, "minimum_effect: 0.1", "minimum_effect: .inf", "finite number", id="infinity"),
        pytest.param(BOOKINGS, '"^[A-Z]$"', '"(["', "not a regular expression", id="regex"),
        pytest.param(BOOKINGS, "[BB, HB, FB, SC]", "[]", "at least 1 item", id="empty set"),
        pytest.param(
            BOOKINGS, "key: [", "key: [booking_id, ", "named twice: booking_id", id="key column twice"
        ),
        pytest.param(BOOKINGS, "adr: number", "ADULTS: number", "differ only in case", id="columns by case"),
        pytest.param(
            BOOKINGS,
            "adr: number",
            "quarantine_rule: string",
            "quarantined rows are explained",
            id="reserved",
        ),
        pytest.param(
            BOOKINGS, "adr: number", "File_Index: integer", "how rows of partitions", id="row number"
        ),
        pytest.param(MODEL, "- hotel", "- booked_at", "none comes again", id="moment as category"),
    ],
)
def test_a_problem_names_file_line_value_and_advice(
    root: Path, file: str, old: str, new: str, said: str
) -> None:
    edit(root, file, old, new)
    problems = [str(p) for p in load_specs(root).problems]
    mine = [p for p in problems if p.startswith(f"include/{file}:") and said in p]
    assert mine, problems


@pytest.mark.parametrize("cron", ["*/15 0-6,22 1,15 * 1-5", "0 0 29 2 *", "0 0 31 2 1", "59 23 * 12 7"])
def test_a_cron_that_comes_is_taken(root: Path, cron: str) -> None:
    edit(root, MODEL, '"0 0 * * *"', f'"{cron}"')
    assert load_specs(root).model("booking_cancellation").predict.schedule == cron


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "booking_id: integer",
            "booking_id: string",
            "key 'booking_id' is string in booking_outcomes",
        ),
        (
            "is_canceled: integer",
            "is_canceled: string",
            "'is_canceled' is string; say with `positive` which of its values counts as 1",
        ),
    ],
)
def test_outcomes_that_cannot_be_joined_or_learned_are_refused(
    root: Path, old: str, new: str, said: str
) -> None:
    outcomes = "datasets/booking_outcomes.yaml"
    edit(
        root,
        outcomes,
        "_to_be_in_set, column: is_canceled, value_set: [0, 1]",
        "_to_not_be_null, column: is_canceled",
    )
    edit(root, outcomes, old, new)
    assert said in only_problem_of(root, MODEL)


def test_a_file_that_cannot_be_read_is_named_and_hides_no_other(root: Path) -> None:
    (root / "models/gone.yaml").symlink_to(root / "nowhere")
    (root / "models/folder.yaml").mkdir()
    (root / "models/late.yml").write_text("model: late\n", "utf-8")
    specs = load_specs(root)
    assert set(specs.models) == {"booking_cancellation"}
    assert [str(problem) for problem in specs.problems] == [
        "include/models/folder.yaml: not readable: Is a directory",
        "include/models/gone.yaml: not readable: No such file or directory",
        "include/models/late.yml: a spec's name ends in .yaml; rename the file",
    ]


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
