"""Fill the demo hotel's database."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from pathlib import Path

import pandas as pd
import psycopg
from psycopg import sql
from sqlalchemy import Column, Connection, MetaData, NullPool, Table, Text, create_engine, func, select

from include.demo import schema
from include.demo.hotel_data import load_hotel_data
from include.demo.schema import HotelTables
from include.demo.simulator import ROWS_PER_DAY, simulate

logger = logging.getLogger(__name__)

_LOCK_KEY = 0x5EED
_fingerprints = Table("demo_seed", MetaData(), Column("content_sha256", Text, primary_key=True))


def seed_source(url: str, data: Path | None = None, rows_per_day: int | None = None) -> str:
    """Put bookings and outcomes into the source database.

    Parameters
    ----------
    url
        SQLAlchemy address of the source database.
    data
        Zip of the real hotel data; None for simulated hotels.
    rows_per_day
        Size of the simulated hotels; None for their usual size.

    Returns
    -------
    str
        What is in the tables now, for a person.

    Raises
    ------
    SourceError
        When `data` cannot be used.
    """
    tables = load_hotel_data(data) if data else simulate(rows_per_day=rows_per_day or ROWS_PER_DAY)
    changed = fill_source(url, tables)
    kind = "real" if data else "simulated"
    return f"{len(tables.bookings):,} {kind} bookings{'' if changed else ', there already'}"


def fill_source(url: str, tables: HotelTables) -> bool:
    """Make the source hold exactly these rows, in one transaction.

    Returns
    -------
    bool
        False where it held them already and nothing was written.
    """
    started = time.perf_counter()
    bookings, outcomes = _csv(tables.bookings), _csv(tables.outcomes)
    fingerprint = hashlib.sha256(bookings + outcomes).hexdigest()
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY)))
        _fingerprints.create(connection, checkfirst=True)
        if connection.scalar(select(_fingerprints.c.content_sha256)) == fingerprint:
            return False
        schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
        _copy(connection, schema.BOOKINGS, bookings)
        _copy(connection, schema.BOOKING_OUTCOMES, outcomes)
        connection.execute(_fingerprints.delete())
        connection.execute(_fingerprints.insert().values(content_sha256=fingerprint))
    logger.info(
        "source holds %d bookings and %d outcomes, written in %.1f s",
        len(tables.bookings),
        len(tables.outcomes),
        time.perf_counter() - started,
    )
    return True


def _csv(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_csv(buffer, index=False, header=False, encoding="utf-8")
    return buffer.getvalue()


def _copy(connection: Connection, table: Table, rows: bytes) -> None:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"the source is filled through psycopg, not {type(driver).__name__}")
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table.name), columns)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows)
