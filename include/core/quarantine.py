"""Splitting rows into those that stay and those that go, each of these with the rules it broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from include.core.judgement import Rule
from include.core.observed import observed_texts
from include.specs import Severity
from include.specs.dataset import QUARANTINE_COLUMNS


@dataclass(frozen=True)
class BrokenRows:
    """The rows of a batch that fail at least one rule.

    Attributes
    ----------
    positions
        Zero-based positions in the batch, ascending, `int64`, shape (n,).
    rules
        Which rules each of them fails, `bool`, shape (n, number of rules).
    """

    positions: np.ndarray
    rules: np.ndarray


def quarantine_schema(schema: pa.Schema) -> pa.Schema:
    """Return the columns of quarantined rows: the dataset's own, then `QUARANTINE_COLUMNS`."""
    return pa.schema([*schema, *(pa.field(name, pa.list_(pa.string())) for name in QUARANTINE_COLUMNS)])


def split_rows(
    batch: pa.RecordBatch, broken: BrokenRows, rules: Sequence[Rule]
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Split a batch by what its rows break.

    Parameters
    ----------
    batch
        Rows of a partition.
    broken
        Those among them that fail rules.
    rules
        The rules, in the order of `broken.rules`.

    Returns
    -------
    tuple of pa.RecordBatch
        The rows that stay, and those that fail a `quarantine` rule, explained by all rules they fail;
        both in the batch's order, together all rows once.
    """
    decides = np.array([rule.severity is Severity.QUARANTINE for rule in rules], dtype=bool)
    goes = broken.rules[:, decides].any(axis=1)
    stays = np.ones(batch.num_rows, dtype=bool)
    stays[broken.positions[goes]] = False
    gone = batch.take(pa.array(broken.positions[goes], pa.int64()))
    clean = batch.filter(pa.array(stays)) if goes.any() else batch
    return clean, _explain(gone, broken.rules[goes], rules)


def _explain(rows: pa.RecordBatch, broken: np.ndarray, rules: Sequence[Rule]) -> pa.RecordBatch:
    offsets = pa.array(np.concatenate([[0], broken.sum(axis=1).cumsum()]), pa.int32())
    names = pa.array([rule.name for rule in rules], pa.string())
    broken_names = names.take(pa.array(np.nonzero(broken)[1], pa.int64()))
    observed = _observed(rows, broken, rules)
    columns = [pa.ListArray.from_arrays(offsets, values) for values in (broken_names, observed)]
    return pa.RecordBatch.from_arrays([*rows.columns, *columns], schema=quarantine_schema(rows.schema))


def _observed(rows: pa.RecordBatch, broken: np.ndarray, rules: Sequence[Rule]) -> pa.Array:
    """Write what each row showed each rule it broke, rule by rule, then bring that into the rows' order."""
    texts = [pa.array([], pa.string())]
    for rule, fails in zip(rules, broken.T, strict=True):
        if fails.any():
            failing = rows.select(list(dict.fromkeys(rule.columns))).take(pa.array(np.flatnonzero(fails)))
            texts.append(observed_texts(failing, rule.columns))
    place = np.empty(broken.shape, dtype=np.int64)
    place.T[broken.T] = np.arange(broken.sum())
    return pa.concat_arrays(texts).take(pa.array(place[broken], pa.int64()))
