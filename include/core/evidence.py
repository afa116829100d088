"""Which evidence a person agreed to."""

from __future__ import annotations

import hashlib

from include.contracts import EvaluationRef
from include.contracts.canonical import canonical_json


def evidence_sha256(evaluation: EvaluationRef) -> str:
    """Return the SHA-256 of an evaluation's canonical JSON: other numbers are other evidence."""
    return hashlib.sha256(canonical_json(evaluation.to_json()).encode()).hexdigest()
