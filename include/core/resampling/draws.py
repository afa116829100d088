"""Bootstrap draws: how often each row is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from include.core.resampling.statistic import Floats

CELLS = 50_000
"""Draws times rows of one batch: so little stays in the processor's cache."""


def draw_weights(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each row is drawn, shape (draws, rows), in batches of bounded size.

    Each draw takes `rows` rows with replacement; equal seeds draw equal rows.
    """
    generator = np.random.default_rng(seed)
    batch = max(1, CELLS // rows)
    for start in range(0, resamples, batch):
        draws = min(batch, resamples - start)
        chosen = generator.integers(0, rows, (draws, rows)) + np.arange(draws)[:, None] * rows
        yield np.bincount(chosen.ravel(), minlength=draws * rows).reshape(draws, rows).astype(np.float64)
