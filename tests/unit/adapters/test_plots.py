from __future__ import annotations

from pathlib import Path

import numpy as np

from include.adapters.plots import draw_plots


def draw(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 200)
    scores = np.clip(0.3 * labels + generator.uniform(0, 0.7, 200), 0, 1)
    draw_plots(folder, labels, scores, 0.5, {f"feature_{i}": i / 10 for i in range(30)})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_plots_are_images(tmp_path: Path) -> None:
    drawn = draw(tmp_path / "a")
    assert sorted(drawn) == [
        "calibration.png", "importance.png", "precision_recall.png", "roc.png", "scores.png",
    ]  # fmt: skip
    assert all(image.startswith(b"\x89PNG") for image in drawn.values())


def test_drawing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    assert draw(tmp_path / "a") == draw(tmp_path / "b")
