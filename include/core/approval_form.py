"""What a person reads before they say whether a candidate shall serve: Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from include.contracts import Decision, EvaluationRef, MetricEstimate, PromotionPlan

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")
SHOWN_DECISIONS = 40
"""A form must stay readable; the page with the evidence has all."""


def form_subject(plan: PromotionPlan) -> str:
    """Return the question in one line."""
    return f"Shall version {plan.version} of {plan.model} serve?"


def form_body(
    plan: PromotionPlan,
    evaluation: EvaluationRef,
    *,
    approvers: Sequence[str],
    confidence: float,
    expires: str,
    evidence_url: str | None,
) -> str:
    """Return what the question rests on: who asked, the holdout, metrics beside the champion, all gates.

    Parameters
    ----------
    plan, evaluation
        What was decided, and on which evidence.
    approvers
        Who may answer.
    confidence
        Of the metrics' intervals, between 0 and 1.
    expires
        How long the question stays open, as the spec writes it.
    evidence_url
        Of the page with all the evidence, None where there is none.
    """
    parts = [
        _who_and_what(plan, evaluation),
        _rules(approvers, expires),
        _metrics(evaluation, confidence),
        _gates(evaluation.decisions),
        *([f"[All the evidence]({evidence_url})"] if evidence_url else []),
    ]
    return "\n\n".join(parts)


def _who_and_what(plan: PromotionPlan, evaluation: EvaluationRef) -> str:
    candidate, champion = evaluation.candidate, evaluation.champion_version
    serves = f"Version {champion} serves now." if champion else "Nothing serves this model yet."
    asked = f"by **{_text(plan.requested_by)}**" if plan.requested_by else "by a schedule or the weekly check"
    return (
        f"**Version {plan.version}** passed all gates. {serves}\n\n"
        f"Trained as of {candidate.as_of} on snapshot `{candidate.snapshot.tag}`; the training was asked for"
        f" {asked}."
    )


def _rules(approvers: Sequence[str], expires: str) -> str:
    return (
        f"May answer: {', '.join(_text(name) for name in approvers)}. No answer within {expires} means no."
        " **A reason is required:** an answer without one does not count, and the question stays open."
    )


def _metrics(evaluation: EvaluationRef, confidence: float) -> str:
    candidate, champion = evaluation.candidate.version, evaluation.champion_version
    intro = (
        f"Measured on {evaluation.holdout_rows:,} rows from {evaluation.holdout_first} to"
        f" {evaluation.holdout_last} that {'neither was' if champion else 'it was not'} trained on;"
        f" intervals of {confidence:.0%} in parentheses:"
    )
    head = ["metric", f"version {candidate}", *([f"version {champion}, serving"] if champion else [])]
    rows = [
        [_text(name), _estimate(value), *(_beside(evaluation.champion_metrics, name) if champion else [])]
        for name, value in evaluation.metrics.items()
    ]
    return f"{intro}\n\n{_table(head, rows)}"


def _beside(champion: Mapping[str, MetricEstimate], name: str) -> list[str]:
    return [_estimate(champion[name]) if name in champion else "–"]


def _estimate(estimate: MetricEstimate) -> str:
    if estimate.lower is None or estimate.upper is None:
        return f"{estimate.value:.4g}"
    return f"{estimate.value:.4g} ({estimate.lower:.4g} to {estimate.upper:.4g})"


def _gates(decisions: Sequence[Decision]) -> str:
    rows = [
        [_text(decision.gate), decision.verdict.value.replace("_", " "), _text("; ".join(decision.reasons))]
        for decision in decisions[:SHOWN_DECISIONS]
    ]
    more = len(decisions) - len(rows)
    table = _table(["gate", "verdict", "why"], rows)
    return f"{table}\n\nand {more} more decisions" if more > 0 else table


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[f"**{name}**" for name in head], ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(value: str) -> str:
    """Escape what Markdown would take for markup: reasons carry values from the data."""
    return _SPECIAL.sub(r"\\\1", " ".join(value.split()))
