"""An installation whose model serves already, for what is tried against it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from mlflow import MlflowClient
from sqlalchemy import text

from include.adapters import mlflow_registry, warehouse
from include.adapters.lake import Lake
from include.contracts import (
    CandidateRef,
    ChampionRef,
    Decision,
    EvaluationRef,
    PromotionResult,
    PublicationRef,
    Verdict,
)
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.steps import (
    evaluate_candidate,
    freeze_snapshot,
    pin_champion,
    predict_partition,
    promote_candidate,
    train_candidate,
)
from tests.support.partitions import commit_clean
from tests.support.shop import _COLUMNS, FIRST, Shop, dataset_document

AS_OF = FIRST + timedelta(days=45)
NIGHT = AS_OF
LAST = AS_OF + timedelta(days=7)
Change = Callable[[date, pa.Table], pa.Table]

_NIGHT_ROWS = text("""
    SELECT entity_key, score, prediction, predicted_class, class_scores, revision, model_version
    FROM perennial.current_prediction WHERE model = :model AND ds = :ds ORDER BY entity_key
""")


@dataclass(frozen=True)
class Serving:
    """What a user has of a model: who serves, by warehouse and registry, and last night's answer."""

    champion: ChampionRef | None
    alias: int | None
    night: list[tuple[object, ...]]


@dataclass(frozen=True)
class Studio:
    """Settings, rows, and a model of its own.

    Attributes
    ----------
    settings
        The installation.
    artifacts
        The folder in which its MLflow server keeps files.
    root
        For what is put aside.
    shop
        Rows and model.
    sections
        What the model's spec has in place of the shop's.
    """

    settings: Settings
    artifacts: Path
    root: Path
    shop: Shop = field(kw_only=True)
    sections: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return self.shop.model

    def another(self, settings: Settings | None = None, **sections: Any) -> Studio:
        """Another model, which nobody has trained, of the same rows or of those of other settings."""
        settings = settings or self.settings
        return replace(self, settings=settings, shop=Shop(settings), sections=sections)

    def specs(self, columns: dict[str, dict[str, str]] | None = None, **sections: Any) -> Specs:
        """Return the specs with some sections of the model, and some datasets' columns, replaced."""
        specs = self.shop.specs(**{**self.sections, **sections})
        documents = {
            name: {**dataset_document(name), "columns": {**_COLUMNS[name], **changed}}
            for name, changed in (columns or {}).items()
        }
        changed = {name: DatasetSpec.model_validate(document) for name, document in documents.items()}
        return replace(specs, datasets={**specs.datasets, **changed})

    def train(
        self, specs: Specs | None = None, as_of: date = AS_OF, settings: Settings | None = None
    ) -> CandidateRef:
        """Freeze and train."""
        specs, settings = specs or self.specs(), settings or self.settings
        snapshot = freeze_snapshot.run(settings, specs, self.model, as_of)
        return train_candidate.run(settings, specs, self.model, snapshot, "commit", "lock")

    def judged(self) -> EvaluationRef:
        """Return what the gates say of a successor, as if all agreed; judged once for all who ask."""
        if self.model not in _JUDGED:
            _JUDGED[self.model] = self.evaluate(self.train(as_of=LAST))
        return agreed(_JUDGED[self.model])

    def evaluate(self, candidate: CandidateRef, specs: Specs | None = None) -> EvaluationRef:
        return evaluate_candidate.run(self.settings, specs or self.specs(), self.model, candidate)

    def promote(self, evaluation: EvaluationRef, specs: Specs | None = None) -> PromotionResult:
        return promote_candidate.run(self.settings, specs or self.specs(), self.model, evaluation)

    def begin(self) -> Studio:
        """Let a first version serve, and score a night with it."""
        assert self.promote(unopposed(self.train())).promoted
        assert self.score().changed
        return self

    def score(self, ds: date = NIGHT, settings: Settings | None = None, **spec: Any) -> PublicationRef:
        """Do what a night does."""
        settings = settings or self.settings
        champion = pin_champion.run(settings, self.model, ds, "as_of")
        return predict_partition.run(settings, self.specs(**spec), self.model, ds, champion, "run")

    def champion(self) -> ChampionRef:
        with warehouse.transaction(self.settings) as conn:
            found = warehouse.current_champion(conn, self.model)
        assert found
        return found

    def serving(self) -> Serving:
        with warehouse.transaction(self.settings) as conn:
            champion = warehouse.current_champion(conn, self.model)
            rows = conn.execute(_NIGHT_ROWS, {"model": self.model, "ds": NIGHT})
            night = [tuple(row) for row in rows]
        return Serving(champion, mlflow_registry.champion_alias(self.settings, self.model), night)

    def versions(self) -> list[int]:
        found = self.client().search_model_versions(f"name = '{self.model}'")
        return sorted(int(version.version) for version in found)

    def unfinished_runs(self) -> list[str]:
        """Return the training runs that were left open."""
        client = self.client()
        experiment = client.get_experiment_by_name(self.model)
        if experiment is None:
            return []
        runs = client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'")
        return [str(run.info.run_id) for run in runs]

    def client(self) -> MlflowClient:
        address = self.settings.mlflow_tracking_uri
        return MlflowClient(address, address)

    def with_rows(self, **changes: Change) -> Settings:
        """Return settings whose lake has the same days with other rows, by dataset."""
        other = self.settings.model_copy(update={"lake_root": self.root / "other-lake"})
        shutil.rmtree(other.lake_root, ignore_errors=True)
        source, target = Lake(self.settings.lake_root), Lake(other.lake_root)
        for dataset, columns in _COLUMNS.items():
            for manifest in source.clean_manifests(dataset, FIRST, LAST + timedelta(days=1)):
                table = source.read_clean(manifest)
                changed = changes[dataset](manifest.ds, table) if dataset in changes else table
                raw = target.commit_raw(dataset, manifest.ds, changed, columns, {"table": dataset})
                commit_clean(target, raw, changed)
        return other

    def files_of(self, version: int) -> Path:
        """Return the folder with the files of a version, past MLflow."""
        source = self.client().get_model_version(self.model, str(version)).source
        found = list(self.artifacts.rglob(f"{source.removeprefix('models:/')}/**/model.skops"))
        assert len(found) == 1
        return found[0].parent

    @contextmanager
    def spoilt(self, path: Path, spoil: Callable[[Path], None]) -> Iterator[None]:
        """Spoil a file or folder, and put it back afterwards."""
        kept = self.root / "kept"
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        copy(path, kept)
        try:
            spoil(path)
            yield
        finally:
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
            shutil.move(kept, path)


_JUDGED: dict[str, EvaluationRef] = {}


def unopposed(candidate: CandidateRef) -> EvaluationRef:
    """Return evidence for a first version, without the time that all gates take."""
    passed = Decision(gate="absolute.roc_auc_score", verdict=Verdict.PASSED, reasons=["good enough"])
    return EvaluationRef(
        candidate=candidate, champion_version=None, holdout_first=FIRST, holdout_last=AS_OF,
        holdout_rows=400, metrics={}, champion_metrics={}, decisions=[passed],
    )  # fmt: skip


def agreed(evaluation: EvaluationRef) -> EvaluationRef:
    """Return the evidence as if every gate had passed."""
    passed = [one.model_copy(update={"verdict": Verdict.PASSED}) for one in evaluation.decisions]
    return evaluation.model_copy(update={"decisions": passed})


def decision(evaluation: EvaluationRef, gate: str) -> Decision:
    return next(one for one in evaluation.decisions if one.gate == gate)


def flip_a_byte(path: Path) -> None:
    """Change one byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
