"""`make bench-ingest`: rows from PostgreSQL into a partition, beside `pandas.read_sql` and `to_parquet`.

The bookings' columns, all of one day, once in the order of their key and once in no order. Ours is the
whole step: read, put in order, write, hash, flush to disk, commit. ROWS=100000 makes it a small trial.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from bench.ingest_one import PROJECT_ROOT
from bench.report import Figure, at_least, at_most, for_information, print_figures, print_table
from include.local.postgres import LocalPostgres
from include.local.processes import Processes
from include.local.secret_file import SecretFile

ROWS = int(os.environ.get("ROWS", "5000000"))
TABLES = {"bookings_in_order": "in the order of the key", "bookings_in_no_order": "in no order"}

# Every value is a hash of the row's number, so that each run sees the same table.
_BOOKINGS = """
CREATE TABLE bookings_in_order AS SELECT
    n AS booking_id,
    timestamptz '2017-03-01 00:00+00' + (pick(n, 1, 86400000) || ' ms')::interval AS booked_at,
    date '2017-03-01' + pick(n, 2, 500)::int AS arrival_date,
    (ARRAY['Resort Hotel', 'City Hotel'])[1 + pick(n, 3, 2)] AS hotel,
    pick(n, 4, 700) AS lead_time, pick(n, 5, 5) AS stays_in_weekend_nights,
    pick(n, 6, 11) AS stays_in_week_nights, 1 + pick(n, 7, 3) AS adults, pick(n, 8, 3) AS children,
    pick(n, 9, 2) AS babies, (ARRAY['BB', 'HB', 'FB', 'SC'])[1 + pick(n, 10, 4)] AS meal,
    chr(65 + pick(n, 11, 26)::int) || chr(65 + pick(n, 12, 7)::int) || 'T' AS country,
    (ARRAY['Direct', 'Corporate', 'Online TA', 'Offline TA/TO', 'Groups'])[1 + pick(n, 13, 5)]
        AS market_segment,
    (ARRAY['Direct', 'Corporate', 'TA/TO', 'GDS'])[1 + pick(n, 14, 4)] AS distribution_channel,
    pick(n, 15, 2) AS is_repeated_guest, pick(n, 16, 4) AS previous_cancellations,
    pick(n, 17, 9) AS previous_bookings_not_canceled, chr(65 + pick(n, 18, 8)::int) AS reserved_room_type,
    (ARRAY['No Deposit', 'Non Refund', 'Refundable'])[1 + pick(n, 19, 3)] AS deposit_type,
    CASE WHEN pick(n, 20, 7) > 0 THEN pick(n, 20, 535)::text END AS agent,
    CASE WHEN pick(n, 21, 17) = 0 THEN pick(n, 21, 543)::text END AS company,
    (ARRAY['Transient', 'Contract', 'Group'])[1 + pick(n, 22, 3)] AS customer_type,
    pick(n, 23, 50000) / 100.0::float8 AS adr, pick(n, 24, 6) AS total_of_special_requests
FROM generate_series(1, :rows) n
"""
_STATEMENTS = (
    "CREATE FUNCTION pick(n bigint, salt int, below int) RETURNS bigint LANGUAGE sql IMMUTABLE"
    " RETURN abs(hashint8extended(n, salt) % below)",
    _BOOKINGS,
    "CREATE TABLE bookings_in_no_order AS SELECT * FROM bookings_in_order"
    " ORDER BY hashint8extended(booking_id, 99)",
    *(f"CREATE INDEX {table}_booked_at ON {table} (booked_at)" for table in TABLES),
    *(f"VACUUM ANALYZE {table}" for table in TABLES),
)


def fill(url: str) -> None:
    """Make both tables."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in _STATEMENTS:
            connection.execute(sa.text(statement), {"rows": ROWS} if ":rows" in statement else {})
    engine.dispose()


def measure(way: str, table: str, url: str, folder: Path) -> dict[str, Any]:
    """Ingest once in a fresh process."""
    folder.mkdir()
    command = [sys.executable, "-m", "bench.ingest_one", way, table, str(folder)]
    environ = {**os.environ, "BENCH_SOURCE": url}
    done = subprocess.run(command, env=environ, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} failed on {table} ({done.returncode}):\n{done.stderr[-3000:]}")
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**seen, "rows_per_second": ROWS / seen["seconds"]}


def same_rows(one: str, other: str) -> bool:
    """Say whether two Parquet files hold the same rows, in whatever order and integer width."""
    names = [name for name, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM '{one}'").fetchall()]
    text = ", ".join(f'"{name}"::VARCHAR' for name in names)
    digest = "SELECT count(*), bit_xor(hash({0})), sum(hash({0})::HUGEINT) FROM '{1}'"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = [connection.sql(digest.format(text, path)).fetchall() for path in (one, other)]
    return found[0] == found[1]


def main() -> int:
    """Fill a database, measure both ways on both tables, print tables and figures."""
    rows, figures = [], []
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as root:
        state = Path(root) / "state"
        state.mkdir()
        Path(root).chmod(0o711)  # PostgreSQL runs under another account when we are root
        processes = Processes(state)
        server = LocalPostgres(processes, SecretFile(state / "secrets.json"))
        try:
            server.start()
            url = server.ensure_database("source")
            fill(url)
            for table, title in TABLES.items():
                seen = {
                    way: measure(way, table, url, Path(root) / f"{way}_{table}") for way in ("pandas", "ours")
                }
                rows += [_row(title, way, measured) for way, measured in seen.items()]
                figures += _figures(table.removeprefix("bookings_"), seen)
        finally:
            processes.stop(["postgres"])
    head = ("rows", "way", "seconds", "rows/s", "peak memory over idle (MB)")
    print_table(f"{ROWS:,} rows from PostgreSQL into a partition", head, rows)
    return print_figures(figures)


def _row(title: str, way: str, seen: dict[str, Any]) -> tuple[object, ...]:
    return (
        title,
        way,
        seen["seconds"],
        f"{seen['rows_per_second']:,.0f}",
        f"{seen['megabytes_over_idle']:,.0f}",
    )


def _figures(order: str, seen: dict[str, dict[str, Any]]) -> list[Figure]:
    ours, pandas = seen["ours"], seen["pandas"]
    equal = same_rows(ours["path"], pandas["path"])
    return [
        for_information(f"ingest_rows_per_second_{order}", ours["rows_per_second"]),
        at_least(f"ingest_ratio_to_pandas_{order}", ours["rows_per_second"] / pandas["rows_per_second"], 4),
        at_most(f"ingest_peak_megabytes_over_idle_{order}", ours["megabytes_over_idle"], 500),
        Figure(f"ingest_same_rows_as_pandas_{order}", int(equal), "= 1", equal),
    ]


if __name__ == "__main__":
    sys.exit(main())
