"""
### Promote or refuse a candidate of {name}

Started by an evaluation. Adds up the decisions of all gates, asks a person where the model's spec says
`approval: manual`, and moves the alias `champion` if all agree. A refusal is an answer, not a failure: the
champion goes on serving and `announce_champion` is skipped with the reasons.

**Answering** (manual approval only): *Required Actions*, of the task `approve_promotion` or under *Browse*,
shows the evidence; choose and give a reason. Only the spec's approvers may, and not who asked for the
training. An answer without a reason does not count and the question stays open. No answer in time means no.
An answer is final for its evidence: clearing asks nobody again.

**When a task fails**

- `decide_promotion`: the warehouse does not answer (retried): *Clear*.
- `approve_promotion`: the only approver asked for the training. Name another in the spec, then *Clear*.
- `promote_candidate`: MLflow or the warehouse does not answer (retried): *Clear*. Or another candidate was
  promoted meanwhile: clear `evaluate_candidate` of the run of `{name}__train`, as the message says.
- `announce_champion`: Airflow itself failed; the promotion is done. *Clear*.

**Always safe:** clearing. One run at a time: while a question is open, later candidates wait.
"""

from perennial_airflow.assets import champion, evaluation
from perennial_airflow.defaults import midnight, models_to_parse, stage_dag
from perennial_airflow.operators.announce_champion import AnnounceChampionOperator
from perennial_airflow.operators.approve_promotion import ApprovePromotionOperator
from perennial_airflow.operators.decide_promotion import DecidePromotionOperator
from perennial_airflow.operators.promote_candidate import PromoteCandidateOperator

for model, dataset in models_to_parse("promote"):
    with stage_dag(
        model,
        "promote",
        __doc__,
        schedule=[evaluation(model.model)],
        start_date=midnight(dataset.start),
        max_active_runs=1,
    ):
        plan = DecidePromotionOperator(task_id="decide_promotion", model=model.model).output
        answer = (
            ApprovePromotionOperator(task_id="approve_promotion", model=model.model, plan=plan).output
            if model.gates.approval.mode == "manual"
            else None
        )
        promote = PromoteCandidateOperator(
            task_id="promote_candidate",
            model=model.model,
            plan=plan,
            answer=answer,
            trigger_rule="none_failed",
        )
        AnnounceChampionOperator(
            task_id="announce_champion", promotion=promote.output, outlets=[champion(model.model)]
        )
