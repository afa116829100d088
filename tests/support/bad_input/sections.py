"""All cases, in the order of the page."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.bad_input import apis, buckets, databases, files, nights, promotions, trainings
from tests.support.bad_input.case import BadInput
from tests.support.bad_input.model_case import BadModelInput

SECTIONS: dict[str, Sequence[BadInput]] = {
    "Damaged, empty and absent files": files.DAMAGED,
    "Columns": files.SHAPE,
    "Text and names": files.TEXT,
    "Days and moments": files.TIMES,
    "Keys and order": files.KEYS,
    "Numbers": files.NUMBERS,
    "Object storage": buckets.CASES,
    "Databases": databases.CASES,
    "APIs": apis.CASES,
}
CASES = [case for cases in SECTIONS.values() for case in cases]

MODEL_SECTIONS: dict[str, Sequence[BadModelInput]] = {
    "Training": trainings.CASES,
    "Judging, approving and promoting": promotions.CASES,
    "Nights": nights.CASES,
}
MODEL_CASES = [case for cases in MODEL_SECTIONS.values() for case in cases]
