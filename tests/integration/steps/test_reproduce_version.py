"""Versions built again in processes of their own, by the code of their own commit, against real servers."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import CandidateRef, Reproduced, ReproductionResult
from include.contracts.ledger import LedgerEntry, LedgerKind
from include.errors import FatalError, NoChampionError, SettingsError
from include.settings import Settings
from include.steps import freeze_snapshot, reproduce_version, train_candidate
from include.steps.reproduce_version import RunningCode
from tests.support.model_specs import BASE
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
AS_OF = FIRST + timedelta(days=60)
LOCK = "1" * 64
RUNNING = "0" * 40
LEAVES = "min_samples_leaf=5"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A repository with two commits of our code; the second grows trees with larger leaves."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "include", root / "include", ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "init", "-q")
    git(root, "add", "include")
    git(root, "commit", "-q", "-m", "As it is")
    first = git(root, "rev-parse", "HEAD")
    estimators = root / "include/core/estimators.py"
    text = estimators.read_text(encoding="utf-8")
    assert LEAVES in text
    estimators.write_text(text.replace(LEAVES, "min_samples_leaf=50"), encoding="utf-8")
    git(root, "commit", "-q", "-a", "-m", "Larger leaves")
    return root, first, git(root, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def shop(module_settings: Settings) -> Shop:
    shop = Shop(module_settings)
    shop.write_days(FIRST, AS_OF - timedelta(days=1))
    return shop


def train(shop: Shop, commit: str, seed: int) -> CandidateRef:
    """Register a version that says it was made by a commit: a forest, which needs its seed."""
    training = {**BASE["training"], "estimator": "random_forest", "params": {"n_estimators": 5}, "seed": seed}
    specs = shop.specs(training=training)
    snapshot = freeze_snapshot.run(shop.settings, specs, shop.model, AS_OF)
    return train_candidate.run(shop.settings, specs, shop.model, snapshot, commit, LOCK)


@pytest.fixture(scope="module")
def trained(shop: Shop, checkout: tuple[Path, str, str]) -> CandidateRef:
    return train(shop, checkout[1], seed=7)


def reproduce(
    shop: Shop, candidate: CandidateRef, code: RunningCode, request: str, seed: int | None = None
) -> ReproductionResult:
    return reproduce_version.run(
        shop.settings, shop.model, candidate.version, seed, code, request, "somebody"
    )


def entries(shop: Shop) -> list[LedgerEntry]:
    with warehouse.transaction(shop.settings) as conn:
        return list(ledger.entries(conn, shop.model))


def test_a_version_is_bit_equal_by_the_code_of_its_commit(
    shop: Shop, trained: CandidateRef, checkout: tuple[Path, str, str]
) -> None:
    code = RunningCode(checkout[0], RUNNING, LOCK)
    found = reproduce(shop, trained, code, "first")
    assert (found.verdict, found.differences) == (Reproduced.BIT_EQUAL, [])
    assert found.rebuilt_sha256 == found.registered_sha256
    assert found.metrics == found.registered_metrics != {}
    assert found.largest_score_difference == 0
    page = (shop.settings.reports_root / found.report).read_text(encoding="utf-8")
    assert "Bit-equal." in page
    again = reproduce(shop, trained, code, "first")
    assert again == found
    mine = [entry for entry in entries(shop) if entry.key.endswith(":first")]
    assert [(entry.kind, entry.actor, entry.body["verdict"]) for entry in mine] == [
        (LedgerKind.REPRODUCTION, "somebody", "bit-equal")
    ]
    assert list(shop.settings.work_root.glob("reproduce-*")) == []


def test_another_seed_makes_a_different_version_and_says_by_how_much(
    shop: Shop, trained: CandidateRef, checkout: tuple[Path, str, str]
) -> None:
    found = reproduce(shop, trained, RunningCode(checkout[0], checkout[1], LOCK), "seed", seed=8)
    assert found.verdict is Reproduced.DIFFERENT
    assert "seed: 8, registered 7" in found.differences
    assert any(said.startswith("validation_roc_auc_score: ") for said in found.differences)
    assert found.largest_score_difference
    assert "Different." in (shop.settings.reports_root / found.report).read_text(encoding="utf-8")


def test_it_is_the_code_of_its_own_commit_that_builds_it_again(
    shop: Shop, checkout: tuple[Path, str, str]
) -> None:
    """The version says it comes from a commit that grows larger leaves, which its training did not."""
    claimed = train(shop, checkout[2], seed=9)
    found = reproduce(shop, claimed, RunningCode(checkout[0], RUNNING, "2" * 64), "leaves")
    assert found.verdict is Reproduced.DIFFERENT
    assert any(said.startswith("packages: ") for said in found.differences)


def test_changes_that_no_commit_holds_are_named(shop: Shop, checkout: tuple[Path, str, str]) -> None:
    changed = train(shop, f"{checkout[1]}-dirty", seed=10)
    found = reproduce(shop, changed, RunningCode(checkout[0], RUNNING, LOCK), "dirty")
    assert found.verdict is Reproduced.BIT_EQUAL
    assert f"code: commit {checkout[1]}, registered {checkout[1]}-dirty" in found.differences
    assert found.differences[-1] == "code: the version was trained with changes that its commit does not hold"


def test_a_commit_that_is_not_here_is_an_error_that_says_so(shop: Shop, tmp_path: Path) -> None:
    lost = train(shop, "f" * 40, seed=11)
    git(tmp_path, "init", "-q")
    with pytest.raises(SettingsError, match=f"commit {'f' * 40} cannot be read.*fetch the commit"):
        reproduce(shop, lost, RunningCode(tmp_path, RUNNING, LOCK), "lost")
    with pytest.raises(SettingsError, match="not a git repository"):
        reproduce(shop, lost, RunningCode(Path("/"), RUNNING, LOCK), "lost")


def test_code_from_before_it_could_be_built_again_is_an_error(shop: Shop, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "README").write_text("old")
    git(tmp_path, "add", "README")
    git(tmp_path, "commit", "-q", "-m", "Old")
    old = train(shop, git(tmp_path, "rev-parse", "HEAD"), seed=12)
    with pytest.raises(FatalError, match="No module named"):
        reproduce(shop, old, RunningCode(tmp_path, RUNNING, LOCK), "old")


def test_the_champion_is_meant_where_no_version_is_named(shop: Shop, checkout: tuple[Path, str, str]) -> None:
    code = RunningCode(checkout[0], RUNNING, LOCK)
    with pytest.raises(NoChampionError, match="name the version"):
        reproduce_version.run(shop.settings, "nobody", None, None, code, "champion", None)
    with pytest.raises(FatalError, match="MLflow does not know it"):
        reproduce_version.run(shop.settings, shop.model, 999, None, code, "unknown", None)
