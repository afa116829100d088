"""One way of judging the partition of `bench.validation`, in a process of its own.

Run as `python -m bench.validation_ways WAY ROOT [ROWS SHARE]`; prints one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from include.settings import Settings


def settings_below(root: Path) -> Settings:
    """An installation below a folder."""
    return Settings.from_mapping(
        {
            "PERENNIAL_LAKE_ROOT": str(root / "lake"),
            "PERENNIAL_REPORTS_ROOT": str(root / "reports"),
            "PERENNIAL_WORK_ROOT": str(root / "work"),
            "PERENNIAL_SNAPSHOT_REGISTRY": str(root / "registry.git"),
            "PERENNIAL_MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
            "PERENNIAL_SPECS_ROOT": str(root / "specs"),
        }
    )


def prepare(root: Path, rows: str, share: str) -> dict[str, Any]:
    """Ingest the partition."""
    from bench.validation_data import DAY, batches, spec
    from include.adapters.arrow_columns import arrow_schema
    from include.adapters.lake import Lake

    lake, dataset = Lake(root / "lake"), spec()
    schema = arrow_schema(dataset.columns)
    stream = pa.RecordBatchReader.from_batches(schema, batches(int(rows), float(share)))
    raw = lake.commit_raw("orders", DAY, stream, dataset.columns, {"table": "orders"})
    return {"path": str(lake.raw_path(raw)), "rows": raw.rows}


def ours(root: Path) -> dict[str, Any]:
    """Validate as the task does: from the imports to the committed clean partition and its page."""
    from bench.validation_data import DAY, spec
    from include.adapters.lake import Lake
    from include.specs import Specs
    from include.steps import ingest_partition, validate_partition

    settings, lake = settings_below(root), Lake(root / "lake")
    raw = lake.raw_manifest("orders", DAY)
    assert raw is not None
    specs = Specs(datasets={"orders": spec()})
    clean = validate_partition.run(settings, specs, ingest_partition.partition_ref(raw))
    manifest = lake.clean_manifest("orders", DAY)
    assert manifest is not None
    return {
        "failed": [rule.failed_rows for rule in manifest.rules],
        "clean_rows": clean.rows,
        "quarantined_rows": clean.quarantined_rows,
    }


def ours_keys(root: Path) -> dict[str, Any]:
    """Hash the keys our validation found, rule by rule, from the quarantine it wrote."""
    import pyarrow.parquet as pq

    from bench.validation_data import DAY, spec
    from include.adapters.lake import Lake

    lake = Lake(root / "lake")
    manifest = lake.clean_manifest("orders", DAY)
    assert manifest is not None
    names = [rule.rule for rule in spec().contract]
    hashes = [_KeyHash() for _ in names]
    path = lake.quarantine_path(manifest)
    if path is not None:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["order_id", "quarantine_rule"]):
                for key, broken in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    for name in broken:
                        hashes[names.index(name)].add(key)
    return {"keys": [found.text for found in hashes]}


def theirs(root: Path) -> dict[str, Any]:
    """Validate with plain Great Expectations on pandas, COMPLETE results, and collect the keys."""
    import great_expectations as gx
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from bench.validation_data import spec

    (path,) = (root / "lake").rglob("raw/*.parquet")
    frame = pd.read_parquet(path)
    frame["due_on"] = pd.to_datetime(frame["due_on"], utc=True)  # dates and times do not compare
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("bench").add_dataframe_asset("orders")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = context.suites.add(gx.ExpectationSuite(name="contract", expectations=_plain_rules(spec())))
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": ["order_id"]}
    results = batch.validate(suite, result_format=asked).results
    by_rule = {result.expectation_config.meta["number"]: result for result in results}
    found = [_plain_keys(by_rule[number]) for number in range(len(by_rule))]
    return {
        "failed": [len(keys) for keys in found],
        "quarantined_rows": len(set().union(*found)),
        "keys": [_KeyHash(sorted(keys)).text for keys in found],
    }


def _plain_rules(dataset: Any) -> list[dict[str, Any]]:
    renamed = {"column_a": "column_A", "column_b": "column_B"}
    rules = []
    for number, rule in enumerate(dataset.contract):
        given = rule.model_dump(exclude_none=True, exclude={"expect", "severity"})
        kwargs = {renamed.get(name, name): value for name, value in given.items()}
        rules.append({"type": f"expect_{rule.expect}", "kwargs": kwargs, "meta": {"number": number}})
    return rules


def _plain_keys(result: Any) -> list[int]:
    raised = result.exception_info or {}
    assert not raised.get("raised_exception", bool(raised)), raised
    return [int(entry["order_id"]) for entry in result.result.get("unexpected_index_list") or []]


class _KeyHash:
    def __init__(self, keys: Iterable[int] = ()) -> None:
        self._digest = hashlib.sha256()
        for key in keys:
            self.add(key)

    def add(self, key: int) -> None:
        self._digest.update(key.to_bytes(8, "little"))

    @property
    def text(self) -> str:
        return self._digest.hexdigest()


WAYS: dict[str, Callable[..., dict[str, Any]]] = {
    "prepare": prepare,
    "ours": ours,
    "ours_keys": ours_keys,
    "theirs": theirs,
}

if __name__ == "__main__":
    print(json.dumps(WAYS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
