"""Rollback and retirement against a real warehouse, registry and lake."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import Any

import pytest
from mlflow import MlflowClient
from sqlalchemy import text

from include.adapters import mlflow_registry, warehouse
from include.adapters.warehouse import ledger
from include.contracts import ChampionRef, RetirementResult, RollbackResult
from include.errors import FatalError, IntegrityError, NoChampionError, RetiredError, SourceUnavailableError
from include.settings import Settings
from include.steps import (
    pin_champion,
    predict_partition,
    promote_candidate,
    retire_model,
    rollback_champion,
    verify_ledger,
)
from tests.support.churn import Churn
from tests.support.judged import AS_OF, judged

pytestmark = pytest.mark.integration

LATER = AS_OF + timedelta(days=2)
NIGHTS = [AS_OF + timedelta(days=offset) for offset in range(4)]


@pytest.fixture
def churn(settings: Settings) -> Churn:
    """Two versions, promoted one after the other, and four nights: two by each."""
    churn = Churn(settings)
    promote(churn, churn.register(0), AS_OF, None)
    promote(churn, churn.register(1), LATER, 1)
    for night in NIGHTS:
        churn.write_partition(night, 40)
        score(churn, night)
    return churn


def promote(churn: Churn, version: ChampionRef, as_of: date, champion: int | None) -> None:
    evidence = judged(churn, version, as_of=as_of, champion=champion)
    assert promote_candidate.run(churn.settings, churn.specs, churn.model, evidence).promoted


def pinned(churn: Churn, night: date) -> ChampionRef:
    return pin_champion.run(churn.settings, churn.model, night, "as_of")


def score(churn: Churn, night: date) -> None:
    champion = pinned(churn, night)
    predict_partition.run(churn.settings, churn.specs, churn.model, night, champion, f"night {night}")


def roll_back(churn: Churn, request: str = "run 1", **given: Any) -> RollbackResult:
    options = {"reason": "too many false alarms", "actor": "ada", "dry_run": False} | given
    return rollback_champion.run(churn.settings, churn.specs, churn.model, request=request, **options)


def retire(churn: Churn, request: str = "run 1", **given: Any) -> RetirementResult:
    options = {"reason": "the product ended", "actor": "ada", "dry_run": False} | given
    return retire_model.run(churn.settings, churn.model, request=request, **options)


def scored_by(churn: Churn) -> list[int]:
    with warehouse.transaction(churn.settings) as conn:
        nights = warehouse.current_publications(conn, churn.model, AS_OF, date.max)
    return [night.model_version for night in nights]


def aliases(churn: Churn) -> tuple[int | None, int | None]:
    address = churn.settings.mlflow_tracking_uri
    client = MlflowClient(address, address)
    champion, previous = (
        mlflow_registry.read_alias(client, churn.model, alias) for alias in ("champion", "previous")
    )
    return champion, previous


def entries(churn: Churn) -> list[str]:
    with warehouse.transaction(churn.settings) as conn:
        return [str(entry.kind) for entry in ledger.entries(conn, churn.model)][4:]


def test_a_dry_run_says_what_would_change_and_changes_nothing(churn: Churn) -> None:
    found = roll_back(churn, dry_run=True, rescore=True, effective_from=NIGHTS[3])

    assert (found.dry_run, found.from_version, found.to_version, found.ledger_entry) == (True, 2, 1, None)
    assert (found.effective_from, found.rescored) == (NIGHTS[3], [NIGHTS[3]])
    assert (entries(churn), aliases(churn), pinned(churn, NIGHTS[3]).version) == ([], (2, 1), 2)


def test_the_next_night_takes_the_version_before(churn: Churn) -> None:
    found = roll_back(churn)

    assert (found.to_version, found.effective_from, found.rescored) == (1, NIGHTS[-1] + timedelta(days=1), [])
    assert [pinned(churn, night).version for night in [*NIGHTS, found.effective_from]] == [1, 1, 2, 2, 1]
    assert (aliases(churn), entries(churn)) == ((1, 2), ["rollback"])
    assert roll_back(churn) == found
    assert entries(churn) == ["rollback"]
    assert verify_ledger.run(churn.settings, [churn.model]).alterations == []


def test_nights_are_scored_again_where_that_is_asked_for(churn: Churn) -> None:
    found = roll_back(churn, effective_from=NIGHTS[3], rescore=True)

    assert found.rescored == [NIGHTS[3]]
    assert scored_by(churn) == [1, 1, 2, 1]


def test_a_rollback_can_be_rolled_back(churn: Churn) -> None:
    roll_back(churn)
    again = roll_back(churn, "run 2")

    assert (again.from_version, again.to_version, aliases(churn)) == (1, 2, (2, 1))
    with warehouse.transaction(churn.settings) as conn:
        assert warehouse.semantic_versions(conn, churn.model) == {1: "1.0.0", 2: "1.0.1"}
    third = churn.register(2)
    promote(churn, third, again.effective_from, 2)
    with warehouse.transaction(churn.settings) as conn:
        assert warehouse.semantic_versions(conn, churn.model)[3] == "1.0.2"


def test_a_damaged_version_is_not_put_back(churn: Churn, monkeypatch: pytest.MonkeyPatch) -> None:
    address = churn.settings.mlflow_tracking_uri
    client = MlflowClient(address, address)
    location = client.get_model_version(churn.model, "1").source.removeprefix("models:/")
    forged = churn.settings.work_root / "model.skops"
    forged.write_bytes(b"something else")
    client.log_model_artifact(location, str(forged))

    for dry_run in (True, False):
        with pytest.raises(IntegrityError, match="registered was"):
            roll_back(churn, dry_run=dry_run)
    assert (entries(churn), aliases(churn), pinned(churn, NIGHTS[3]).version) == ([], (2, 1), 2)


def test_a_rollback_without_a_reason_is_refused(churn: Churn) -> None:
    with pytest.raises(FatalError, match="needs a reason"):
        roll_back(churn, reason="  ")
    with pytest.raises(FatalError, match="needs a reason"):
        retire(churn, reason="")
    assert entries(churn) == []


def test_a_rollback_that_lost_the_registry_is_completed_by_its_retry(
    churn: Churn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: object) -> None:
        raise SourceUnavailableError("MLflow does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(mlflow_registry, "point_aliases", down)
        with pytest.raises(SourceUnavailableError):
            roll_back(churn)
    assert (entries(churn), aliases(churn)) == (["rollback"], (2, 1))
    assert roll_back(churn).to_version == 1
    assert (entries(churn), aliases(churn)) == (["rollback"], (1, 2))


def test_a_retired_model_serves_nothing_and_keeps_its_record(churn: Churn) -> None:
    dry = retire(churn, dry_run=True)
    assert (dry.dry_run, dry.ledger_entry, entries(churn), aliases(churn)) == (True, None, [], (2, 1))

    found = retire(churn)

    assert (found.versions, found.archive) == ([1, 2], dry.archive)
    assert (entries(churn), aliases(churn)) == (["retirement"], (None, 1))
    with pytest.raises(RetiredError, match="the product ended"):
        pinned(churn, NIGHTS[3])
    assert retire(churn) == found
    with pytest.raises(FatalError, match="retired already"):
        retire(churn, "run 2")
    check_archive(churn, found)
    assert verify_ledger.run(churn.settings, [churn.model]).alterations == []


def check_archive(churn: Churn, found: RetirementResult) -> None:
    folder = churn.settings.reports_root / str(found.archive)
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    names = {line.split("  ")[1] for line in sums}
    kept = {
        f"version-{number}/{name}" for number in (1, 2) for name in ("model/model.skops", "model_info.json")
    }
    assert kept | {"ledger.json", "lineage.json"} <= names
    lineage = json.loads((folder / "lineage.json").read_text())
    assert [version["version"] for version in lineage] == [1, 2]


def test_a_retirement_that_somebody_took_back_by_hand_is_found(churn: Churn) -> None:
    retire(churn)
    with warehouse.transaction(churn.settings) as conn:
        conn.execute(text("DELETE FROM perennial.retirement"))

    with pytest.raises(IntegrityError, match=r"entry 5: its row in perennial\.retirement is gone"):
        verify_ledger.run(churn.settings, [churn.model])


def test_a_retirement_ends_with_a_rollback_or_a_promotion(churn: Churn) -> None:
    retire(churn)
    back = roll_back(churn, reason="asked for again")
    assert (back.from_version, back.to_version, aliases(churn)) == (2, 2, (2, 1))
    assert pinned(churn, NIGHTS[3]).version == 2

    retire(churn, "run 2")
    promote(churn, churn.register(2), back.effective_from, 2)
    assert (pinned(churn, back.effective_from).version, aliases(churn)) == (3, (3, 2))


def test_a_model_that_never_served_cannot_be_retired(settings: Settings) -> None:
    with pytest.raises(NoChampionError):
        retire(Churn(settings))
