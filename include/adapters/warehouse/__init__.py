"""The warehouse: one PostgreSQL that holds predictions, promotions, decisions and drift results.

Functions take an open connection and belong to the caller's transaction, so that what must be true
together is committed together::

    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        ...

Everything written has a key of its own: writing it twice changes nothing.
"""

from include.adapters.warehouse.connection import engine, model_lock, name_lock, transaction
from include.adapters.warehouse.drift import record_drift
from include.adapters.warehouse.migration import migrate
from include.adapters.warehouse.promotions import (
    Seal,
    champion_as_of,
    champion_seal,
    current_champion,
    first_promotions,
    previous_champion,
    promoted_version,
    promotion_entry,
    record_decisions,
    record_promotion,
    semantic_versions,
    served_snapshots,
)
from include.adapters.warehouse.publications import (
    WEEK,
    Publication,
    current_publications,
    missing_nights,
    newest_night,
    publish,
)
from include.adapters.warehouse.retirements import Retirement, record_retirement, retirement
from include.adapters.warehouse.retraining import request_retrain

__all__ = [
    "WEEK",
    "Publication",
    "Retirement",
    "Seal",
    "champion_as_of",
    "champion_seal",
    "current_champion",
    "current_publications",
    "engine",
    "first_promotions",
    "migrate",
    "missing_nights",
    "model_lock",
    "name_lock",
    "newest_night",
    "previous_champion",
    "promoted_version",
    "promotion_entry",
    "publish",
    "record_decisions",
    "record_drift",
    "record_promotion",
    "record_retirement",
    "request_retrain",
    "retirement",
    "semantic_versions",
    "served_snapshots",
    "transaction",
]
