"""Great Expectations as anybody would call it: a frame, COMPLETE results, the index of failing rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import include.adapters.quiet_gx  # noqa: F401  before what it quiets

# isort: split
import great_expectations as gx
import pandas as pd
from great_expectations.data_context.types.base import ProgressBarsConfig

ROW = "row number"


def validate_plainly(frame: pd.DataFrame, rules: Sequence[dict[str, Any]]) -> list[tuple[bool, list[int]]]:
    """Return success and the positions of failing rows, rule by rule."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("plain").add_dataframe_asset("rows")
    rows = frame.assign(**{ROW: range(len(frame))})
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": rows})
    numbered = [{**rule, "meta": {"number": number}} for number, rule in enumerate(rules)]
    suite = context.suites.add(gx.ExpectationSuite(name="plain", expectations=numbered))
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": [ROW]}
    results = batch.validate(suite, result_format=asked).results
    by_number = {result.expectation_config.meta["number"]: result for result in results}
    return [_read(by_number[number]) for number in range(len(rules))]


def _read(result: Any) -> tuple[bool, list[int]]:
    raised = result.exception_info or {}
    assert not raised.get("raised_exception", bool(raised)), raised
    found = result.result.get("unexpected_index_list") or []
    return bool(result.success), sorted(int(entry[ROW]) for entry in found)
