from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from include.adapters.plots import Seen, draw_plots

IMPORTANCE = {f"feature_{i}": i / 10 for i in range(30)}
CURVE = [(100, 0.70), (200, 0.74), (400, 0.78), (1600, 0.80)]


def seen(task: str, rows: int = 400) -> Seen:
    generator = np.random.default_rng(0)
    if task == "regression":
        truth = generator.normal(size=rows)
        answers = truth + generator.normal(scale=0.4, size=rows)
        return Seen(truth, answers, [], None, IMPORTANCE, "r2_score", CURVE, (0.7, 0.85))
    if task == "multiclass":
        codes = generator.integers(0, 3, rows)
        raw = np.eye(3)[codes] + generator.uniform(0, 1.5, (rows, 3))
        shares = raw / raw.sum(axis=1, keepdims=True)
        return Seen(codes, shares, ["red", "green", "blue"], None, IMPORTANCE, "log_loss", CURVE)
    labels = generator.integers(0, 2, rows)
    scores = np.clip(0.3 * labels + generator.uniform(0, 0.7, rows), 0, 1)
    return Seen(labels, scores, [], 0.5, IMPORTANCE, "roc_auc_score", CURVE, (0.78, 0.82))


def draw(folder: Path, shown: Seen) -> dict[str, bytes]:
    folder.mkdir()
    names = draw_plots(folder, shown)
    drawn = {path.stem: path.read_bytes() for path in folder.iterdir()}
    assert sorted(drawn) == names
    return drawn


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("binary", ["calibration", "confusion_matrix", "precision_recall", "roc", "scores"]),
        ("multiclass", ["calibration", "confusion_matrix", "roc"]),
        ("regression", ["predicted_and_true", "residuals", "residuals_by_answer"]),
    ],
)
def test_every_task_has_its_figures(task: str, names: list[str], tmp_path: Path) -> None:
    drawn = draw(tmp_path / "a", seen(task))
    assert sorted(drawn) == sorted([*names, "importance", "learning_curve"])
    assert all(image.startswith(b"\x89PNG") for image in drawn.values())


def test_drawing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    assert draw(tmp_path / "a", seen("binary")) == draw(tmp_path / "b", seen("binary"))


def test_a_curve_of_one_point_is_not_drawn(tmp_path: Path) -> None:
    one = Seen(**{**seen("binary").__dict__, "learning": CURVE[-1:]})
    assert "learning_curve" not in draw(tmp_path / "a", one)


def test_forty_classes_with_long_names_are_drawn(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    scores = generator.dirichlet(np.ones(40), 300)
    names = [f"a class with a name that is too long for a figure {i}" for i in range(40)]
    shown = Seen(generator.integers(0, 40, 300), scores, names, None, IMPORTANCE, "log_loss", CURVE)
    assert "confusion_matrix" in draw(tmp_path / "a", shown)


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_equal_scores_are_drawn(constant: float, tmp_path: Path) -> None:
    labels = np.array([0, 1] * 50)
    shown = Seen(labels, np.full(100, constant), [], 0.5, {"size": 0.0}, "roc_auc_score")
    assert "roc" in draw(tmp_path / "a", shown)


def test_equal_answers_of_a_regression_are_drawn(tmp_path: Path) -> None:
    shown = Seen(np.zeros(50), np.zeros(50), [], None, {"size": 0.0}, "r2_score")
    assert "residuals" in draw(tmp_path / "a", shown)
