"""What a contract's verdict means for a partition: which rows stay, which go, and whether it stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from include.errors import MAX_NAMED, name_some
from include.specs import DatasetSpec, Expectation, Severity
from include.specs.dataset import QUARANTINE_COLUMNS

LONGEST_VALUE = 200
"""Characters of a value that messages, pages and the explanation of a quarantined row show."""


@dataclass(frozen=True)
class RuleOutcome:
    """The rows of one partition that fail one rule.

    Attributes
    ----------
    expectation
        The rule.
    positions
        Zero-based positions of the failing rows, ascending.
    examples
        Key and observed values of the first ten failing rows.
    """

    expectation: Expectation
    positions: np.ndarray
    examples: list[tuple[str, str]]

    @property
    def failed_rows(self) -> int:
        """How many rows fail."""
        return len(self.positions)


@dataclass(frozen=True)
class Judgement:
    """The verdict on one partition.

    Attributes
    ----------
    clean, quarantine
        The rows that stay and the rows that go; together all rows, each once, in their order.
        `quarantine` has `QUARANTINE_COLUMNS` beside the dataset's own.
    warned_rows
        Rows of `clean` that fail a `warn` rule.
    outcomes
        One entry a rule, in the contract's order.
    refusals
        Why the partition as a whole is refused; empty where it stands.
    """

    clean: pa.Table
    quarantine: pa.Table
    warned_rows: int
    outcomes: list[RuleOutcome]
    refusals: list[str]

    @property
    def rows(self) -> int:
        """Rows judged."""
        return int(self.clean.num_rows + self.quarantine.num_rows)

    @property
    def quarantine_share(self) -> float:
        """Quarantined rows as a share of all, 0 where there are none."""
        return self.quarantine.num_rows / self.rows if self.rows else 0.0


def contract_sha256(spec: DatasetSpec) -> str:
    """Hash what decides a verdict: the rules, the budgets, and the key that names rows."""
    parts = spec.model_dump(mode="json", include={"contract", "budgets", "key"})
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def judge_rows(table: pa.Table, failing: Sequence[np.ndarray], spec: DatasetSpec) -> Judgement:
    """Split a partition by its failing rows and decide whether it stands.

    Parameters
    ----------
    table
        The partition's rows.
    failing
        Zero-based positions of failing rows, one array a rule, in the contract's order.
    spec
        Gives contract, budgets and key.
    """
    outcomes = [
        RuleOutcome(
            expectation, np.unique(positions).astype(np.int64), _examples(table, expectation, positions, spec)
        )
        for expectation, positions in zip(spec.contract, failing, strict=True)
    ]
    refused = _rows_failing(outcomes, Severity.QUARANTINE, table.num_rows)
    warned = _rows_failing(outcomes, Severity.WARN, table.num_rows) & ~refused
    judgement = Judgement(
        clean=table.filter(pa.array(~refused)),
        quarantine=_explain(table, np.flatnonzero(refused), outcomes),
        warned_rows=int(warned.sum()),
        outcomes=outcomes,
        refusals=[],
    )
    judgement.refusals.extend(_refusals(judgement, spec))
    return judgement


def _rows_failing(outcomes: list[RuleOutcome], severity: Severity, rows: int) -> np.ndarray:
    mask = np.zeros(rows, dtype=bool)
    for outcome in outcomes:
        if outcome.expectation.severity is severity:
            mask[outcome.positions] = True
    return mask


def _examples(
    table: pa.Table, expectation: Expectation, positions: np.ndarray, spec: DatasetSpec
) -> list[tuple[str, str]]:
    first = np.unique(positions)[:MAX_NAMED].tolist()
    return [(_key_text(table, spec.key, row), _observed(table, expectation, row)) for row in first]


def _explain(table: pa.Table, rows: np.ndarray, outcomes: list[RuleOutcome]) -> pa.Table:
    """Take the quarantined rows and say of each which rules it broke, and with what."""
    broken: dict[int, list[Expectation]] = {row: [] for row in rows.tolist()}
    for outcome in outcomes:
        for row in outcome.positions.tolist():
            if row in broken:
                broken[row].append(outcome.expectation)
    rules = [[expectation.rule for expectation in found] for found in broken.values()]
    observed = [[_observed(table, e, row) for e in found] for row, found in broken.items()]
    texts = pa.list_(pa.string())
    taken = table.take(pa.array(rows, pa.int64()))
    for name, values in zip(QUARANTINE_COLUMNS, (rules, observed), strict=True):
        taken = taken.append_column(name, pa.array(values, texts))
    return taken


def _refusals(judgement: Judgement, spec: DatasetSpec) -> list[str]:
    refusals = []
    if judgement.rows < spec.budgets.min_rows:
        refusals.append(f"{judgement.rows} rows where the budget asks for at least {spec.budgets.min_rows}")
    for outcome in judgement.outcomes:
        if outcome.failed_rows and outcome.expectation.severity is Severity.BLOCK:
            refusals.append(_block_refusal(outcome, judgement.rows))
    if judgement.quarantine_share > spec.budgets.quarantine_share:
        refusals.append(
            f"{judgement.quarantine.num_rows} of {judgement.rows} rows ({judgement.quarantine_share:.2%})"
            f" break quarantine rules where the budget allows {spec.budgets.quarantine_share:.2%}"
        )
    return refusals


def _block_refusal(outcome: RuleOutcome, rows: int) -> str:
    keys = [key for key, _ in outcome.examples]
    unnamed = outcome.failed_rows - len(keys)
    more = f" and {unnamed} more" if unnamed else ""
    return (
        f"rule `{outcome.expectation.rule}` fails on {outcome.failed_rows} of {rows} rows"
        f" (keys {name_some(keys)}{more})"
    )


def _key_text(table: pa.Table, key: Sequence[str], row: int) -> str:
    if len(key) == 1:
        return _text(table[key[0]][row].as_py())
    return "(" + ", ".join(f"{name}={_text(table[name][row].as_py())}" for name in key) + ")"


def _observed(table: pa.Table, expectation: Expectation, row: int) -> str:
    return ", ".join(f"{name}={_text(table[name][row].as_py())}" for name in expectation.columns)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
