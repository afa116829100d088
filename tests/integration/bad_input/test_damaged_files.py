"""Files damaged at random: refused with their name, or read as they are; never half, and never for good."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.lake import Lake
from include.contracts import PartitionRef
from include.errors import DataError, EmptyPartitionError, SourceError
from include.settings import Settings
from include.specs import Specs
from include.steps import ingest_partition
from tests.support.bad_input.files import jsonl, parquet, records
from tests.support.daily_files import csv_of, files_spec, numbered, put
from tests.support.sources import DAY, all_files, inn_settings, stay

pytestmark = pytest.mark.integration

SOUND = {
    "csv": csv_of(*numbered(range(20))),
    "csv.gz": gzip.compress(csv_of(*numbered(range(20))), mtime=0),
    "jsonl": jsonl(*records(*range(20))),
    "parquet": parquet([stay(number) for number in range(20)]),
}


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """Cut bytes out, put others in their place, or end too early; once to three times."""
    data = sound
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.integers(0, len(data)))
        last = draw(st.sampled_from([first, first + 1, first + 7, len(data)]))
        data = data[:first] + draw(st.binary(max_size=9)) + data[last:]
    return data


def ingest(at: Settings, specs: Specs) -> PartitionRef | DataError:
    """Read the day; an error of any other kind is none that a user should see."""
    try:
        return ingest_partition.run(at, specs, "stays", DAY)
    except (SourceError, EmptyPartitionError) as error:
        return error


@pytest.mark.parametrize("ending", SOUND)
@settings(max_examples=60)
@given(choices=st.data())
def test_a_damaged_file_is_refused_or_read_whole(ending: str, choices: st.DataObject) -> None:
    sound = SOUND[ending]
    data = choices.draw(damaged(sound))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        spec = files_spec(root / f"in/{{ds}}.{ending}", ending.partition(".")[0])
        specs, at = Specs(datasets={"stays": spec}), inn_settings(root / "inn", "sqlite://")
        file = put(root / f"in/{DAY}.{ending}", data)
        lake = Lake(at.lake_root)
        seen = ingest(at, specs)
        if isinstance(seen, DataError):
            assert str(file) in str(seen)
            assert seen.next_step
            assert all_files(at.lake_root) == {}
        else:
            manifest = lake.raw_manifest("stays", DAY)
            assert manifest is not None
            assert seen.rows == lake.read_raw(manifest).num_rows > 0
        put(file, sound)
        assert ingest_partition.run(at, specs, "stays", DAY).rows == 20
        calm = inn_settings(root / "calm", "sqlite://")
        undisturbed = ingest_partition.run(calm, specs, "stays", DAY)
        mended = lake.raw_manifest("stays", DAY)
        assert mended is not None
        assert mended.content_sha256 == undisturbed.content_sha256
