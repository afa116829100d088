"""Kill every step that writes data, at every moment and at random instants, and count what was harmed.

Each kill is followed by a retry, and what stands then is compared with an undisturbed run: rows of
partitions, quarantine and snapshots, and the bytes of all files. `make faults-data`.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.report import Figure, at_least, for_information, print_figures, print_table
from tests.support.kills.cases import CASES
from tests.support.kills.runner import BESIDE, Outcome, Range

AT_ONCE = 2


def attack(folder: Path, instants: int, beside: int, step: str) -> list[Outcome]:
    """Kill one step in all ways."""
    ground = Range(step, folder / str(list(CASES).index(step)))
    found = []
    for outcome in _kills(ground, instants, beside, Random(step)):  # noqa: S311 - the same instants every time
        found.append(outcome)
        if not outcome.is_harmless:
            print(f"harm: {outcome}", file=sys.stderr, flush=True)
    print(f"{step}: {len(found)} kills", file=sys.stderr, flush=True)
    return found


def _kills(ground: Range, instants: int, beside: int, chance: Random) -> Iterator[Outcome]:
    aims = list(ground.aims())
    for aim in aims:
        outcome = ground.kill(aim)
        if not outcome.killed:
            raise AssertionError(f"{ground.step} was at its end before {aim}")
        yield outcome
    for _ in range(instants):
        outcome = ground.kill_sometime(chance.random())
        if outcome.killed:
            yield outcome
    for aim in chance.sample(aims, min(beside, len(aims))):
        yield ground.kill_beside(aim, chance.random())


def table(outcomes: Sequence[Outcome]) -> list[tuple[object, ...]]:
    """Add up kills and harm by step and moment."""
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.step, outcome.moment].append(outcome)
    return [(f"{step}: {moment}", len(found), *_harm(found)) for (step, moment), found in groups.items()]


def _harm(outcomes: Sequence[Outcome]) -> tuple[int, int, int, int]:
    every = [harm for outcome in outcomes for harm in (outcome.left, outcome.harm)]
    return (
        sum(harm.lost for harm in every),
        sum(harm.doubled for harm in every),
        sum(harm.mixed for harm in every),
        sum(len(outcome.differing) for outcome in outcomes),
    )


def figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return what is promised."""
    names = ("rows_lost", "rows_doubled", "rows_mixed", "files_differing")
    counts = zip(names, _harm(outcomes), strict=True)
    beside = sum(BESIDE in outcome.moment for outcome in outcomes)
    return [
        at_least("faults_data_kills", len(outcomes), 100),
        for_information("faults_data_kills_beside_another", beside),
        *(Figure(name, count, "0", count == 0) for name, count in counts),
    ]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--instants", type=int, default=6, help="kills of each step at random instants")
    parser.add_argument("--beside", type=int, default=4, help="kills of each step beside another process")
    given = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="faults-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        each = partial(attack, Path(folder).resolve(), given.instants, given.beside)
        outcomes = [outcome for found in pool.map(each, given.steps) for outcome in found]
    print_table(
        "Kills by step and moment, and what was harmed",
        ["step: moment", "kills", "lost", "doubled", "mixed", "files differing"],
        table(outcomes),
    )
    return print_figures(figures(outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
