"""A small simulated hotel and one model on it: every stage of its life, called as an operator would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.contracts import (
    CandidateRef,
    ChampionRef,
    CleanPartitionRef,
    EvaluationRef,
    HistoryResult,
    PartitionRef,
    PromotionResult,
    PublicationRef,
    SnapshotRef,
)
from include.settings import Settings
from include.specs import ModelSpec, Specs, load_specs
from include.steps import (
    evaluate_candidate,
    freeze_snapshot,
    ingest_partition,
    load_history,
    pin_champion,
    predict_partition,
    promote_candidate,
    train_candidate,
    validate_partition,
)

SHIPPED = Path(__file__).parents[2] / "include"
SHIPPED_MODEL = "booking_cancellation"


def write_specs(root: Path, model: str, window: str) -> None:
    """Copy the shipped specs for a small hotel.

    The model gets a name of the test's own and a shorter window. Two broken rows of forty are chance,
    not a broken source: days may put more into quarantine.
    """
    bookings = {"quarantine_share: 0.05": "quarantine_share: 0.25"}
    trained = {f"model: {SHIPPED_MODEL}": f"model: {model}", "window: 540d": f"window: {window}"}
    _copy("datasets/bookings.yaml", root / "datasets/bookings.yaml", bookings)
    _copy("datasets/booking_outcomes.yaml", root / "datasets/booking_outcomes.yaml", {})
    _copy(f"models/{SHIPPED_MODEL}.yaml", root / f"models/{model}.yaml", trained)


def _copy(shipped: str, target: Path, changes: dict[str, str]) -> None:
    """Copy a spec; each change must find its text."""
    spec = (SHIPPED / shipped).read_text(encoding="utf-8")
    for old, new in changes.items():
        before, after = spec.split(old)
        spec = before + new + after
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(spec, encoding="utf-8")


@dataclass(frozen=True)
class Training:
    """From snapshot to verdict."""

    snapshot: SnapshotRef
    candidate: CandidateRef
    evaluation: EvaluationRef
    promotion: PromotionResult


@dataclass(frozen=True)
class Night:
    """What became of one day's rows."""

    raw: PartitionRef
    clean: CleanPartitionRef
    champion: ChampionRef
    publication: PublicationRef


@dataclass(frozen=True)
class Hotel:
    """An installation and the name of its model."""

    settings: Settings
    model: str

    @property
    def specs(self) -> Specs:
        specs = load_specs(self.settings.specs_root)
        specs.raise_problems()
        return specs

    @property
    def spec(self) -> ModelSpec:
        return self.specs.model(self.model)

    def load_history(self, as_of: date) -> dict[str, HistoryResult]:
        """Load the training window before `as_of` of every dataset."""
        first, last = as_of - timedelta(days=self.spec.training.window), as_of - timedelta(days=1)
        return {
            dataset: load_history.run(self.settings, self.specs, dataset, first, last)
            for dataset in self.spec.datasets
        }

    def train(self, as_of: date) -> Training:
        """Freeze, train, evaluate, promote."""
        candidate = self.fit(as_of)
        evaluation = evaluate_candidate.run(self.settings, self.specs, self.model, candidate)
        promotion = promote_candidate.run(self.settings, self.specs, self.model, evaluation)
        return Training(candidate.snapshot, candidate, evaluation, promotion)

    def fit(self, as_of: date) -> CandidateRef:
        """Freeze and train."""
        snapshot = freeze_snapshot.run(self.settings, self.specs, self.model, as_of)
        return train_candidate.run(self.settings, self.specs, self.model, snapshot, "commit", "lock")

    def night(self, ds: date) -> Night:
        """Bring in one day of every dataset and score it with the version that served on it."""
        landed = {dataset: self.land(dataset, ds) for dataset in self.spec.datasets}
        champion = pin_champion.run(self.settings, self.model, ds, "as_of")
        publication = predict_partition.run(
            self.settings, self.specs, self.model, ds, champion, f"night {ds}"
        )
        return Night(*landed[self.spec.dataset], champion, publication)

    def land(self, dataset: str, ds: date) -> tuple[PartitionRef, CleanPartitionRef]:
        """Bring in one day of one dataset."""
        raw = ingest_partition.run(self.settings, self.specs, dataset, ds)
        return raw, validate_partition.run(self.settings, self.specs, raw)
