"""`python -m include.demo`: the whole life of one model on one machine."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from include.demo.airflow_api import AirflowApi
from include.demo.display import Display
from include.demo.seed import seed_source
from include.demo.story import Story
from include.demo.summary import print_summary
from include.errors import PerennialError
from include.local.interrupts import treat_sigterm_as_interrupt
from include.local.stack import LocalStack
from include.local.state_folders import REAL, SIMULATED, choose_state
from include.specs import load_specs

WIDTH_OF_LOGS = 110
PROJECT_ROOT = Path(__file__).resolve().parents[2]


def run_demo(base: Path, data: Path | None, console: Console) -> None:
    """Start everything, tell the story, stop everything, print the summary.

    Parameters
    ----------
    base
        Folder that holds all state; what an earlier demo with the same data left there is used.
    data
        The real hotel data as a zip; without it a simulator fills the source.
    console
        Where to print.
    """
    started = time.monotonic()
    state = choose_state(base, REAL if data else SIMULATED)
    display = Display(console)
    specs = load_specs(PROJECT_ROOT / "include")
    specs.raise_problems()
    with LocalStack(PROJECT_ROOT, state) as stack:
        with display.chapter("PostgreSQL, MLflow and Airflow start") as note:
            stack.start(note)
        with display.chapter("The hotel's database is filled") as note:
            note(seed_source(stack.source_url, data))
        api = AirflowApi(
            stack.airflow_url, stack.admin_user, stack.admin_password, watch=stack.require_running
        )
        with closing(api):
            chronicle = Story(api, specs, display).tell()
        with display.chapter("Everything stops"):
            stack.stop()
    print_summary(console, chronicle, state)
    console.print(f"[green]Done[/] in {time.monotonic() - started:.0f} s.")


def main() -> int:
    """Parse the command line, run the demo, return the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--state", type=Path, default=PROJECT_ROOT / ".perennial")
    parser.add_argument("--data", type=Path, help="zip of the real hotel bookings")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH_OF_LOGS)
    treat_sigterm_as_interrupt()
    try:
        run_demo(arguments.state.resolve(), arguments.data, console)
    except PerennialError as error:
        console.print(f"[red]The demo stopped:[/] {escape(str(error))}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; everything it started was stopped. `make demo` goes on from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
