"""Promotion against a real warehouse and a real registry: the warehouse leads, the aliases follow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from mlflow import MlflowClient
from sqlalchemy import text

from include.adapters import mlflow_registry, warehouse
from include.adapters.warehouse import ledger
from include.contracts import ApprovalRef, ChampionRef, EvaluationRef, PromotionResult, Verdict
from include.contracts.ledger import LedgerKind, approval_key
from include.core.evidence import evidence_sha256
from include.errors import ApprovalError, IntegrityError, SourceUnavailableError, StaleEvidenceError
from include.settings import Settings
from include.specs import Specs
from include.steps import decide_promotion, promote_candidate, verify_ledger
from tests.support.churn import Churn
from tests.support.judged import AS_OF, judged, with_approval

pytestmark = pytest.mark.integration

LATER = AS_OF + timedelta(days=7)


@pytest.fixture
def churn(settings: Settings) -> Churn:
    return Churn(settings)


def promote(
    churn: Churn, evidence: EvaluationRef, approval: ApprovalRef | None = None, specs: Specs | None = None
) -> PromotionResult:
    return promote_candidate.run(churn.settings, specs or churn.specs, churn.model, evidence, approval)


def aliases(churn: Churn) -> tuple[int | None, int | None]:
    address = churn.settings.mlflow_tracking_uri
    client = MlflowClient(address, address)
    champion, previous = (
        mlflow_registry.read_alias(client, churn.model, alias) for alias in ("champion", "previous")
    )
    return champion, previous


def tags(churn: Churn, version: int) -> dict[str, str]:
    address = churn.settings.mlflow_tracking_uri
    found = MlflowClient(address, address).get_model_version(churn.model, str(version)).tags
    named = {name: found[name] for name in ("semantic_version", "ledger_entry") if name in found}
    return {name: value.split(" ")[0] for name, value in named.items()}


def kinds(churn: Churn) -> list[str]:
    with warehouse.transaction(churn.settings) as conn:
        return [str(entry.kind) for entry in ledger.entries(conn, churn.model)]


def serving(churn: Churn) -> int | None:
    with warehouse.transaction(churn.settings) as conn:
        champion = warehouse.current_champion(conn, churn.model)
    return champion.version if champion else None


def successor(churn: Churn) -> tuple[ChampionRef, EvaluationRef]:
    """Let a first version serve, and return a second one judged against it."""
    promote(churn, judged(churn, churn.register(0)))
    second = churn.register(1)
    return second, judged(churn, second, as_of=LATER, champion=1)


def test_a_promotion_leaves_entry_name_tags_and_aliases(churn: Churn) -> None:
    _, evidence = successor(churn)

    result = promote(churn, evidence)

    assert (result.promoted, result.semantic_version, result.previous_version) == (True, "1.0.1", 1)
    assert aliases(churn) == (2, 1)
    assert tags(churn, 1) == {"semantic_version": "1.0.0", "ledger_entry": "2"}
    assert tags(churn, 2) == {"semantic_version": "1.0.1", "ledger_entry": str(result.ledger_entry)}
    assert kinds(churn) == ["decision", "promotion", "decision", "promotion"]
    assert verify_ledger.run(churn.settings, [churn.model]).entries == 4


def test_a_promoted_version_has_its_card_in_the_reports_and_in_its_run(churn: Churn) -> None:
    evidence = judged(churn, churn.register(), requested_by="ben")
    card = promote(churn, evidence).card
    written = (churn.settings.reports_root / str(card)).read_bytes()

    assert b"asked for by</dt><dd>ben" in written
    assert promote(churn, evidence).card == card
    assert (churn.settings.reports_root / str(card)).read_bytes() == written
    assert (churn.settings.reports_root / str(card)).with_suffix(".md").read_text().startswith("# churn")
    address = churn.settings.mlflow_tracking_uri
    kept = {one.path for one in MlflowClient(address, address).list_artifacts(evidence.candidate.run_id)}
    assert {"model_card.html", "model_card.md"} <= kept


def test_a_refused_version_has_no_card(churn: Churn) -> None:
    refused = judged(churn, churn.register(), verdict=Verdict.FAILED)
    assert promote(churn, refused).card is None


def test_repeating_answers_the_same_and_writes_nothing(churn: Churn) -> None:
    _, evidence = successor(churn)
    first = promote(churn, evidence)

    assert promote(churn, evidence) == first
    assert len(kinds(churn)) == 4


def test_a_plan_is_on_record_before_anybody_is_asked(churn: Churn) -> None:
    specs = with_approval(churn, "ada")
    evidence = judged(churn, churn.register(), requested_by="ben")

    plan = decide_promotion.run(churn.settings, specs, churn.model, evidence)

    assert (plan.allowed, plan.needs_approval, plan.requested_by) == (True, True, "ben")
    assert plan.evidence_sha256 == evidence_sha256(evidence)
    assert kinds(churn) == ["decision"]
    assert decide_promotion.run(churn.settings, churn.specs, churn.model, evidence).needs_approval is False


def test_nobody_is_asked_about_what_is_settled(churn: Churn) -> None:
    specs = with_approval(churn, "ada")
    failed = judged(churn, churn.register(), verdict=Verdict.FAILED)
    plan = decide_promotion.run(churn.settings, specs, churn.model, failed)
    assert (plan.allowed, plan.needs_approval) == (False, False)

    served = judged(churn, churn.register(1))
    promote(churn, served)
    plan = decide_promotion.run(churn.settings, specs, churn.model, served)
    assert (plan.allowed, plan.needs_approval) == (True, False)


def test_a_refusal_is_on_record_once_with_its_reasons(churn: Churn) -> None:
    evidence = judged(churn, churn.register(), verdict=Verdict.FAILED)

    results = [promote(churn, evidence) for _ in range(2)]

    assert results[0] == results[1]
    assert not results[0].promoted
    assert results[0].reasons[0] == "absolute.roc_auc_score failed: roc_auc_score is 0.8"
    assert (kinds(churn), aliases(churn), serving(churn)) == (["decision", "refusal"], (None, None), None)


def answer(churn: Churn, evidence: EvaluationRef, *, approved: bool, by: str | None = "ada") -> ApprovalRef:
    given = ApprovalRef(
        model=churn.model, version=evidence.candidate.version, evidence_sha256=evidence_sha256(evidence),
        approved=approved, by=by, reason="looked at it",
    )  # fmt: skip
    with warehouse.transaction(churn.settings) as conn:
        ledger.append(
            conn, LedgerKind.APPROVAL, model=churn.model,
            key=approval_key(churn.model, given.evidence_sha256), body=given.to_json(), actor=by,
            reason=given.reason,
        )  # fmt: skip
    return given


def test_an_approved_candidate_serves_in_the_name_of_who_approved(churn: Churn) -> None:
    evidence = judged(churn, churn.register())
    given = answer(churn, evidence, approved=True)

    result = promote(churn, evidence, given, with_approval(churn, "ada"))

    assert (result.promoted, result.approved_by) == (True, "ada")
    with warehouse.transaction(churn.settings) as conn:
        entry = ledger.read(conn, result.ledger_entry or 0)
    assert (entry.actor, entry.body["approval_reason"]) == ("ada", "looked at it")


@pytest.mark.parametrize(("by", "said"), [("ada", "ada did not approve"), (None, "nobody approved in time")])
def test_a_no_is_a_refusal(churn: Churn, by: str | None, said: str) -> None:
    evidence = judged(churn, churn.register())
    given = answer(churn, evidence, approved=False, by=by)

    result = promote(churn, evidence, given, with_approval(churn, "ada"))

    assert (result.promoted, result.reasons) == (False, [f"{said}: looked at it"])
    assert kinds(churn) == ["approval", "decision", "refusal"]
    assert serving(churn) is None


def test_without_the_answer_that_counts_nothing_changes(churn: Churn) -> None:
    evidence, specs = judged(churn, churn.register()), with_approval(churn, "ada")
    made_up = ApprovalRef(
        model=churn.model, version=1, evidence_sha256=evidence_sha256(evidence), approved=True, by="ada",
        reason="never recorded",
    )  # fmt: skip
    other = made_up.model_copy(update={"evidence_sha256": "0" * 64})

    for approval, problem in ((None, "no answer"), (made_up, "no answer"), (other, "other evidence")):
        with pytest.raises(ApprovalError, match=problem):
            promote(churn, evidence, approval, specs)
    answer(churn, evidence, approved=False)
    with pytest.raises(ApprovalError, match="not the one on record"):
        promote(churn, evidence, made_up, specs)
    assert (kinds(churn), serving(churn)) == (["approval"], None)


def test_while_the_registry_is_down_the_champion_stays(churn: Churn) -> None:
    _, evidence = successor(churn)
    down = churn.settings.model_copy(update={"mlflow_tracking_uri": "http://127.0.0.1:1"})

    with pytest.raises(SourceUnavailableError):
        promote_candidate.run(down, churn.specs, churn.model, evidence)

    assert (serving(churn), aliases(churn)) == (1, (1, None))
    assert promote(churn, evidence).promoted


def test_a_registry_that_fails_before_the_alias_is_mended_by_the_retry(
    churn: Churn, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, evidence = successor(churn)

    def down(*args: object) -> None:
        raise SourceUnavailableError("MLflow does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(mlflow_registry, "point_aliases", down)
        with pytest.raises(SourceUnavailableError):
            promote(churn, evidence)
    assert (serving(churn), aliases(churn)) == (2, (1, None))

    first = promote(churn, evidence)
    assert (first.promoted, aliases(churn)) == (True, (2, 1))


def test_the_next_promotion_mends_the_aliases_of_one_that_was_never_repeated(churn: Churn) -> None:
    promote(churn, judged(churn, churn.register(0)))
    address = churn.settings.mlflow_tracking_uri
    MlflowClient(address, address).delete_registered_model_alias(churn.model, "champion")

    refused = judged(churn, churn.register(1), as_of=LATER, champion=1, verdict=Verdict.FAILED)
    promote(churn, refused)

    assert aliases(churn) == (1, None)


def test_an_altered_candidate_does_not_replace_the_champion(churn: Churn) -> None:
    second, _ = successor(churn)
    forged = second.model_copy(update={"artifact_sha256": "0" * 64})

    with pytest.raises(IntegrityError, match="registered was"):
        promote(churn, judged(churn, forged, as_of=LATER, champion=1))
    assert (serving(churn), aliases(churn)) == (1, (1, None))


def test_of_two_promotions_at_once_one_wins(churn: Churn) -> None:
    versions = [churn.register(seed) for seed in range(2)]
    evidence = [judged(churn, version, as_of=LATER) for version in versions]

    def attempt(which: EvaluationRef) -> PromotionResult | StaleEvidenceError:
        try:
            return promote(churn, which)
        except StaleEvidenceError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(attempt, evidence))

    winners = [one for one in answers if isinstance(one, PromotionResult) and one.promoted]
    assert [type(one) for one in answers if one not in winners] == [StaleEvidenceError]
    assert (serving(churn), aliases(churn)) == (winners[0].version, (winners[0].version, None))
    assert verify_ledger.run(churn.settings, [churn.model]).alterations == []


DECISION = "model, version, as_of, gate, decision_sha256, verdict, reasons, observed, thresholds"
FORGED = DECISION.replace("decision_sha256", "'forged'")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE perennial.ledger SET content = replace(content, 'no champion', 'better') WHERE number = 1",
         "entry 1: it was changed after it was written"),
        ("UPDATE perennial.promotion SET version = 9", r"entry 2: .* version is 9, was 1"),
        ("UPDATE perennial.promotion SET effective_from = '2016-01-01'", "entry 2: .* was '2017-05-01'"),
        ("UPDATE perennial.decision SET verdict = 'failed' WHERE gate = 'versus_champion'",
         "entry 1: the decision of gate versus_champion"),
        ("DELETE FROM perennial.decision WHERE gate = 'versus_champion'",
         "entry 1: the decision of gate versus_champion"),
        (f"INSERT INTO perennial.decision ({DECISION}) SELECT {FORGED} FROM perennial.decision LIMIT 1",
         "no entry recorded"),
        ("DELETE FROM perennial.promotion; DELETE FROM perennial.ledger WHERE number = 2",
         "entry 2: version 1 of .* and the ledger ends with 1"),
        ("DELETE FROM perennial.promotion", "entry 2: its row in perennial.promotion is gone"),
    ],
    ids=["entry", "promotion", "day", "verdict", "decision gone", "decision added", "cut off", "row gone"],
)  # fmt: skip
def test_whatever_is_altered_is_found(churn: Churn, statement: str, problem: str) -> None:
    promote(churn, judged(churn, churn.register()))
    with warehouse.transaction(churn.settings) as conn:
        conn.execute(text("ALTER TABLE perennial.ledger DISABLE TRIGGER ledger_is_append_only"))
        for one in statement.split(";"):
            conn.execute(text(one))

    with pytest.raises(IntegrityError, match=problem):
        verify_ledger.run(churn.settings, [churn.model])


def test_a_ledger_written_anew_is_found_by_what_the_registry_kept(churn: Churn) -> None:
    evidence = judged(churn, churn.register())
    promote(churn, evidence)
    with warehouse.transaction(churn.settings) as conn:
        conn.execute(text("ALTER TABLE perennial.ledger DISABLE TRIGGER ledger_is_append_only"))
        conn.execute(text("DELETE FROM perennial.promotion"))
        conn.execute(text("DELETE FROM perennial.decision"))
        conn.execute(text("DELETE FROM perennial.ledger"))
        candidate = evidence.candidate
        for forged in (1, 2):
            warehouse.record_promotion(
                conn, churn.model, forged, date(2017, 1, forged), candidate.run_id,
                candidate.artifact_sha256, "tag", "hash", ["I say so"],
            )  # fmt: skip

    with pytest.raises(IntegrityError, match="with another hash: it or an entry before it was written anew"):
        verify_ledger.run(churn.settings, [churn.model])
