"""Records survive JSON, and what is none is refused with its fields."""

from __future__ import annotations

from datetime import date

import pytest

from include.contracts import PartitionRef
from include.errors import FatalError

REF = PartitionRef(dataset="d", ds=date(2017, 5, 1), revision=1, rows=2, content_sha256="a")


def test_a_record_survives_json() -> None:
    assert PartitionRef.from_json(REF.to_json()) == REF


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"from_rest_api": True}, "dataset: Field required"),
        ({**REF.to_json(), "ds": "2017-13-45"}, "ds: Input should be a valid date"),
        ({**REF.to_json(), "frame": []}, "frame: Extra inputs"),
    ],
)
def test_what_is_no_record_is_refused(value: dict[str, object], said: str) -> None:
    with pytest.raises(FatalError, match=f"PartitionRef: .*{said}"):
        PartitionRef.from_json(value)
