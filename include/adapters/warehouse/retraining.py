"""Requests for a new version."""

from __future__ import annotations

from sqlalchemy import Connection, text

from include.contracts import RetrainRequest

_REQUEST = text("""
    INSERT INTO perennial.retrain_request (model, as_of, source, reason)
    VALUES (:model, :as_of, :source, :reason)
    ON CONFLICT DO NOTHING
""")

_REQUESTED = text("""
    SELECT model, as_of, source, reason FROM perennial.retrain_request
    WHERE model = :model AND as_of = :as_of AND source = :source
""")


def request_retrain(conn: Connection, request: RetrainRequest) -> RetrainRequest:
    """Record a request once for its model, day and source.

    Returns
    -------
    RetrainRequest
        What is on record, which is the first request where the same was asked for before.
    """
    conn.execute(_REQUEST, request.model_dump())
    recorded = conn.execute(_REQUESTED, request.model_dump()).one()
    return RetrainRequest.model_validate(dict(recorded._mapping))
