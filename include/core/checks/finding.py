"""What a check that looks around found out about a partition."""

from __future__ import annotations

from dataclasses import dataclass

from include.contracts import Decision, Verdict
from include.specs import Severity


@dataclass(frozen=True)
class Finding:
    """The verdict of one check on a partition as a whole, and what follows from it."""

    severity: Severity
    decision: Decision

    @property
    def failed(self) -> bool:
        """Whether the check was able to judge, and the partition failed."""
        return self.decision.verdict is Verdict.FAILED

    @property
    def refuses(self) -> bool:
        """Whether the partition must not be used because of it."""
        return self.failed and self.severity is Severity.BLOCK

    @property
    def message(self) -> str:
        """The reasons in one line."""
        return "; ".join(self.decision.reasons)
