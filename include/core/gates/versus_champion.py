"""Whether a candidate may follow the champion: by their paired difference on the same rows."""

from __future__ import annotations

from enum import StrEnum

from include.contracts import Decision, Verdict
from include.core.bootstrap import PairedDifference
from include.core.gates.absolute import MIN_ROWS
from include.core.gates.labels_needed import POWER, labels_needed
from include.specs.gates import VersusChampion

GATE = "versus_champion"


class Comparison(StrEnum):
    """What the evidence says of a candidate beside the champion."""

    BETTER = "better"
    NOT_WORSE = "not worse"
    WORSE = "worse"
    NOT_ENOUGH_EVIDENCE = "not enough evidence"


def compare(gate: VersusChampion, difference: PairedDifference) -> Comparison:
    """Say what an interval and a test show; `difference` is positive where the candidate is better.

    Better: the interval lies above 0, and the paired test rejects that both are equal. Not worse: it lies
    above minus the margin (non-inferiority). Worse: it lies below minus the margin. Otherwise open.
    """
    if difference.lower > 0 and difference.p_value <= 1 - gate.confidence:
        return Comparison.BETTER
    if difference.lower > -gate.margin:
        return Comparison.NOT_WORSE
    if difference.upper < -gate.margin:
        return Comparison.WORSE
    return Comparison.NOT_ENOUGH_EVIDENCE


def decide_versus_champion(
    gate: VersusChampion, difference: PairedDifference | None, champion_version: int, rows: int
) -> Decision:
    """Judge a candidate against the champion.

    Passed when it is better, or not worse where the spec asks for no more; failed when it is worse, or
    when a required gain is ruled out. Otherwise there is not enough evidence, and `labels_needed` of what
    was observed says how many more labels would give it, None if none would.

    Parameters
    ----------
    gate
        From the spec.
    difference
        Of the gate's metric; None where it is not defined.
    champion_version
        Who serves.
    rows
        Of the holdout.
    """
    if difference is None or rows < MIN_ROWS:
        return _not_comparable(gate, champion_version, rows)
    comparison = compare(gate, difference)
    verdict = _verdict(gate, comparison, difference)
    needed, outlook = None, ""
    if verdict is Verdict.NOT_ENOUGH_EVIDENCE:
        needed = _labels_needed(gate, difference)
        outlook = f"; {_outlook(gate, needed)}; the champion stays"
    observed: dict[str, float | int | str | None] = {
        "champion_version": champion_version,
        "metric": str(gate.metric),
        "rows": rows,
        "comparison": str(comparison),
        "difference": difference.difference,
        "lower": difference.lower,
        "upper": difference.upper,
        "p_value": difference.p_value,
        "labels_needed": needed,
    }
    return Decision(
        gate=GATE,
        verdict=verdict,
        reasons=[f"{_seen(gate, difference, champion_version)}: {_meaning(gate, comparison)}{outlook}"],
        observed=observed,
        thresholds=_thresholds(gate),
    )


def decide_without_comparison(reason: str) -> Decision:
    """Pass the comparison with the champion where there is nobody to compare with."""
    return Decision(gate=GATE, verdict=Verdict.PASSED, reasons=[reason])


def decide_without_champion_model(gate: VersusChampion, champion_version: int, problem: str) -> Decision:
    """Leave the comparison open where the champion's model cannot be loaded; it keeps serving."""
    return Decision(
        gate=GATE,
        verdict=Verdict.NOT_ENOUGH_EVIDENCE,
        reasons=[
            f"champion version {champion_version} cannot be loaded, so nothing is compared and it stays:"
            f" {problem}; roll back to another version first, then clear this task"
        ],
        observed={
            "champion_version": champion_version,
            "comparison": str(Comparison.NOT_ENOUGH_EVIDENCE),
            "labels_needed": None,
        },
        thresholds=_thresholds(gate),
    )


def _not_comparable(gate: VersusChampion, champion_version: int, rows: int) -> Decision:
    few = rows < MIN_ROWS
    why = (
        f"{rows} rows; fewer than {MIN_ROWS} judge nobody"
        if few
        else f"these {rows} rows: they hold one class only or too few of one, or a score is no number"
    )
    return Decision(
        gate=GATE,
        verdict=Verdict.NOT_ENOUGH_EVIDENCE,
        reasons=[
            f"{gate.metric} cannot be compared with champion version {champion_version} on {why};"
            " the champion stays"
        ],
        observed={
            "champion_version": champion_version,
            "metric": str(gate.metric),
            "rows": rows,
            "comparison": str(Comparison.NOT_ENOUGH_EVIDENCE),
            "labels_needed": MIN_ROWS - rows if few else None,
        },
        thresholds=_thresholds(gate),
    )


def _verdict(gate: VersusChampion, comparison: Comparison, difference: PairedDifference) -> Verdict:
    if comparison is Comparison.BETTER:
        return Verdict.PASSED
    if comparison is Comparison.WORSE:
        return Verdict.FAILED
    if gate.require == "better":
        return Verdict.FAILED if difference.upper <= 0 else Verdict.NOT_ENOUGH_EVIDENCE
    return Verdict.PASSED if comparison is Comparison.NOT_WORSE else Verdict.NOT_ENOUGH_EVIDENCE


def _labels_needed(gate: VersusChampion, seen: PairedDifference) -> int | None:
    limit = 0.0 if gate.require == "better" else -gate.margin
    return labels_needed(seen.difference, seen.standard_error, seen.rows, limit, gate.confidence)


def _seen(gate: VersusChampion, difference: PairedDifference, champion_version: int) -> str:
    side = "better" if difference.difference > 0 else "worse"
    size = f"{abs(difference.difference):.4f} {side} than" if difference.difference else "equal to that of"
    return (
        f"{gate.metric} is {size} champion version {champion_version} on the same {difference.rows} rows,"
        f" {gate.confidence:.0%} interval {difference.lower:+.4f} to {difference.upper:+.4f},"
        f" p = {difference.p_value:.2g}"
    )


def _meaning(gate: VersusChampion, comparison: Comparison) -> str:
    margin = f"by more than the margin {gate.margin:g}"
    return {
        Comparison.BETTER: "better than the champion",
        Comparison.NOT_WORSE: f"not worse than the champion {margin}"
        + (", but not shown to be better, as the spec requires" if gate.require == "better" else ""),
        Comparison.WORSE: f"worse than the champion {margin}",
        Comparison.NOT_ENOUGH_EVIDENCE: f"it may be worse {margin}",
    }[comparison]


def _outlook(gate: VersusChampion, needed: int | None) -> str:
    aim = "better" if gate.require == "better" else "not worse"
    if needed is None:
        return f"at this difference no number of labels would show that it is {aim}"
    return (
        f"about {needed:,} more labels would show with {POWER:.0%} probability that it is {aim}, if the"
        " difference stays as it is"
    )


def _thresholds(gate: VersusChampion) -> dict[str, float | int | str | None]:
    return {"margin": gate.margin, "confidence": gate.confidence, "require": gate.require}
