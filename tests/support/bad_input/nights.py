"""Nights whose rows, champion or registry are not what they were."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from include.adapters import warehouse
from include.adapters.mlflow_documents import MODEL_INFO
from include.errors import (
    DataError,
    IntegrityError,
    MissingPartitionError,
    OutputContractError,
    RetiredError,
    SourceUnavailableError,
)
from tests.support.bad_input.model_case import BadModelInput, Bench, Met, ModelEnds, error_of
from tests.support.bad_input.studio import NIGHT, Change, Studio, flip_a_byte
from tests.support.bad_input.trainings import ESTIMATORS, training, with_column


def bad_rows(wrong: str, raises: type[DataError], *says: str, change: Change) -> BadModelInput:
    """Describe rows of the night that the champion cannot answer."""

    def meet(bench: Bench) -> Met:
        studio = bench.studio
        other = studio.with_rows(events=on_the_night(change))
        return Met(error_of(lambda: studio.score(settings=other)))

    return BadModelInput(wrong, "scoring", ModelEnds.NO_NIGHT, meet, raises, says)


def bad_champion(
    wrong: str, *says: str, where: Callable[[Studio], Path], spoil: Callable[[Path], None]
) -> BadModelInput:
    """Describe files of the champion that are not what was promoted."""

    def meet(bench: Bench) -> Met:
        studio, before = bench.studio, bench.studio.serving()
        with studio.spoilt(where(studio), spoil):
            error = error_of(studio.score)
            assert studio.serving() == before
        return Met(error)

    return BadModelInput(wrong, "scoring", ModelEnds.NO_NIGHT, meet, IntegrityError, says)


def on_the_night(change: Change) -> Change:
    return lambda ds, table: change(ds, table) if ds == NIGHT else table


def model_file(studio: Studio) -> Path:
    return studio.files_of(studio.champion().version) / "model.skops"


def info_file(studio: Studio) -> Path:
    run_id = studio.champion().run_id
    (found,) = studio.artifacts.rglob(f"{run_id}/artifacts/{MODEL_INFO}")
    return found


def forget_threshold(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    del document["threshold"]
    path.write_text(json.dumps(document), "utf-8")


def huge(ds: date, table: pa.Table) -> pa.Table:
    return with_column("size", lambda rows: pa.array([1e9] * rows.num_rows))(ds, table)


def nan_scores(bench: Bench) -> Met:
    """A model that was sound on all it was trained on meets rows on which it is not."""
    trusting = bench.studio.settings.model_copy(update={"trusted_types": (f"{ESTIMATORS}.Fragile",)})
    own = training(estimator=f"{ESTIMATORS}:fragile")
    studio = bench.studio.another(trusting, **own).begin()
    other = studio.with_rows(events=on_the_night(huge))
    return Met(error_of(lambda: studio.score(settings=other)), studio)


def no_partition(bench: Bench) -> Met:
    studio = bench.studio
    return Met(error_of(lambda: studio.score(NIGHT + timedelta(days=300))))


def unseen_category(bench: Bench) -> Met:
    """A category that training never saw is answered, as a missing one is."""
    studio = bench.studio.another().begin()
    change = with_column("kind", lambda rows: pa.array(["new"] * rows.num_rows))
    other = studio.with_rows(events=on_the_night(change))
    night = studio.score(settings=other)
    assert (night.changed, night.revision, night.rows) == (True, 2, 40)
    assert studio.score().revision == 3
    return Met(f"{night.rows} rows published", studio)


def registry_down(bench: Bench) -> Met:
    """The registry is down for a night, and back for the next try."""
    registry = bench.server("stoppable_registry")
    studio = registry.studio
    registry.stop()
    try:
        error = error_of(studio.score)
    finally:
        registry.start()
    return Met(error, studio)


def retired(bench: Bench) -> Met:
    """A retired model is out of service until a version is promoted again."""
    studio = bench.studio.another().begin()
    champion, before = studio.champion(), studio.serving()
    with warehouse.transaction(studio.settings) as conn:
        warehouse.record_retirement(
            conn, studio.model, key=f"retirement:{studio.model}", reason="the product ended", actor="ada",
            archive=f"{studio.model}/retired", details={},
        )  # fmt: skip
    error = error_of(studio.score)
    assert studio.serving().night == before.night
    with warehouse.transaction(studio.settings) as conn:
        warehouse.record_promotion(
            conn, **champion.model_dump(), reasons=["wanted again"], key=f"again:{studio.model}"
        )
    return Met(error, studio)


def empty(path: Path) -> None:
    path.write_bytes(b"")


CASES: Sequence[BadModelInput] = [
    bad_rows("a column that the champion was trained with disappears", DataError, "the partition lacks size",
             change=lambda _, table: table.drop_columns(["size"])),
    bad_rows("a numeric feature comes as text", DataError, "feature 'size' holds text",
             change=with_column("size", lambda rows: pa.array(["1,5"] * rows.num_rows))),
    bad_rows("a key stands twice", OutputContractError, "1 keys predicted more than once",
             change=lambda _, table: pa.concat_tables([table, table.slice(0, 1)])),
    BadModelInput("the champion answers NaN", "scoring", ModelEnds.NO_NIGHT, nan_scores, OutputContractError,
                  ["scores are missing or not finite"]),
    BadModelInput("there is no partition for the night", "scoring", ModelEnds.NO_NIGHT, no_partition,
                  MissingPartitionError, ["there is no clean partition"]),
    bad_champion("one bit of the champion's file was changed", "registered was",
                 where=model_file, spoil=flip_a_byte),
    bad_champion("the champion's files are gone", where=lambda studio: model_file(studio).parent,
                 spoil=shutil.rmtree),
    bad_champion("the record of the champion's features is empty", "model_info.json", where=info_file,
                 spoil=empty),
    bad_champion("the record of the champion's threshold is gone", "model_info.json cannot be read",
                 "threshold",
                 where=info_file, spoil=forget_threshold),
    BadModelInput("the registry is down", "scoring", ModelEnds.RETRIED, registry_down, SourceUnavailableError,
                  ["MLflow does not answer"]),
    BadModelInput("a category that training never saw", "scoring", ModelEnds.SCORED, unseen_category),
    BadModelInput("the model was retired", "pinning", ModelEnds.NO_NIGHT, retired, RetiredError,
                  ["retired by ada: the product ended"]),
]  # fmt: skip
