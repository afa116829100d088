"""Weekly drift results."""

from __future__ import annotations

from sqlalchemy import Connection, text

from include.adapters.warehouse.connection import name_lock
from include.contracts import DriftResult

_RECORD_WEEK = text("""
    INSERT INTO perennial.drift_week (model, first, last, champion_version, rows, drifted, report)
    VALUES (:model, :first, :last, :champion_version, :rows, :drifted, :report)
    ON CONFLICT (model, first) DO UPDATE SET
        last = excluded.last, champion_version = excluded.champion_version, rows = excluded.rows,
        drifted = excluded.drifted, report = excluded.report, measured_at = now()
""")

_FORGET_FEATURES = text("DELETE FROM perennial.drift_feature WHERE model = :model AND first = :first")

_RECORD_FEATURE = text("""
    INSERT INTO perennial.drift_feature
        (model, first, feature, statistic, value, threshold, drifted, explanation)
    VALUES (:model, :first, :feature, :statistic, :value, :threshold, :drifted, :explanation)
""")


def record_drift(conn: Connection, result: DriftResult) -> None:
    """Write a week's result; a repeated measurement replaces the week as a whole."""
    name_lock(conn, f"drift:{result.model}:{result.first}")
    week = result.model_dump(exclude={"features"})
    conn.execute(_RECORD_WEEK, week)
    conn.execute(_FORGET_FEATURES, week)
    key = {"model": result.model, "first": result.first}
    if result.features:
        conn.execute(_RECORD_FEATURE, [{**key, **feature.model_dump()} for feature in result.features])
