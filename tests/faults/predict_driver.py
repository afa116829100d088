"""Runs `predict_partition` in a process of its own and kills it at a given moment.

Started by `tests.support.killing.start_driver`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from include.adapters import warehouse
from include.adapters.lake import Lake
from include.adapters.warehouse import publications
from include.contracts import ChampionRef
from include.settings import Settings
from include.steps import predict_partition
from include.steps.scorer import Scorer
from tests.support.churn import churn_specs
from tests.support.killing import die, then_die


def blocks_then_die(function: Callable[..., Iterator[memoryview]]) -> Callable[..., Iterator[memoryview]]:
    """Let three blocks go to the server, in the middle of COPY, then die."""

    def wrapped(*args: Any) -> Iterator[memoryview]:
        for sent, block in enumerate(function(*args)):
            if sent == 3:
                die()
            yield block

    return wrapped


def arm(moment: str) -> None:
    match moment:
        case "before reading":
            Lake.read_clean = die  # type: ignore[method-assign]
        case "while scoring":
            Scorer.score = die  # type: ignore[method-assign]
        case "in the middle of COPY":
            publications.BATCH_ROWS = 100
            publications._csv_blocks = blocks_then_die(publications._csv_blocks)
        case "just before commit":
            warehouse.publish = then_die(warehouse.publish)
        case "just after commit":
            predict_partition._publish = then_die(predict_partition._publish)
        case "never":
            pass
        case _:
            raise ValueError(moment)


def main(moment: str) -> None:
    given = json.load(sys.stdin)
    arm(moment)
    answer = predict_partition.run(
        Settings.model_validate(given["settings"]),
        churn_specs(given["champion"]["model"]),
        given["champion"]["model"],
        date.fromisoformat(given["ds"]),
        ChampionRef.from_json(given["champion"]),
        given["run_id"],
    )
    sys.stdout.write(json.dumps(answer.to_json()))


if __name__ == "__main__":
    main(sys.argv[1])
