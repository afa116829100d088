"""The steps of a week as plain Python, one per process or all in one: what Airflow is compared with.

``python -m bench.loop_steps FIRST_DAY [STEP...]`` runs the named steps (all without names) and prints one
line of JSON per step: seconds of imports and of work.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

MODEL = "booking_cancellation"
DATASETS = ("bookings", "booking_outcomes")
NIGHTS = 7


def steps_of_week(first: date) -> list[str]:
    """Return the week's steps in the order in which they can run one after another."""
    steps = []
    for offset in range(NIGHTS):
        day = first + timedelta(days=offset)
        steps += [f"{verb}:{name}:{day}" for name in DATASETS for verb in ("ingest", "validate")]
        steps += [f"pin:{MODEL}:{day}", f"predict:{MODEL}:{day}"]
    return [*steps, f"drift:{MODEL}:{first}", f"request:{MODEL}:{first}"]


_MODULES = {
    "ingest": "ingest_partition",
    "validate": "validate_partition",
    "pin": "pin_champion",
    "predict": "predict_partition",
    "drift": "measure_drift",
    "request": "request_retraining",
}


class Week:
    """Runs steps; what one hands to the next is kept in a folder, as XCom would.

    The settings come from the environment, as for an Airflow task.
    """

    def __init__(self, handover: Path) -> None:
        from include.settings import Settings
        from include.specs import load_specs

        self._handover = handover
        self._settings = Settings.from_mapping(
            os.environ,
            warehouse_url=os.environ["BENCH_WAREHOUSE"],
            connections={"hotel_pms": os.environ["BENCH_SOURCE"]},
        )
        self._specs = load_specs(self._settings.specs_root)

    def run(self, step: str) -> dict[str, Any]:
        """Run one step and tell how long its imports and its work took."""
        verb, name, day = step.split(":")
        began = time.perf_counter()
        module = import_module(f"include.steps.{_MODULES[verb]}")
        imported = time.perf_counter()
        work: Callable[[Any, str, date], Any] = getattr(self, f"_{verb}")
        self._put(step, work(module, name, date.fromisoformat(day)).to_json())
        done = time.perf_counter()
        return {"step": verb, "import": imported - began, "work": done - imported}

    def _put(self, step: str, value: dict[str, Any]) -> None:
        (self._handover / step).write_text(json.dumps(value), "utf-8")

    def _get(self, step: str) -> dict[str, Any]:
        return dict(json.loads((self._handover / step).read_text("utf-8")))

    def _ingest(self, module: Any, name: str, day: date) -> Any:
        return module.run(self._settings, self._specs, name, day)

    def _validate(self, module: Any, name: str, day: date) -> Any:
        from include.contracts import PartitionRef

        partition = PartitionRef.from_json(self._get(f"ingest:{name}:{day}"))
        return module.run(self._settings, self._specs, partition)

    def _pin(self, module: Any, name: str, day: date) -> Any:
        return module.run(self._settings, name, day, "as_of")

    def _predict(self, module: Any, name: str, day: date) -> Any:
        from include.contracts import ChampionRef

        champion = ChampionRef.from_json(self._get(f"pin:{name}:{day}"))
        return module.run(self._settings, self._specs, name, day, champion, "bench")

    def _drift(self, module: Any, name: str, day: date) -> Any:
        return module.run(self._settings, self._specs, name, day)

    def _request(self, module: Any, name: str, day: date) -> Any:
        from include.contracts import DriftResult

        return module.run(self._settings, name, DriftResult.from_json(self._get(f"drift:{name}:{day}")))


def main(arguments: list[str]) -> int:
    """Run the steps that are named, or the whole week."""
    first = date.fromisoformat(arguments[0])
    week = Week(Path(os.environ["BENCH_HANDOVER"]))
    for step in arguments[1:] or steps_of_week(first):
        print(json.dumps(week.run(step)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
