"""
### Promote or refuse a candidate of {name}

Started by an evaluation. Records the decision of every gate with its evidence and, if all agree, moves
the alias `champion`. A refusal is an answer, not a failure: the champion goes on serving and
`announce_champion` is skipped with the reasons.

**When a task fails**

- `promote_candidate`: MLflow or the warehouse does not answer (retried): *Clear*. Or another candidate was
  promoted meanwhile: clear `evaluate_candidate` of the run of `{name}__train`, as the message says.
- `announce_champion`: Airflow itself failed; the promotion is done. *Clear*.

**Always safe:** clearing. Only this DAG moves the alias, one run at a time.
"""

from perennial_airflow.assets import champion, evaluation
from perennial_airflow.defaults import midnight, models_to_parse, stage_dag
from perennial_airflow.operators.announce_champion import AnnounceChampionOperator
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
        promote = PromoteCandidateOperator(task_id="promote_candidate", model=model.model)
        AnnounceChampionOperator(
            task_id="announce_champion", promotion=promote.output, outlets=[champion(model.model)]
        )
