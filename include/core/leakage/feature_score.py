"""What one feature says about the label by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A group of a feature's rows and how many of them carry label 1."""

    value: str
    rows: int
    label_1_share: float

    def __str__(self) -> str:
        exact = self.label_1_share in (0, 1)
        share = f"{self.label_1_share:.0%}" if exact else f"{self.label_1_share:.1%}"
        return f"{self.value}: {share} of {self.rows} rows have label 1"


@dataclass(frozen=True)
class OtherExample:
    """A group of a feature's rows and what their labels are, where these are classes or numbers."""

    value: str
    rows: int
    label: str

    def __str__(self) -> str:
        return f"{self.value}: {self.label} of {self.rows} rows"


@dataclass(frozen=True)
class FeatureScore:
    """What one feature says about the label by itself.

    Attributes
    ----------
    feature
        Its name.
    auc
        ROC AUC, or what `measure` names in its place: 0.5 for nothing, 1 for everything.
    decided_share
        Share of rows with a value that only ever comes with one label.
    rows
        Rows of the train and validation parts.
    examples
        The groups that say most.
    suspicious
        Whether either measure is above the spec's limit.
    measure
        What `auc` is, in words.
    """

    feature: str
    auc: float
    decided_share: float
    rows: int
    examples: Sequence[Example | OtherExample]
    suspicious: bool
    measure: str = "ROC AUC"

    @property
    def evidence(self) -> str:
        """One sentence for a person."""
        shown = "; ".join(map(str, self.examples))
        return (
            f"{self.feature} alone predicts the label with {self.measure} {self.auc:.3f} and decides"
            f" {self.decided_share:.1%} of {self.rows} rows ({shown})"
        )
