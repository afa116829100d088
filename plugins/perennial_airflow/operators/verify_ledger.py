"""Prove that the ledger was not altered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class VerifyLedgerOperator(PerennialOperator):
    """Read the whole ledger and hold it against the warehouse's tables and the model registry."""

    def run_step(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Return a `LedgerCheck`."""
        from include.steps import verify_ledger

        return verify_ledger.run(self.settings(), self.specs().models).to_json()
