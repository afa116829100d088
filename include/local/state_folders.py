"""Which state folder a command works with.

Below one folder of the checkout there is one per source of data, because a model trained on one hotel
says nothing about another. The demo notes which one it used last; the other commands take that one.
"""

from __future__ import annotations

from pathlib import Path

SIMULATED = "simulated"
REAL = "real"
_LAST = "last"


def choose_state(base: Path, name: str) -> Path:
    """Return the state folder of that name and note that it is the last one used."""
    base.mkdir(parents=True, exist_ok=True)
    (base / _LAST).write_text(name, encoding="utf-8")
    return base / name


def last_state(base: Path) -> Path:
    """Return the state folder that was used last; the simulated hotel's where none was."""
    note = base / _LAST
    return base / (note.read_text(encoding="utf-8").strip() if note.exists() else SIMULATED)


def all_states(base: Path) -> list[Path]:
    """Return the state folders there are."""
    return [base / name for name in (SIMULATED, REAL) if (base / name).exists()]
