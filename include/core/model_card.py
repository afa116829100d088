"""The model card: what a version is for, learned from, can do and cannot, and who agreed that it serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.contracts import Decision, EvaluationRef, MetricEstimate, Verdict
from include.contracts.ledger import LedgerEntry
from include.core.model_info import ModelInfo
from include.specs import ModelSpec
from include.specs.task import Metric, Task

_SPOKEN = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.NOT_ENOUGH_EVIDENCE: "not enough evidence",
}
_ANSWERS = {
    Task.BINARY_CLASSIFICATION: "the probability that it is so, and from the threshold on the answer 1",
    Task.MULTICLASS_CLASSIFICATION: "the probability of every class, and the most probable class",
    Task.REGRESSION: "a number",
}


@dataclass(frozen=True)
class Table:
    """Rows of text below a head."""

    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Section:
    """A heading with sentences, facts by name, a table; each may be missing."""

    heading: str
    sentences: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    table: Table | None = None


@dataclass(frozen=True)
class ModelCard:
    """A card, ready to be written as a page or as Markdown."""

    title: str
    subtitle: str
    sections: list[Section]


def build_card(
    spec: ModelSpec,
    info: ModelInfo,
    evaluation: EvaluationRef,
    promotion: LedgerEntry,
    tags: Mapping[str, str],
) -> ModelCard:
    """Put a card together from what is on record.

    Parameters
    ----------
    spec
        The model's spec as it is now: its words on purpose and limits.
    info
        What the version's run recorded.
    evaluation
        How it was judged.
    promotion
        The ledger's entry of its promotion.
    tags
        Of the version in the registry: commit of the code, hash of the packages' lock.
    """
    version, name = evaluation.candidate.version, promotion.body.get("semantic_version")
    return ModelCard(
        title=f"{spec.model} {name or ''}".strip(),
        subtitle=f"Version {version}, champion from {promotion.body['effective_from']} on",
        sections=[
            _purpose(spec, info),
            _data(info, evaluation),
            _fit(info),
            _metrics(evaluation),
            _slices(evaluation.decisions),
            _gates(evaluation.decisions),
            _limits(spec, info, evaluation),
            _agreement(promotion),
            _lineage(evaluation, promotion, tags),
        ],
    )


def _purpose(spec: ModelSpec, info: ModelInfo) -> Section:
    facts = [("Owner", spec.owner), ("Answers with", _ANSWERS[info.task])]
    if info.classes:
        facts.append(("Classes", ", ".join(info.classes)))
    if spec.intended_use:
        facts.append(("Meant for", spec.intended_use))
    return Section("Purpose", [spec.description], facts)


def _data(info: ModelInfo, evaluation: EvaluationRef) -> Section:
    snapshot, label = evaluation.candidate.snapshot, info.spec.get("label", {})
    facts = [
        ("Snapshot", f"{snapshot.tag}, frozen as of {snapshot.as_of}"),
        ("Rows of all datasets", f"{snapshot.rows:,} in {snapshot.partitions} partitions"),
        *((f"Events: {name.replace('_', ' ')}", f"{count:,}") for name, count in info.rows.items()),
        ("Label", _label(label)),
        ("Numeric features", ", ".join(info.features.numeric) or "none"),
        ("Categorical features", ", ".join(info.features.categorical) or "none"),
        ("Derived among them", ", ".join(one.name for one in info.derived) or "none"),
    ]
    return Section("Data", facts=facts)


def _label(label: Mapping[str, Any]) -> str:
    if not label:
        return "not recorded"
    days = f"{label['grace']} day{'' if label['grace'] == 1 else 's'}"
    return f"{label['dataset']}.{label['column']}, mature {days} after {label['mature_at']}"


def _fit(info: ModelInfo) -> Section:
    facts = [("Estimator", info.estimator or "not recorded"), ("Seed", str(info.seed))]
    facts.append(("Calibration", str(info.calibration)))
    if info.threshold is not None:
        rule = f", chosen for {info.threshold_rule}" if info.threshold_rule else ""
        facts.append(("Threshold", f"{info.threshold:.4f}{rule}"))
    rows = [[name, str(value)] for name, value in sorted(info.params.items())]
    return Section("Fit", facts=facts, table=Table(["Parameter", "Value"], rows) if rows else None)


def _metrics(evaluation: EvaluationRef) -> Section:
    said = (
        f"On {evaluation.holdout_rows:,} rows whose labels matured from {evaluation.holdout_first} to"
        f" {evaluation.holdout_last}, which neither fit nor search has seen."
    )
    beside = evaluation.champion_version
    head = ["Metric", "Better", "This version", *([f"Version {beside} before it"] if beside else [])]
    rows = [
        [name, "higher" if Metric(name).higher_is_better else "lower", _interval(one)]
        + ([_interval(evaluation.champion_metrics.get(name))] if beside else [])
        for name, one in evaluation.metrics.items()
    ]
    return Section("Metrics", [said], table=Table(head, rows))


def _interval(one: MetricEstimate | None) -> str:
    if one is None:
        return "–"
    bounds = "" if one.lower is None or one.upper is None else f" ({one.lower:.4f} to {one.upper:.4f})"
    return f"{one.value:.4f}{bounds}"


def _slices(decisions: Iterable[Decision]) -> Section:
    found = [decision for decision in decisions if decision.gate.startswith("slice.")]
    if not found:
        return Section("Groups", ["No group of rows was judged by itself: the spec names none."])
    return Section("Groups", table=_verdicts(found))


def _gates(decisions: Iterable[Decision]) -> Section:
    found = [decision for decision in decisions if not decision.gate.startswith("slice.")]
    return Section("Gates", table=_verdicts(found))


def _verdicts(decisions: Iterable[Decision]) -> Table:
    rows = [[one.gate, _SPOKEN[one.verdict], "; ".join(one.reasons)] for one in decisions]
    return Table(["Gate", "Verdict", "Why"], rows)


def _limits(spec: ModelSpec, info: ModelInfo, evaluation: EvaluationRef) -> Section:
    days = (evaluation.holdout_last - evaluation.holdout_first).days + 1
    sentences = [
        *spec.limits,
        f"It was judged on {days} days of labels; nothing after {evaluation.holdout_last} is known of it.",
    ]
    if info.features.categorical:
        sentences.append("Values of categorical features that training had not seen count as unknown.")
    if not spec.limits:
        sentences.append("Its owner has not written down any further limits.")
    return Section("Limits", sentences)


def _agreement(promotion: LedgerEntry) -> Section:
    body = promotion.body
    agreed = f"{promotion.actor}: {body.get('approval_reason')}" if promotion.actor else "nobody had to agree"
    changed = ", ".join(body.get("changed") or []) or "the data alone"
    raised = f"{body['raised']} ({changed} changed)" if body.get("raised") else "the first version"
    facts = [
        ("Approved by", agreed),
        ("Training asked for by", body.get("requested_by") or "a schedule or the weekly check"),
        ("Semantic version", f"{body.get('semantic_version')}: {raised}"),
        ("Ledger", f"entry {promotion.number}, {promotion.recorded_at}"),
    ]
    return Section("Who agreed", facts=facts)


def _lineage(evaluation: EvaluationRef, promotion: LedgerEntry, tags: Mapping[str, str]) -> Section:
    candidate = evaluation.candidate
    facts = [
        ("MLflow run", candidate.run_id),
        ("Files, SHA-256", candidate.artifact_sha256),
        ("Snapshot's content", candidate.snapshot.content_hash),
        ("Commit of the data registry", candidate.snapshot.commit),
        ("Commit of the code", tags.get("code_commit", "not recorded")),
        ("Lock of the packages, SHA-256", tags.get("lock_sha256", "not recorded")),
        ("Evidence, SHA-256", str(promotion.body.get("evidence_sha256"))),
    ]
    return Section("Lineage", facts=facts)
