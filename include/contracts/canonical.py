"""One text for one value, so that hashes of records can be compared."""

from __future__ import annotations

import json
import math
from typing import Any


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces; numbers that are none are spelled as text.

    Parameters
    ----------
    value
        Of JSON types, as `Contract.to_json` answers.
    """
    return json.dumps(
        _spelled(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _spelled(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _spelled(item) for key, item in value.items()}
    return [_spelled(item) for item in value] if isinstance(value, list | tuple) else value
