"""What goes wrong around a model: the answer names it, and nothing is half-written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from include.adapters import mlflow_registry, warehouse
from include.adapters.lake import Lake
from include.adapters.warehouse import publications
from include.contracts import ChampionRef, EvaluationRef, PromotionResult, PublicationRef
from include.errors import (
    DataError,
    IntegrityError,
    OutputContractError,
    PerennialError,
    SourceUnavailableError,
    StaleEvidenceError,
    TrainingDataError,
)
from include.local.ports import free_port
from include.settings import Settings
from include.steps import (
    evaluate_candidate,
    freeze_snapshot,
    measure_drift,
    predict_partition,
    promote_candidate,
    train_candidate,
)
from tests.support.churn import COLUMNS, DATASET, Churn, customers
from tests.support.partitions import commit_clean
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

DS = date(2017, 5, 3)
AS_OF = FIRST + timedelta(days=60)


@pytest.fixture
def churn(settings: Settings) -> Churn:
    return Churn(settings)


@pytest.fixture
def shop(settings: Settings) -> Shop:
    shop = Shop(settings)
    shop.write_days(FIRST, AS_OF + timedelta(days=6))
    return shop


def predict(churn: Churn, champion: ChampionRef, settings: Settings | None = None) -> PublicationRef:
    return predict_partition.run(settings or churn.settings, churn.specs, churn.model, DS, champion, "run")


def published_rows(churn: Churn) -> int:
    with warehouse.transaction(churn.settings) as conn:
        return int(conn.execute(text("SELECT count(*) FROM perennial.prediction")).scalar_one())


def write(churn: Churn, table: pa.Table) -> None:
    lake = Lake(churn.settings.lake_root)
    raw = lake.commit_raw(DATASET, DS, table, COLUMNS, {})
    commit_clean(lake, raw, table)


def without_mlflow(settings: Settings) -> Settings:
    return settings.model_copy(update={"mlflow_tracking_uri": f"http://127.0.0.1:{free_port()}"})


def evaluated(shop: Shop, as_of: date) -> EvaluationRef:
    snapshot = freeze_snapshot.run(shop.settings, shop.specs(), shop.model, as_of)
    candidate = train_candidate.run(shop.settings, shop.specs(), shop.model, snapshot, "commit", "lock")
    return evaluate_candidate.run(shop.settings, shop.specs(), shop.model, candidate)


# Scoring a night


def test_mlflow_down_publishes_nothing_and_may_be_retried(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS)
    with pytest.raises(SourceUnavailableError, match="MLflow does not answer"):
        predict(churn, champion, without_mlflow(churn.settings))
    assert published_rows(churn) == 0


def test_a_warehouse_that_is_down_may_be_retried(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS)
    address = SecretStr(f"postgresql+psycopg://a:hunter2@127.0.0.1:{free_port()}/w")
    with pytest.raises(SourceUnavailableError, match="warehouse does not answer") as raised:
        predict(churn, champion, churn.settings.model_copy(update={"warehouse_url": address}))
    assert "hunter2" not in str(raised.value)


def test_a_warehouse_that_ends_while_rows_are_copied_leaves_none(
    churn: Churn, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = churn.register()
    churn.write_partition(DS)
    blocks = publications._csv_blocks

    def cut_off(*arguments: object) -> Iterator[memoryview]:
        yield from blocks(*arguments)  # type: ignore[arg-type]
        with warehouse.engine(churn.settings).begin() as other:
            other.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE pid <> pg_backend_pid() AND datname = current_database()")
            )  # fmt: skip

    with monkeypatch.context() as patched:
        patched.setattr(publications, "_csv_blocks", cut_off)
        with pytest.raises(SourceUnavailableError, match="warehouse does not answer"):
            predict(churn, champion)
    assert published_rows(churn) == 0
    assert predict(churn, champion).changed


def test_a_version_that_was_deleted_is_named(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS)
    with mlflow_registry.mlflow_client(churn.settings) as client:
        client.delete_model_version(churn.model, str(champion.version))
    with pytest.raises(IntegrityError, match=f"model {churn.model}, version {champion.version}"):
        predict(churn, champion)


def stored_model(churn: Churn, champion: ChampionRef) -> Path:
    """Where the server keeps a version's `model.skops`."""
    with mlflow_registry.mlflow_client(churn.settings) as client:
        found = client.get_model_version(churn.model, str(champion.version))
        location = client.get_logged_model(found.source.removeprefix("models:/")).artifact_location
    relative = unquote(urlsplit(location).path).lstrip("/")
    return artifacts_root(churn.settings) / relative / "model.skops"


def artifacts_root(settings: Settings) -> Path:
    import psutil

    port = urlsplit(settings.mlflow_tracking_uri).port
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(port) in words and "--artifacts-destination" in words:
            return Path(urlsplit(words[words.index("--artifacts-destination") + 1]).path)
    raise LookupError("no MLflow server found")


@pytest.mark.parametrize("harm", ["altered", "deleted"])
def test_a_model_file_that_was_harmed_scores_nothing(churn: Churn, harm: str) -> None:
    champion = churn.register()
    churn.write_partition(DS)
    path = stored_model(churn, champion)
    if harm == "altered":
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    else:
        path.unlink()
    with pytest.raises(IntegrityError, match="registered was"):
        predict(churn, champion)
    assert published_rows(churn) == 0


def test_a_deleted_partition_file_is_named(churn: Churn) -> None:
    champion = churn.register()
    path = Lake(churn.settings.lake_root).clean_path(churn.write_partition(DS))
    path.unlink()
    with pytest.raises(IntegrityError, match=f"{path}: the file is missing. Next: run ingest"):
        predict(churn, champion)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param(None, "1 predictions without a key", id="missing"),
        pytest.param("k" * 3000, "1 keys longer than 1000 bytes, such as 'kkk", id="long"),
    ],
)
def test_a_key_the_warehouse_cannot_hold_is_named(churn: Churn, key: str | None, said: str) -> None:
    champion = churn.register()
    table = customers(DS, 3)
    write(churn, table.set_column(0, "customer_id", pa.array(["a", key, "b"], pa.string())))
    with pytest.raises(OutputContractError, match=said):
        predict(churn, champion)
    assert published_rows(churn) == 0


def test_keys_with_odd_characters_are_published_as_they_are(churn: Churn) -> None:
    champion = churn.register()
    odd = ["O'Brien", 'the "Duke"', "a,b", "\\.", "line\nbreak\r\n", "Zoë 🛎", "", " ", "\\N", "NULL", "\t"]
    write(churn, customers(DS, len(odd)).set_column(0, "customer_id", pa.array(odd)))
    assert predict(churn, champion).rows == len(odd)
    with warehouse.transaction(churn.settings) as conn:
        found = conn.execute(text("SELECT entity_key FROM perennial.current_prediction")).scalars()
        assert sorted(found) == sorted(odd)


def test_integers_no_float_can_tell_apart_are_different_keys(churn: Churn) -> None:
    champion = churn.register()
    big = [2**53, 2**53 + 1, 2**63 - 1]
    write(churn, customers(DS, 3).set_column(0, "customer_id", pa.array(big, pa.int64())))
    predict(churn, champion)
    with warehouse.transaction(churn.settings) as conn:
        found = conn.execute(text("SELECT entity_key FROM perennial.current_prediction")).scalars()
        assert sorted(map(int, found)) == big


def test_a_feature_that_became_text_is_named(churn: Churn) -> None:
    champion = churn.register()
    write(churn, customers(DS, 3).set_column(4, "spend", pa.array(["1", "2", "many"])))
    with pytest.raises(DataError, match="feature 'spend' holds text"):
        predict(churn, champion)


def test_a_changed_spec_does_not_change_what_a_version_is_scored_with(churn: Churn) -> None:
    champion = churn.register()
    churn.write_partition(DS)
    before = predict(churn, champion)
    spec = churn.spec
    fewer = spec.model_copy(
        update={"features": spec.features.model_copy(update={"numeric": ["spend"], "categorical": []})}
    )
    specs = churn.specs
    specs.models[churn.model] = fewer
    after = predict_partition.run(churn.settings, specs, churn.model, DS, champion, "run 2")
    assert after == before.model_copy(update={"changed": False})


# Drift


def test_a_week_with_an_empty_day_is_measured(churn: Churn) -> None:
    champion = churn.promote(churn.register())
    for offset in range(7):
        ds = DS + timedelta(days=offset)
        churn.write_partition(ds, 0 if offset == 3 else 100)
        predict_partition.run(churn.settings, churn.specs, churn.model, ds, champion, f"night {ds}")
    assert measure_drift.run(churn.settings, churn.specs, churn.model, DS).rows == 600


def test_a_week_that_lost_a_trained_column_is_named(churn: Churn) -> None:
    champion = churn.promote(churn.register())
    for offset in range(7):
        ds = DS + timedelta(days=offset)
        churn.write_partition(ds, 20)
        predict_partition.run(churn.settings, churn.specs, churn.model, ds, champion, f"night {ds}")
    write(churn, customers(DS, 20).drop_columns(["country"]))
    with pytest.raises(DataError, match="lacks country"):
        measure_drift.run(churn.settings, churn.specs, churn.model, DS)


# Freezing, training, promoting


def test_mlflow_down_trains_nothing_and_may_be_retried(shop: Shop) -> None:
    snapshot = freeze_snapshot.run(shop.settings, shop.specs(), shop.model, AS_OF)
    with pytest.raises(SourceUnavailableError, match="MLflow does not answer"):
        train_candidate.run(
            without_mlflow(shop.settings), shop.specs(), shop.model, snapshot, "commit", "lock"
        )


def test_a_missing_registry_may_be_retried(shop: Shop, tmp_path: Path) -> None:
    gone = shop.settings.model_copy(update={"snapshot_registry": str(tmp_path / "gone.git")})
    with pytest.raises(SourceUnavailableError, match=r"gone.git: the data registry does not answer"):
        freeze_snapshot.run(gone, shop.specs(), shop.model, AS_OF)


def test_a_deleted_file_is_not_frozen(shop: Shop) -> None:
    lake = Lake(shop.settings.lake_root)
    manifest = lake.clean_manifest("events", FIRST)
    assert manifest is not None
    lake.clean_path(manifest).unlink()
    with pytest.raises(IntegrityError, match=f"1 partitions are missing: events {FIRST}"):
        freeze_snapshot.run(shop.settings, shop.specs(), shop.model, AS_OF)


def relabel(shop: Shop, value: int | None) -> None:
    lake = Lake(shop.settings.lake_root)
    for raw in lake.raw_manifests("outcomes", FIRST, AS_OF):
        table = lake.read_raw(raw)
        labels = pa.array([value] * table.num_rows, pa.int64())
        table = table.set_column(table.column_names.index("happened"), "happened", labels)
        commit_clean(lake, raw, table, contract_sha256="d" * 64)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        pytest.param(1, "label happened takes the values 1, not 0 and 1", id="one class"),
        pytest.param(None, r"mature rows \(100.0%\) have no label", id="no label"),
        pytest.param(2, "label happened takes the values 2, not 0 and 1", id="another number"),
    ],
)
def test_labels_that_teach_nothing_are_named(shop: Shop, label: int | None, said: str) -> None:
    relabel(shop, label)
    with pytest.raises(TrainingDataError, match=said):
        evaluated(shop, AS_OF)


def test_a_holdout_without_a_label_is_not_enough_evidence(shop: Shop) -> None:
    evidence = evaluated(shop, AS_OF + timedelta(days=25))
    result = promote_candidate.run(shop.settings, shop.specs(), shop.model, evidence)
    assert (evidence.holdout_rows, result.promoted) == (0, False)
    assert mlflow_registry.champion_alias(shop.settings, shop.model) is None


def test_of_two_promotions_at_once_one_counts(shop: Shop) -> None:
    evidence = [evaluated(shop, AS_OF), evaluated(shop, AS_OF + timedelta(days=7))]

    def promote(which: EvaluationRef) -> PromotionResult | PerennialError:
        try:
            return promote_candidate.run(shop.settings, shop.specs(), shop.model, which)
        except StaleEvidenceError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(promote, evidence))
    winners = [a.version for a in answers if isinstance(a, PromotionResult) and a.promoted]
    assert winners == [mlflow_registry.champion_alias(shop.settings, shop.model)]
    with warehouse.transaction(shop.settings) as conn:
        champion = warehouse.current_champion(conn, shop.model)
    assert champion is not None
    assert champion.version == winners[0]


def test_a_warehouse_without_tables_is_named(churn: Churn, new_database: Callable[[], str]) -> None:
    other = new_database()
    bare = churn.settings.model_copy(update={"warehouse_url": SecretStr(other)})
    champion = churn.register()
    churn.write_partition(DS)
    with pytest.raises(PerennialError, match="bring it to this version"):
        predict(churn, champion, bare)
