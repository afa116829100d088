"""Ask a person whether a candidate shall serve."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput
from airflow.sdk.timezone import utcnow

from include.contracts import ApprovalRef, EvaluationRef, PromotionPlan
from include.core.approval import eligible_approvers, objection
from include.errors import ApprovalError
from include.specs.fields import duration_text
from perennial_airflow import run_context, runtime
from perennial_airflow.assets import evaluation
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import EvidenceLink, MlflowRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context

APPROVE, REJECT = "Approve", "Reject"


class ApprovePromotionOperator(PerennialOperator, HITLOperator):
    """Ask the approvers of `model` whether the candidate of `plan` shall serve; return an `ApprovalRef`.

    Airflow shows the question under «Required Actions», and takes the answer there or through its REST
    API; the task holds no worker meanwhile. An answer that is in the ledger already is returned at once,
    so no repetition asks twice. Silence until the end of the period is a no.
    """

    template_fields = ("plan",)
    operator_extra_links = (EvidenceLink(), MlflowRunLink())

    def __init__(self, *, model: str, plan: Any, **options: Any) -> None:
        reason = Param(
            "",
            type="string",
            title="Reason",
            description="Why. It is kept in the ledger and on the model card.",
        )
        super().__init__(
            subject=f"Shall a new version of {model} serve?",
            options=[APPROVE, REJECT],
            defaults=REJECT,
            params={"reason": reason},
            **options,
        )
        self.model = model
        self.plan = plan

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return the answer the ledger has, or park the task until somebody answers."""
        from include.steps import record_approval

        plan, evidence = PromotionPlan.from_json(self.plan), self._evidence(context)
        if not plan.allowed:
            raise AirflowSkipException(f"the gates refuse it, so nobody is asked: {'; '.join(plan.reasons)}")
        if not plan.needs_approval:
            raise AirflowSkipException(f"nobody need be asked: {'; '.join(plan.reasons)}")
        _, period = self._terms()
        answer = record_approval.find(self.settings(), plan)
        if answer is None:
            self._ask(context, plan, evidence, utcnow() + period)
        self.log.info("the ledger has the answer to this evidence, so nobody is asked again")
        return answer.to_json()

    def read_answer(self, context: Context, event: dict[str, Any], deadline: str) -> dict[str, Any]:
        """Return the answer as an `ApprovalRef`; one that does not count is put aside and asked for again.

        Nothing is written here, so that no failure can lose an answer: the next task records it.
        """
        self.link_urls = {}  # another process than the one that asked
        evidence = self._evidence(context)
        plan, end = PromotionPlan.from_json(self.plan), datetime.fromisoformat(deadline)
        approvers, period = self._terms()
        if event["timedout"]:
            return _no_answer(plan, period)
        user = event["responded_by_user"] or {}
        names = [str(user[key]) for key in ("name", "id") if user.get(key)]
        reason = str((event["params_input"] or {}).get("reason") or "").strip()
        wrong = objection(names=names, approvers=approvers, requested_by=plan.requested_by, reason=reason)
        if wrong is None:
            approved = event["chosen_options"] == [APPROVE]
            return _answer(plan, approved=approved, by=names[0], reason=reason)
        self.log.warning("this answer does not count: %s", wrong)
        if event["responded_at"] >= end:
            return _no_answer(plan, period)
        self._ask(context, plan, evidence, end)

    def _terms(self) -> tuple[list[str], timedelta]:
        """Who may answer by the spec as it is now, and for how long; skips where nobody is asked."""
        approval = self.specs().model(self.model).gates.approval
        if approval.expires is None:
            raise AirflowSkipException(f"`gates.approval` of {self.model} asks nobody")
        return approval.approvers, approval.expires

    def _evidence(self, context: Context) -> EvaluationRef:
        """Return what was announced, and link it."""
        event = run_context.required_event(context, evaluation(self.model), self.model)
        evidence = EvaluationRef.from_json(event)
        self.link_mlflow(evidence.candidate.run_id)
        if evidence.report is not None:
            self.link_page(EvidenceLink, evidence.report)
        return evidence

    def _ask(
        self, context: Context, plan: PromotionPlan, evidence: EvaluationRef, deadline: datetime
    ) -> NoReturn:
        """Put the question and park the task; what Airflow resumes later is told the deadline."""
        self._write_form(plan, evidence)
        self.response_timeout = max(deadline - utcnow(), timedelta(0))
        try:
            HITLOperator.execute(self, context)
        except TaskAwaitingInput as parked:
            raise TaskAwaitingInput(
                method_name=self.read_answer.__name__,
                kwargs={"deadline": deadline.isoformat()},
                timeout=parked.timeout,
            ) from None
        raise ApprovalError("Airflow did not wait for an answer", where=self.task_id)

    def _write_form(self, plan: PromotionPlan, evidence: EvaluationRef) -> None:
        from include.core.approval_form import form_body, form_subject

        approvers, period = self._terms()
        eligible = eligible_approvers(approvers, plan.requested_by)
        if not eligible:
            raise ApprovalError(
                f"nobody may answer: {plan.requested_by} asked for the training and is the only approver",
                where=f"model {self.model}, `gates.approval.approvers`",
                next_step="name another approver in the spec, then clear this task",
            )
        self.assigned_users = [{"id": name, "name": name} for name in eligible]
        self.subject = form_subject(plan)
        self.body = form_body(
            plan,
            evidence,
            approvers=eligible,
            confidence=self.specs().model(self.model).gates.versus_champion.confidence,
            expires=duration_text(period),
            evidence_url=None if evidence.report is None else runtime.report_url(evidence.report),
        )


def _no_answer(plan: PromotionPlan, period: timedelta) -> dict[str, Any]:
    return _answer(plan, approved=False, by=None, reason=f"nobody answered within {duration_text(period)}")


def _answer(plan: PromotionPlan, *, approved: bool, by: str | None, reason: str) -> dict[str, Any]:
    return ApprovalRef(
        model=plan.model,
        version=plan.version,
        evidence_sha256=plan.evidence_sha256,
        approved=approved,
        by=by,
        reason=reason,
    ).to_json()
