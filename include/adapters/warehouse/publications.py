"""Predictions, published as whole revisions.

A revision is written once and never edited. Readers use the view `perennial.current_prediction`; the
one transaction that adds a revision also makes it the current one, so they see the old answer or the
new one and never a mixture.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from include.adapters.warehouse.connection import name_lock, transaction
from include.contracts import Contract, PublicationRef
from include.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 50_000
WEEK = timedelta(days=7)

_CURRENT = text("""
    SELECT revision, rows, model_version, content_hash
    FROM perennial.publication
    WHERE model = :model AND ds = :ds AND is_current
""")

_CURRENT_BETWEEN = text("""
    SELECT model, ds, revision, rows, model_version, content_hash, false AS changed
    FROM perennial.publication
    WHERE model = :model AND ds >= :first AND ds < :last_exclusive AND is_current
    ORDER BY ds
""")

_NEWEST_NIGHT = text("SELECT max(ds) FROM perennial.publication WHERE model = :model AND is_current")

_RETIRE = text("""
    UPDATE perennial.publication SET is_current = false WHERE model = :model AND ds = :ds AND is_current
""")

_PUBLISH = text("""
    INSERT INTO perennial.publication
        (model, ds, revision, rows, content_hash, model_version, snapshot_tag, snapshot_hash,
         partition_sha256, run_id, is_current)
    VALUES (:model, :ds, :revision, :rows, :content_hash, :model_version, :snapshot_tag, :snapshot_hash,
            :partition_sha256, :run_id, true)
""")

_COPY = """
    COPY perennial.prediction
        (entity_key, score, prediction, predicted_class, class_scores,
         model, ds, revision, model_version, snapshot_tag, snapshot_hash)
    FROM STDIN (FORMAT csv)
"""


class Publication(Contract):
    """What is published, beside its rows: the model version, its snapshot, and the partition scored."""

    model: str
    ds: date
    content_hash: str
    model_version: int
    snapshot_tag: str
    snapshot_hash: str
    partition_sha256: str
    run_id: str


def publish(conn: Connection, publication: Publication, predictions: pa.Table) -> PublicationRef:
    """Make these predictions the current ones of their model and day.

    Where the current revision has the same content hash, nothing is written. Runs that publish the
    same model and day at once queue on an advisory lock.

    Parameters
    ----------
    conn
        Inside a transaction; the predictions are visible to others once it commits.
    publication
        Names and hashes that belong to every row.
    predictions
        Without nulls: `entity_key` (string), `score` (float64), and what the model's task has of
        `prediction` (int16), `predicted_class` (string) and `class_scores` (a struct of float64).
    """
    model, ds = publication.model, publication.ds
    name_lock(conn, f"publication:{model}:{ds}")
    current = conn.execute(_CURRENT, {"model": model, "ds": ds}).one_or_none()
    if current is not None and current.content_hash == publication.content_hash:
        return _reference(publication, current.revision, current.rows, changed=False)
    revision = 1 if current is None else current.revision + 1
    _copy(conn, publication, revision, predictions)
    conn.execute(_RETIRE, {"model": model, "ds": ds})
    rows = predictions.num_rows
    conn.execute(_PUBLISH, {**publication.model_dump(), "revision": revision, "rows": rows})
    return _reference(publication, revision, rows, changed=True)


def current_publications(
    conn: Connection, model: str, first: date, last_exclusive: date
) -> list[PublicationRef]:
    """Return the current publication of each day that has one, ordered by day."""
    bounds = {"model": model, "first": first, "last_exclusive": last_exclusive}
    rows = conn.execute(_CURRENT_BETWEEN, bounds)
    return [PublicationRef.model_validate(dict(row._mapping)) for row in rows]


def newest_night(conn: Connection, model: str) -> date | None:
    """Return the newest day with published predictions, None without any."""
    newest: date | None = conn.execute(_NEWEST_NIGHT, {"model": model}).scalar_one()
    return newest


def missing_nights(settings: Settings, model: str, first: date) -> list[date]:
    """Return the days of the week from `first` on that have no publication yet, in order."""
    with transaction(settings) as conn:
        published = {night.ds for night in current_publications(conn, model, first, first + WEEK)}
    days = [first + timedelta(days=offset) for offset in range(WEEK.days)]
    return [day for day in days if day not in published]


def _reference(publication: Publication, revision: int, rows: int, *, changed: bool) -> PublicationRef:
    return PublicationRef(
        model=publication.model,
        ds=publication.ds,
        revision=revision,
        rows=rows,
        model_version=publication.model_version,
        content_hash=publication.content_hash,
        changed=changed,
    )


def _copy(conn: Connection, publication: Publication, revision: int, predictions: pa.Table) -> None:
    driver = conn.connection.driver_connection
    if driver is None:
        raise TypeError("publish needs an open connection")
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for block in _csv_blocks(publication, revision, predictions):
            copy.write(block)


def _csv_blocks(publication: Publication, revision: int, predictions: pa.Table) -> Iterator[memoryview]:
    # Here and not above: most tasks that use the warehouse publish nothing.
    import pyarrow as pa
    from pyarrow import csv

    constants: list[str | int] = [
        publication.model,
        publication.ds.isoformat(),
        revision,
        publication.model_version,
        publication.snapshot_tag,
        publication.snapshot_hash,
    ]
    options = csv.WriteOptions(include_header=False)
    for batch in predictions.to_batches(BATCH_ROWS):
        filled = [pa.repeat(value, batch.num_rows) for value in constants]
        columns = [*_answer_columns(batch), *filled]
        sink = io.BytesIO()
        csv.write_csv(pa.record_batch(columns, names=list(map(str, range(len(columns))))), sink, options)
        yield sink.getbuffer()


def _answer_columns(batch: pa.RecordBatch) -> Iterator[pa.Array]:
    """Give the columns every task has its own share of; what a task has not is null."""
    import pyarrow as pa

    for name in ("entity_key", "score", "prediction", "predicted_class"):
        there = name in batch.schema.names
        yield batch.column(name) if there else pa.nulls(batch.num_rows, pa.string())
    if "class_scores" in batch.schema.names:
        yield _json_objects(batch.column("class_scores"))
    else:
        yield pa.nulls(batch.num_rows, pa.string())


def _json_objects(classes: pa.StructArray) -> pa.Array:
    """Write each row of a struct of numbers as a JSON object, a column at a time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts: list[pa.Array | str] = []
    for mark, field, scores in zip(chain("{", repeat(",")), classes.type, classes.flatten(), strict=False):
        # Arrow writes the shortest digits that give the number back, as JSON wants them.
        parts += [f"{mark}{json.dumps(field.name)}:", pc.cast(scores, pa.string())]
    return pc.binary_join_element_wise(*parts, "}", "")
