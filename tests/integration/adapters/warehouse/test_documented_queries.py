"""The queries of docs/predictions.md do what the page says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import text

from include.adapters import warehouse
from include.adapters.warehouse import Publication
from include.core.predictions import build_predictions
from include.settings import Settings
from include.specs.task import Task

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[4] / "docs/predictions.md"
QUERIES = re.findall(r"```sql\n(.*?);\n```", PAGE.read_text("utf-8"), re.DOTALL)
TIERS = ["bronze", "gold", "silver"]


def publication(model: str, version: int) -> Publication:
    return Publication(
        model=model, ds=date(2017, 5, 3), content_hash=f"{model} {version}", model_version=version,
        snapshot_tag="t", snapshot_hash="h", partition_sha256="p", run_id="run",
    )  # fmt: skip


@pytest.fixture
def published(warehouse_settings: Settings) -> Settings:
    """Two revisions of a binary night, and one of a night with three classes."""
    with warehouse.transaction(warehouse_settings) as conn:
        for version, scores in ((1, [0.25, 0.5]), (2, [0.75, 0.5])):
            found = np.array(scores)
            night = build_predictions(pa.array(["17", "18"]), found, found >= 0.4, Task.BINARY_CLASSIFICATION)
            warehouse.publish(conn, publication("booking_cancellation", version), night)
        classes = np.array([[0.5, 0.125, 0.375], [0.25, 0.75, 0.0]])
        night = build_predictions(
            pa.array(["a", "b"]), classes, classes.argmax(axis=1), Task.MULTICLASS_CLASSIFICATION, TIERS
        )
        warehouse.publish(conn, publication("guest_tier", 1), night)
    return warehouse_settings


def test_every_query_of_the_page_answers(published: Settings) -> None:
    with warehouse.transaction(published) as conn:
        row, gold, nearest, revisions, older = (
            [tuple(row) for row in conn.execute(text(query))] for query in QUERIES
        )
    assert row == [(0.75, 1)]
    assert gold == [("b", 0.75), ("a", 0.125)]
    assert nearest == [("a", "bronze", 0.125), ("b", "gold", 0.5)]
    assert [line[:4] for line in revisions] == [(1, 1, 2, False), (2, 2, 2, True)]
    assert older == [("17", 0.25, 0), ("18", 0.5, 1)]
