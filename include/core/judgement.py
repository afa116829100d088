"""What a contract's verdict means for a partition: which rows stay, which go, and whether it stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from include.core.checks.finding import Finding
from include.errors import name_some
from include.specs import DatasetSpec, Severity


class Rule(Protocol):
    """What is known of a rule once its rows were found."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def severity(self) -> Severity:
        """What becomes of the rows that fail it."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns that explain a failure."""


@dataclass(frozen=True)
class RuleOutcome:
    """How many rows of one partition fail one rule.

    Attributes
    ----------
    rule, severity
        The rule.
    failed_rows
        How many rows fail it.
    examples
        Key and observed values of the first ten of them.
    note
        What the result page says beside them.
    """

    rule: str
    severity: Severity
    failed_rows: int
    examples: list[tuple[str, str]]
    note: str = ""


@dataclass(frozen=True)
class Judgement:
    """The verdict on one partition.

    Attributes
    ----------
    rows
        Rows judged.
    quarantined_rows
        Rows that fail a `quarantine` rule.
    warned_rows
        Rows that fail a `warn` rule and are not quarantined.
    outcomes
        One entry a rule over rows, in order.
    findings
        What was found out about the partition as a whole, such as its volume.
    notes
        What was looked at for that, in words.
    refusals
        Why the partition as a whole is refused; empty where it stands.
    """

    rows: int
    quarantined_rows: int
    warned_rows: int
    outcomes: list[RuleOutcome]
    findings: list[Finding]
    notes: list[str]
    refusals: list[str]

    @property
    def clean_rows(self) -> int:
        """Rows that stay."""
        return self.rows - self.quarantined_rows

    @property
    def quarantine_share(self) -> float:
        """Quarantined rows as a share of all, 0 where there are none."""
        return self.quarantined_rows / self.rows if self.rows else 0.0


def contract_sha256(spec: DatasetSpec) -> str:
    """Hash what decides a verdict: the rules and checks, the budgets, and the key that names rows."""
    parts = spec.model_dump(mode="json", include={"contract", "checks", "budgets", "key"}, exclude_none=True)
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def judge_partition(
    spec: DatasetSpec,
    *,
    rows: int,
    quarantined_rows: int,
    warned_rows: int,
    outcomes: Sequence[RuleOutcome],
    findings: Sequence[Finding] = (),
    notes: Sequence[str] = (),
) -> Judgement:
    """Decide whether a partition stands.

    Parameters
    ----------
    spec
        Gives the budgets.
    rows, quarantined_rows, warned_rows, outcomes, findings, notes
        What was found; as in `Judgement`.
    """
    refusals = [
        *_missing_rows(spec, rows),
        *(_block_refusal(o, rows) for o in outcomes if o.failed_rows and o.severity is Severity.BLOCK),
        *(finding.message for finding in findings if finding.refuses),
        *_overdrawn(spec, rows, quarantined_rows, outcomes),
    ]
    return Judgement(
        rows=rows,
        quarantined_rows=quarantined_rows,
        warned_rows=warned_rows,
        outcomes=list(outcomes),
        findings=list(findings),
        notes=list(notes),
        refusals=refusals,
    )


def _missing_rows(spec: DatasetSpec, rows: int) -> Iterator[str]:
    if rows < spec.budgets.min_rows:
        yield f"{rows} rows where the budget asks for at least {spec.budgets.min_rows}"


def _overdrawn(
    spec: DatasetSpec, rows: int, quarantined: int, outcomes: Sequence[RuleOutcome]
) -> Iterator[str]:
    budgets, share = spec.budgets, quarantined / rows if rows else 0.0
    reasons = _reasons(outcomes)
    if share > budgets.quarantine_share:
        yield (
            f"{quarantined} of {rows} rows ({share:.2%})"
            f" break quarantine rules where the budget allows {budgets.quarantine_share:.2%}{reasons}"
        )
    if budgets.quarantine_rows is not None and quarantined > budgets.quarantine_rows:
        yield (
            f"{quarantined} rows break quarantine rules where the budget allows"
            f" {budgets.quarantine_rows}{reasons}"
        )


def _reasons(outcomes: Sequence[RuleOutcome]) -> str:
    """Name the rules behind a broken budget, those of most rows first."""
    broken = [o for o in outcomes if o.failed_rows and o.severity is Severity.QUARANTINE]
    broken.sort(key=lambda outcome: -outcome.failed_rows)
    named = name_some(f"`{o.rule}` on {o.failed_rows}" for o in broken)
    return f": {named}" if named else ""


def _block_refusal(outcome: RuleOutcome, rows: int) -> str:
    keys = [key for key, _ in outcome.examples]
    unnamed = outcome.failed_rows - len(keys)
    more = f" and {unnamed} more" if unnamed else ""
    return (
        f"rule `{outcome.rule}` fails on {outcome.failed_rows} of {rows} rows (keys {name_some(keys)}{more})"
    )
