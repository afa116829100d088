"""A clean process against a real MLflow: what it measures, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from include.adapters import mlflow_runs
from include.adapters.mlflow_documents import SCORED_SAMPLE
from include.contracts import CandidateRef, Decision, SnapshotRef, Verdict
from include.core.scored_sample import build_sample
from include.errors import SourceUnavailableError
from include.local.ports import free_port
from include.settings import Settings
from include.specs.gates import Servability
from include.steps import serve_sample
from include.steps.scorer import load_scorer
from tests.support.churn import Churn, customers

pytestmark = pytest.mark.integration

AMPLE = Servability(load_seconds=300, milliseconds_per_row=1000, megabytes=8000)


@dataclass(frozen=True)
class Registered:
    """A version that is registered with its sample."""

    settings: Settings
    candidate: CandidateRef

    def judge(self, gate: Servability = AMPLE, **changes: object) -> Decision:
        return serve_sample.run(self.settings, gate, self.candidate.model_copy(update=changes))

    def log_sample(self, scores: np.ndarray | None = None) -> None:
        """Log other scores than those of the version."""
        scorer = load_scorer(self.settings, self.candidate)
        rows = customers(date(2016, 5, 1), 50).to_pandas()
        found = scorer.score(rows) if scores is None else scores
        document = build_sample(rows, scorer.info.features, found)
        mlflow_runs.log_document(self.settings, self.candidate.run_id, SCORED_SAMPLE, document)


@pytest.fixture
def registered(module_settings: Settings) -> Registered:
    champion = Churn(module_settings).register()
    snapshot = SnapshotRef(
        model=champion.model, as_of=date(2017, 1, 1), tag="t", commit="c", content_hash="h", listings={},
        partitions=1, rows=1,
    )  # fmt: skip
    return Registered(
        module_settings,
        CandidateRef(
            model=champion.model,
            version=champion.version,
            run_id=champion.run_id,
            as_of=date(2017, 1, 1),
            artifact_sha256=champion.artifact_sha256,
            snapshot=snapshot,
        ),
    )


def test_a_registered_version_is_served_with_the_scores_of_its_training(registered: Registered) -> None:
    registered.log_sample()
    found = registered.judge()
    assert found.verdict is Verdict.PASSED, found.reasons
    assert (found.observed["rows"], found.observed["largest_difference"]) == (200, 0.0)
    assert 0 < found.observed["load_seconds"] < 300
    assert 50 < found.observed["megabytes"] < 2000
    assert list(registered.settings.work_root.glob("serving-*")) == []


def test_a_retry_gives_the_same_evidence(registered: Registered) -> None:
    registered.log_sample()
    first = registered.judge()
    assert registered.judge() == first
    fewer = registered.judge(AMPLE.model_copy(update={"rows": 10}))
    assert fewer.observed["rows"] == 10


def test_a_version_that_did_not_pass_is_measured_again(registered: Registered) -> None:
    registered.log_sample(np.full(50, 0.5))
    assert registered.judge().verdict is Verdict.FAILED
    registered.log_sample()
    assert registered.judge().verdict is Verdict.PASSED


def test_budgets_are_held_against_what_it_took(registered: Registered) -> None:
    registered.log_sample()
    found = registered.judge(Servability(rows=10, load_seconds=0.1, milliseconds_per_row=1e-6, megabytes=10))
    assert found.verdict is Verdict.FAILED
    assert len(found.reasons) == 4


def test_other_scores_than_those_of_the_training_fail(registered: Registered) -> None:
    registered.log_sample(np.full(50, 0.5))
    found = registered.judge()
    assert found.verdict is Verdict.FAILED
    assert "differ from those of the training" in found.reasons[1]


def test_a_version_without_a_sample_fails_with_the_next_step(registered: Registered) -> None:
    found = registered.judge()
    assert found.verdict is Verdict.FAILED
    assert "IntegrityError" in found.reasons[0]
    assert "scored_sample.json cannot be read" in found.reasons[0]


def test_files_that_were_altered_are_not_loaded(registered: Registered) -> None:
    found = registered.judge(artifact_sha256="0" * 64)
    assert found.verdict is Verdict.FAILED
    assert "registered was 0000" in found.reasons[0]


def test_a_server_that_does_not_answer_is_tried_again(registered: Registered) -> None:
    away = {"mlflow_tracking_uri": f"http://127.0.0.1:{free_port()}"}
    gone = Registered(registered.settings.model_copy(update=away), registered.candidate)
    with pytest.raises(SourceUnavailableError, match="MLflow does not answer"):
        gone.judge()
