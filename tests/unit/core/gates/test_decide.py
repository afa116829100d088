from __future__ import annotations

from datetime import date

import pytest

from include.contracts import CandidateRef, ChampionRef, Decision, SnapshotRef, Verdict
from include.core.gates.decide import decide_promotion, refuse_replacement

PASSED, FAILED, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ENOUGH_EVIDENCE


def decision(verdict: Verdict) -> Decision:
    return Decision(gate="g", verdict=verdict, reasons=["because"])


@pytest.mark.parametrize(
    ("verdicts", "promoted"),
    [
        pytest.param([PASSED, PASSED], True, id="all-passed"),
        pytest.param([PASSED, FAILED], False, id="one-failed"),
        pytest.param([PASSED, UNSURE], False, id="one-unsure"),
        pytest.param([], False, id="no-gates"),
    ],
)
def test_only_passed_gates_promote(verdicts: list[Verdict], promoted: bool) -> None:
    found, reasons = decide_promotion([decision(verdict) for verdict in verdicts])
    assert found is promoted
    assert len(reasons) == max(1, len(verdicts))


def test_a_reason_names_its_gate_and_verdict() -> None:
    _, reasons = decide_promotion([decision(UNSURE)])
    assert reasons == ["g has not enough evidence: because"]


def candidate(version: int, as_of: date) -> CandidateRef:
    snapshot = SnapshotRef(
        model="demo", as_of=as_of, tag="t", commit="c", content_hash="h", listings={}, partitions=1, rows=1
    )
    return CandidateRef(
        model="demo", version=version, run_id="r", as_of=as_of, artifact_sha256="a", snapshot=snapshot
    )


CHAMPION = ChampionRef(
    model="demo",
    version=3,
    run_id="r",
    effective_from=date(2024, 3, 1),
    artifact_sha256="a",
    snapshot_tag="t",
    snapshot_hash="h",
)


@pytest.mark.parametrize(
    ("version", "as_of", "champion", "refused"),
    [
        pytest.param(4, date(2024, 2, 29), CHAMPION, True, id="older"),
        pytest.param(4, date(2024, 3, 1), CHAMPION, False, id="same-day"),
        pytest.param(4, date(2024, 3, 2), CHAMPION, False, id="newer"),
        pytest.param(3, date(2024, 2, 29), CHAMPION, False, id="the-champion-itself"),
        pytest.param(4, date(2024, 2, 29), None, False, id="no-champion"),
    ],
)
def test_an_older_candidate_never_replaces_a_champion(
    version: int, as_of: date, champion: ChampionRef | None, refused: bool
) -> None:
    refusal = refuse_replacement(candidate(version, as_of), champion, served_before=False)
    assert (refusal is not None) is refused


def test_a_version_that_was_succeeded_is_not_promoted_again() -> None:
    refusal = refuse_replacement(candidate(4, date(2024, 3, 2)), CHAMPION, served_before=True)
    assert refusal is not None
    assert "succeeded by champion version 3" in refusal
    assert refuse_replacement(candidate(3, date(2024, 3, 1)), CHAMPION, served_before=True) is None
