"""`make bench-gate`: how often the comparison with the champion errs, and how often it finds a real gain.

In made-up worlds whose truth is known, candidate and champion are judged again and again by the gate's own
code, each time on new rows. The stated power comes first, from the normal approximation and one large sample;
so does the number of rows at which the stated gain should be found that often.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import ceil, sqrt
from time import perf_counter
from zlib import crc32

import numpy as np
from scipy import stats

from bench.gate_worlds import WORLDS, World
from bench.report import Figure, for_information, print_figures, print_table
from include.core.bootstrap import Scored, compare_models
from include.core.gates.labels_needed import POWER
from include.core.gates.versus_champion import Comparison, decide_versus_champion
from include.specs.gates import VersusChampion

GAIN = 0.03
"""The gain that should be found, and the margin within which a loss is tolerated, in the metric's unit."""

CONFIDENCE = 0.95
REPETITIONS = 2000
ERROR_RATE = 0.05
_LARGE_SAMPLE = 200_000


@dataclass(frozen=True)
class Setting:
    """What is true, in one world: the candidate is better by `gain`, seen on so many rows."""

    name: str
    gain: float
    rows: int


@dataclass(frozen=True)
class Share:
    """How often something happened, with the exact 95 % interval (Clopper and Pearson)."""

    hits: int
    repetitions: int

    @property
    def value(self) -> float:
        """The share."""
        return self.hits / self.repetitions

    @property
    def interval(self) -> tuple[float, float]:
        """Its interval."""
        found = stats.binomtest(self.hits, self.repetitions).proportion_ci(0.95, "exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        return "{:.3f}\n{:.3f} to {:.3f}".format(self.value, *self.interval)


def judge_once(world: World, setting: Setting, repetition: int) -> Comparison:
    """Draw new rows, let both models score them, and ask the gate."""
    seed = crc32(f"{world.metric}, {setting.name}, {repetition}".encode())
    generator = np.random.default_rng(seed)
    noise = world.noise_of_gain(setting.gain), world.champion_noise
    labels, *scores = world.draw(generator, setting.rows, *noise)
    candidate, champion = map(Scored, scores)
    compared = compare_models(world.task, labels, candidate, champion, CONFIDENCE, seed, [world.metric])
    gate = VersusChampion(metric=world.metric, margin=GAIN, confidence=CONFIDENCE)
    decision = decide_versus_champion(gate, compared.differences[world.metric], 1, setting.rows)
    return Comparison(str(decision.observed["comparison"]))


def error_of_one_row(world: World) -> float:
    """Return by how much rows differ: the standard error of the difference on one row, as it were."""
    labels, *scores = world.draw(
        np.random.default_rng(0), _LARGE_SAMPLE, world.noise_of_gain(GAIN), world.champion_noise
    )
    found = compare_models(world.task, labels, *map(Scored, scores), CONFIDENCE, 0, [world.metric])
    return found.differences[world.metric].standard_error * sqrt(_LARGE_SAMPLE)


def rows_for_power(error: float) -> int:
    """Return the rows on which the gain is found with the stated power."""
    z = stats.norm.ppf((1 + CONFIDENCE) / 2) + stats.norm.ppf(POWER)
    return ceil((z * error / GAIN) ** 2)


def simulate(
    pool: ProcessPoolExecutor, world: World, setting: Setting, repetitions: int
) -> Counter[Comparison]:
    """Judge that often; count what the evidence said."""
    judge = partial(judge_once, world, setting)
    return Counter(pool.map(judge, range(repetitions), chunksize=10))


def judge_world(
    pool: ProcessPoolExecutor, world: World, repetitions: int
) -> tuple[list[tuple[object, ...]], list[Figure]]:
    """Run all settings in one world; return the rows of the table, and the figures."""
    rows = rows_for_power(error_of_one_row(world))
    settings = [
        Setting("equal models", 0.0, rows),
        Setting(f"better by {GAIN:g}", GAIN, rows),
        Setting(f"worse by the margin, {GAIN:g}", -GAIN, rows),
    ]
    table: list[tuple[object, ...]] = []
    shares: list[dict[str, Share]] = []
    for setting in settings:
        began = perf_counter()
        seen = simulate(pool, world, setting, repetitions)
        shares.append(_shares(seen, repetitions))
        cells = [str(shares[-1][str(comparison)]) for comparison in Comparison]
        table.append((f"{world.metric}, {setting.name}", rows, *cells, perf_counter() - began))
    return table, _figures(world, shares)


def _shares(seen: Counter[Comparison], repetitions: int) -> dict[str, Share]:
    shares = {str(comparison): Share(seen[comparison], repetitions) for comparison in Comparison}
    promoted = seen[Comparison.BETTER] + seen[Comparison.NOT_WORSE]
    return {**shares, "promoted": Share(promoted, repetitions)}


def _figures(world: World, shares: list[dict[str, Share]]) -> list[Figure]:
    equal, gain, loss = shares
    better, metric = str(Comparison.BETTER), world.metric
    return [
        _error_rate(f"{metric}_equal_models_called_better", equal[better]),
        _error_rate(f"{metric}_worse_by_the_margin_promoted", loss["promoted"]),
        Figure(
            f"{metric}_gain_found",
            round(gain[better].value, 4),
            f">= {POWER:g} stated, within its interval {_written(gain[better])}",
            gain[better].interval[1] >= POWER,
        ),
        for_information(f"{metric}_equal_models_promoted_as_not_worse_or_better", equal["promoted"].value),
    ]


def _error_rate(name: str, share: Share) -> Figure:
    goal = f"<= {ERROR_RATE:g}, its interval {_written(share)} too"
    return Figure(name, round(share.value, 4), goal, share.interval[1] <= ERROR_RATE)


def _written(share: Share) -> str:
    return "{:.3f} to {:.3f}".format(*share.interval)


def main() -> int:
    """Simulate, print the table and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    repetitions = parser.parse_args().repetitions
    table, figures = [], []
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for world in WORLDS:
            rows, found = judge_world(pool, world, repetitions)
            table += rows
            figures += found
    head = ("setting", "rows", *(str(comparison) for comparison in Comparison), "seconds")
    print_table(f"What the gate says, {repetitions} repetitions each (share, 95 % interval)", head, table)
    return print_figures(figures)


if __name__ == "__main__":
    sys.exit(main())
