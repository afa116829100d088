"""What follows from the verdicts of all gates, and what no gate can make good."""

from __future__ import annotations

from include.contracts import CandidateRef, ChampionRef, Decision, Verdict

_SPOKEN = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.NOT_ENOUGH_EVIDENCE: "has not enough evidence",
}


def decide_promotion(decisions: list[Decision]) -> tuple[bool, list[str]]:
    """Promote when there are gates and all of them passed; the reasons are theirs, each with its gate."""
    promoted = bool(decisions) and all(d.verdict is Verdict.PASSED for d in decisions)
    reasons = [f"{d.gate} {_SPOKEN[d.verdict]}: {reason}" for d in decisions for reason in d.reasons]
    return promoted, reasons or ["no gate was judged"]


def refuse_replacement(
    candidate: CandidateRef, champion: ChampionRef | None, *, served_before: bool
) -> str | None:
    """Return why a candidate cannot replace the champion whatever its gates say, or None.

    Parameters
    ----------
    candidate
        Who would replace.
    champion
        Who serves now.
    served_before
        Whether the candidate was promoted once already.
    """
    if champion is None or champion.version == candidate.version:
        return None
    successor = f"champion version {champion.version}, which serves from {champion.effective_from} on"
    if served_before:
        return f"it served before and was succeeded by {successor}; there is nothing to decide again"
    if candidate.as_of < champion.effective_from:
        return f"trained as of {candidate.as_of}, it is older than {successor}"
    return None
