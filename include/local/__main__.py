"""`python -m include.local`: start, stop and look at the stack of this machine."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from include.errors import PerennialError
from include.local.airflow_environment import password_file
from include.local.interrupts import treat_sigterm_as_interrupt
from include.local.stack import LocalStack
from include.local.state_folders import all_states, last_state

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def up(base: Path, console: Console) -> None:
    """Start the stack and leave it running."""
    stack = LocalStack(PROJECT_ROOT, last_state(base), outlive_launcher=True)
    if all(stack.status().values()):
        console.print("It runs already.")
    else:
        with stack:
            stack.start(lambda message: console.print(f"[dim]{escape(message)}[/]"))
    _print_addresses(stack, console)
    _print_account(stack, console)


def down(base: Path, console: Console) -> None:
    """Stop everything over every state folder."""
    _stop_all(base)
    console.print("Stopped.")


def status(base: Path, console: Console) -> None:
    """Say which processes run, and where."""
    stack = LocalStack(PROJECT_ROOT, last_state(base))
    running = stack.status()
    for name, runs in running.items():
        console.print(f"{name:<14} {'[green]runs[/]' if runs else '[dim]stopped[/]'}")
    if any(running.values()):
        _print_addresses(stack, console)


def clean(base: Path, console: Console) -> None:
    """Stop everything over every state folder and remove them."""
    _stop_all(base)
    if base.exists():
        shutil.rmtree(base)
    console.print(f"{base} is removed.")


def account(base: Path, console: Console, name: str, role: str) -> None:
    """Add an account to the web UI and say its password."""
    stack = LocalStack(PROJECT_ROOT, last_state(base))
    password = stack.accounts.add(name, role)
    console.print(f"{escape(name)} may sign in as {role} with password {password} after the next `make up`")
    if any(stack.status().values()):
        console.print("Airflow runs now and learns of it by `make down` and `make up`.")


COMMANDS: Mapping[str, Callable[[Path, Console], None]] = {
    "up": up,
    "down": down,
    "status": status,
    "clean": clean,
}


def main() -> int:
    """Parse the command line, run one command, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m include.local", description=__doc__)
    parser.add_argument("--state", type=Path, default=PROJECT_ROOT / ".perennial")
    parser.add_argument("command", choices=[*COMMANDS, "account"])
    parser.add_argument("--name", default="", help="of an account")
    parser.add_argument("--role", default="user", help="of an account")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    treat_sigterm_as_interrupt()
    try:
        if arguments.command == "account":
            account(arguments.state.resolve(), console, arguments.name, arguments.role)
        else:
            COMMANDS[arguments.command](arguments.state.resolve(), console)
    except PerennialError as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; what it started was stopped.")
        return 130
    return 0


def _stop_all(base: Path) -> None:
    for state in all_states(base):
        with LocalStack(PROJECT_ROOT, state) as stack:
            stack.stop()


def _print_addresses(stack: LocalStack, console: Console) -> None:
    console.print(f"Airflow {stack.airflow_url}\nMLflow  {stack.mlflow_url}")


def _print_account(stack: LocalStack, console: Console) -> None:
    """Say the generated password once; from then on only where it is kept."""
    kept = password_file(stack.state)
    said = kept.with_name("password-said")
    password = "" if said.exists() else f" with password {stack.admin_password}"
    console.print(f"Sign in as {stack.admin_user}{password} (kept in {kept})")
    said.touch()


if __name__ == "__main__":
    sys.exit(main())
