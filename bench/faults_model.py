"""Kill training, evaluation, promotion and rollback at what they do to the world, and look at what is left.

Real MLflow and PostgreSQL. In each life a version is trained, evaluated, promoted and rolled back, and every
step is killed some times before it is let live: right before a request, a statement, a commit or a file, or
at a random instant. After each kill the aliases must point to complete, verified versions and the ledger must
verify; after the retry nothing is there twice and the aliases say who serves. `make faults-model`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from time import sleep
from typing import Any

from bench.report import Figure, at_least, print_figures, print_table
from bench.servers import servers
from include.settings import Settings
from tests.support.churn import settings_document
from tests.support.kills import model_victim
from tests.support.kills.model_harm import after_the_retry, at_any_moment
from tests.support.kills.model_victim import Lived
from tests.support.kills.model_world import STEPS, prepare
from tests.support.servers import installation

TIMES = {"train": 3, "evaluate": 2, "promote": 5, "rollback": 5}
"""How often each step of a life is killed: those that change what serves more often."""
AT_ANY_INSTANT = "at any instant"
_PATIENCE_SECONDS = 600
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.kills.model_victim"])


@dataclass(frozen=True)
class Kill:
    """One kill and what was wrong after it; `moment` is the effect it came right before."""

    step: str
    moment: str
    wrong: list[str]


@contextmanager
def world() -> Iterator[Settings]:
    """Start the servers and bring a first version into service."""
    with servers("faults-model") as started:
        warehouse = started.postgres.ensure_database("warehouse")
        yield installation(started.folder / "run", warehouse, started.mlflow_url, {})


class Attack:
    """Lives, and kills in them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._document = dict(settings_document(settings))
        self._log = settings.work_root.parent / "victims.log"
        self._effects: dict[str, int] = {}
        self._seconds: dict[str, float] = {}

    def live(self, number: int, first: dict[str, Any], chance: Random) -> Iterator[Kill]:
        """Take one version through its life; without kills in life 1, which shows how long each step is."""
        record = first
        for step in STEPS:
            given = {"life": number, "record": record}
            if number > 1:
                yield from self._kill(step, given, chance)
            lived = self._let_live(step, given)
            if number == 1:
                self._effects[step], self._seconds[step] = len(lived.effects), lived.seconds
            wrong = list(after_the_retry(self._settings))
            again = self._let_live(step, given)
            if again.record != lived.record and step != "evaluate":
                wrong.append(f"result: {again.record} after {lived.record}")
            yield Kill(step, "", wrong)
            record = lived.record

    def _kill(self, step: str, given: dict[str, Any], chance: Random) -> Iterator[Kill]:
        # The later ones last: work that was done before is not done again, and a step cannot die there.
        for time, share in enumerate(sorted(chance.random() for _ in range(TIMES[step]))):
            aim = None if time % 3 == 2 else int(share * self._effects[step])
            moment = self._die(step, given, aim, share * self._seconds[step])
            if moment is not None:
                yield Kill(step, moment, list(at_any_moment(self._settings)))

    def _die(self, step: str, given: dict[str, Any], aim: int | None, seconds: float) -> str | None:
        """Kill a step before an effect, or after some time; None where it came to its end before."""
        process, said = self._start(step, given, aim)
        if aim is None:
            sleep(seconds)
            _kill_group(process)
        heard = _hear(said)
        process.join(_PATIENCE_SECONDS)
        _kill_group(process)
        if process.exitcode == -signal.SIGKILL and not isinstance(heard, Lived):
            return AT_ANY_INSTANT if aim is None else str(heard)
        if process.exitcode not in {0, -signal.SIGKILL}:
            raise AssertionError(f"{step} ended with {process.exitcode}: {self._problems()}")
        return None

    def _let_live(self, step: str, given: dict[str, Any]) -> Lived:
        process, said = self._start(step, given, None)
        heard = _hear(said)
        process.join(_PATIENCE_SECONDS)
        if not isinstance(heard, Lived):
            raise AssertionError(f"{step} ended with {process.exitcode}: {self._problems()}")
        return heard

    def _start(self, step: str, given: dict[str, Any], aim: int | None) -> tuple[Any, Any]:
        said, line = _FORKS.Pipe(duplex=False)
        process = _FORKS.Process(
            target=model_victim.work, args=(step, self._document, given, aim, self._log, line)
        )
        process.start()
        line.close()
        if said.recv() != "started":
            raise AssertionError(f"{step} did not start: {self._problems()}")
        return process, said

    def _problems(self) -> str:
        return self._log.read_text("utf-8")[-3000:] if self._log.exists() else ""


def _hear(said: Any) -> Any:
    if not said.poll(_PATIENCE_SECONDS):
        raise TimeoutError("a step does not go on")
    try:
        return said.recv()
    except EOFError:
        return None


def _kill_group(process: Any) -> None:
    """Kill a process with all programs it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def table(kills: Sequence[Kill]) -> list[tuple[object, ...]]:
    """Count kills and harm by step and moment."""
    groups: dict[tuple[str, str], list[Kill]] = defaultdict(list)
    for kill in kills:
        if kill.moment:
            groups[kill.step, kill.moment].append(kill)
    return [
        (f"{step}: {moment}", len(found), sum(len(kill.wrong) for kill in found))
        for (step, moment), found in sorted(groups.items())
    ]


def figures(kills: Sequence[Kill]) -> list[Figure]:
    """Return what is promised."""
    wrong = Counter(problem.split(":")[0] for kill in kills for problem in kill.wrong)
    names = {
        "alias": "aliases_to_something_incomplete_or_wrong",
        "ledger": "ledgers_that_do_not_verify",
        "version": "versions_doubled",
        "run": "runs_doubled_or_left_open",
        "promotion": "promotions_doubled",
        "result": "retries_with_another_result",
    }
    return [
        at_least("faults_model_kills", sum(bool(kill.moment) for kill in kills), 100),
        *(Figure(name, wrong[kind], "0", wrong[kind] == 0) for kind, name in names.items()),
    ]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=110, help="how many, at least")
    wanted = parser.parse_args(arguments).kills
    chance = Random("kills of the model plane")  # noqa: S311 - the same moments every time
    kills: list[Kill] = []
    with world() as settings:
        snapshot = prepare(settings).to_json()
        attack, life = Attack(settings), 0
        while sum(bool(kill.moment) for kill in kills) < wanted:
            life += 1
            for kill in attack.live(life, snapshot, chance):
                kills.append(kill)
                if kill.wrong:
                    print(f"harm: {kill}", file=sys.stderr, flush=True)
            print(f"life {life}: {sum(bool(k.moment) for k in kills)} kills", file=sys.stderr, flush=True)
    print_table(
        "Kills by step and moment, and what was wrong", ["step: moment", "kills", "wrong"], table(kills)
    )
    return print_figures(figures(kills))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
