"""Runs `ingest_partition` over a partition that does not fit into memory, and kills it at a given moment.

Started by `tests.support.killing.start_driver`.
"""

from __future__ import annotations

import json
import sys

from include.adapters import ordered_rows, partition_changes, range_sort
from include.adapters.lake_manifests import ManifestLog
from include.adapters.parquet_files import ParquetDraft
from include.adapters.sources import sql
from include.errors import ConcurrentWriteError
from include.settings import Settings
from include.steps import ingest_partition
from tests.support.killing import die, then_die
from tests.support.sources import DAY, stays_specs

MOMENTS = (
    "while rows come",
    "before sorting",
    "while sorted rows are written",
    "before comparing",
    "after comparing",
    "before the file has its name",
    "after the file has its name",
    "before the manifest",
    "after the manifest",
)
OVERTAKEN = 3


def dies_at(call: int) -> None:
    write, calls = ParquetDraft.write, iter(range(call))

    def wrapped(draft: ParquetDraft, rows: object) -> None:
        if next(calls, None) is None:
            die()
        write(draft, rows)  # type: ignore[arg-type]

    ParquetDraft.write = wrapped  # type: ignore[method-assign]


def arm(moment: str) -> None:
    match moment:
        case "while rows come":
            dies_at(3)
        case "before sorting":
            ordered_rows.sorted_rows = die
        case "while sorted rows are written":
            dies_at(14)
        case "before comparing":
            partition_changes.compare_files = die
        case "after comparing":
            partition_changes.compare_files = then_die(partition_changes.compare_files)
        case "before the file has its name":
            ParquetDraft.keep_as = die  # type: ignore[method-assign]
        case "after the file has its name":
            ParquetDraft.keep_as = then_die(ParquetDraft.keep_as)  # type: ignore[method-assign]
        case "before the manifest":
            ManifestLog.append = die  # type: ignore[method-assign]
        case "after the manifest":
            ManifestLog.append = then_die(ManifestLog.append)  # type: ignore[method-assign]
        case "never":
            pass
        case _:
            raise ValueError(moment)


def main(moment: str) -> int:
    given = json.load(sys.stdin)
    ordered_rows.HELD_BYTES = -1
    sql.BATCH_ROWS = range_sort.BATCH_ROWS = 10
    range_sort._SAMPLED = 3
    arm(moment)
    settings = Settings.model_validate(given)
    try:
        ref = ingest_partition.run(settings, stays_specs(), "stays", DAY)
    except ConcurrentWriteError:
        return OVERTAKEN
    sys.stdout.write(json.dumps(ref.to_json()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
