"""All leakage checks on one training set, held against the spec's waivers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from include.core.leakage.altered_later import Alterations, altered_later
from include.core.leakage.dated_after_event import dated_after_event
from include.core.leakage.feature_score import FeatureScore
from include.core.leakage.finding import Finding, Known, Waiting
from include.core.leakage.known_after_event import known_after_event
from include.core.leakage.predicts_label import predicts_label, score_features
from include.core.leakage.split_overlap import entity_across_split, row_key_across_split
from include.core.leakage.twins import TwinCount, count_twins, duplicates_across_split
from include.errors import MAX_NAMED, LeakageError, name_some
from include.specs.leakage import Leakage, LeakageCheck, Waiver


@dataclass(frozen=True)
class LeakageReport:
    """What was found and what was measured on the way.

    Attributes
    ----------
    findings
        Waived or not, in the order of the checks.
    scores
        Every feature by itself, the strongest first.
    twins
        Equal rows of every pair of parts.
    alterations
        What later revisions changed.
    unused
        Waivers of the spec that no finding needed.
    """

    findings: list[Finding]
    scores: list[FeatureScore]
    twins: list[TwinCount]
    alterations: Alterations
    unused: list[Waiver]

    @property
    def refused(self) -> list[Finding]:
        """The findings without a waiver."""
        return [finding for finding in self.findings if finding.waived is None]

    @property
    def accepted(self) -> list[Finding]:
        """The findings with a waiver."""
        return [finding for finding in self.findings if finding.waived is not None]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "features": [asdict(score) for score in self.scores],
            "twins": [asdict(pair) | {"share": pair.share} for pair in self.twins],
            "altered_later": asdict(self.alterations),
            "unused_waivers": [waiver.model_dump(mode="json") for waiver in self.unused],
        }


def check_leakage(known: Known, waiting: Waiting, alterations: Alterations, limits: Leakage) -> LeakageReport:
    """Run all checks.

    Parameters
    ----------
    known
        The rows that train or judge.
    waiting
        The rows whose outcome is not known yet.
    alterations
        What later revisions changed in the partitions these rows come from.
    limits
        The spec's limits and waivers.
    """
    scores, twins = score_features(known, limits), count_twins(known)
    found = [
        *row_key_across_split(known),
        *predicts_label(scores),
        *known_after_event(known, waiting),
        *dated_after_event(known),
        *altered_later(alterations, known.feature_names, limits),
        *entity_across_split(known),
        *duplicates_across_split(twins, limits),
    ]
    reasons = {(waiver.check, waiver.column): waiver.reason for waiver in limits.waivers}
    findings = [replace(item, waived=reasons.get((item.check, item.column))) for item in found]
    met = {(item.check, item.column) for item in found}
    unused = [waiver for waiver in limits.waivers if (waiver.check, waiver.column) not in met]
    return LeakageReport(findings, scores, twins, alterations, unused)


def refuse_leaks(report: LeakageReport, model: str, page: str) -> None:
    """Raise unless every finding is waived.

    Raises
    ------
    LeakageError
        With the evidence of each finding; at most ten are spelled out.
    """
    refused = report.refused
    if not refused:
        return
    shown = [f"({number}) {item.title}: {item.evidence}" for number, item in enumerate(refused, start=1)]
    more = f" and {len(shown) - MAX_NAMED} more" if len(shown) > MAX_NAMED else ""
    raise LeakageError(
        f"the training set knows what the model will not know: {' '.join(shown[:MAX_NAMED])}{more}",
        where=f"model {model}",
        next_step=_next_step(refused, page),
        findings=[item.title for item in refused],
        report=page,
    )


def _next_step(refused: list[Finding], page: str) -> str:
    step = f"open the page {page}; mend the source, or take the feature out of `features`"
    waivers = [_waiver(item) for item in refused if item.check is not LeakageCheck.ROW_KEY_ACROSS_SPLIT]
    if not waivers:
        return step
    return (
        f"{step}; or, if it is right as it is, accept it in the model's spec:"
        f" `leakage: {{waivers: [{name_some(waivers)}]}}`"
    )


def _waiver(item: Finding) -> str:
    column = f"column: {item.column}, " if item.column else ""
    return f'{{check: {item.check}, {column}reason: "…"}}'
