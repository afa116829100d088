"""Two days of stays with rows in quarantine, and a file in which a person mended them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from include.settings import Settings
from include.specs import Specs
from include.steps import export_quarantine, load_history
from tests.support.sources import DAY, put_stays, stay, stays_specs

NEXT = DAY + timedelta(days=1)
REASON = "the night clerk wrote prices in cents"

Mend = Callable[[list[dict[str, Any]]], None]


def mending_specs() -> Specs:
    """The dataset `stays`, in which all rows may be in quarantine."""
    return stays_specs(budgets={"quarantine_share": 1, "min_rows": 1})


def put_two_days(url: str) -> None:
    """Fill the source: rows 2 and 3 of the first day and row 13 of the second break a rule."""
    first = [stay(1), stay(2, price=-5.0), stay(3, price=900.0)]
    put_stays(url, [*first, *(stay(n, NEXT) for n in (11, 12)), stay(13, NEXT, price=101.0)])


def load_two_days(settings: Settings, specs: Specs) -> None:
    load_history.run(settings, specs, "stays", DAY, NEXT)


def price_them(rows: list[dict[str, Any]]) -> None:
    """Give every row a price that the contract allows."""
    for row in rows:
        row["price"] = 50.0 + row["stay_id"]


def move_one(rows: list[dict[str, Any]]) -> None:
    """Mend prices, and the time of row 2, which belongs to the second day."""
    price_them(rows)
    rows[0]["made_at"] = datetime(2017, 3, 2, 8, tzinfo=UTC)


def export(settings: Settings, specs: Specs) -> list[dict[str, Any]]:
    """Read what the export of both days holds."""
    exported = export_quarantine.run(settings, specs, "stays", DAY, NEXT)
    options = arrow_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    table = arrow_csv.read_csv(settings.reports_root / exported.file, convert_options=options)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    arrow_csv.write_csv(pa.Table.from_pylist(rows), path)
    return str(path)


def mended(settings: Settings, specs: Specs, path: Path, mend: Mend) -> str:
    """Export both days, mend the rows, and return where the file lies."""
    rows = export(settings, specs)
    mend(rows)
    return write(path, rows)
