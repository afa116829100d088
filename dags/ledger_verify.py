"""
### Prove that the ledger was not altered

Reads every entry and computes its hash again, looks for gaps, and compares what entries say with the tables
of promotions and decisions in the warehouse and with what the versions in MLflow are tagged with. So an entry
that was changed is found, one that is missing, an end that was cut off, and a ledger that was written anew.
The log ends with the number of entries and the hash of the last one.

`make ledger-verify` does the same from a shell; `make ledger-who` says who served a model on a day.

**When a task fails**

- `verify_ledger`: something was altered. The message names each entry and what is wrong with it: find out who
  changed the warehouse, compare with a backup. MLflow or the warehouse does not answer: retried.

**Always safe:** it only reads.
**By hand only**; trigger it from wherever you watch your systems.
"""

from perennial_airflow.defaults import operations_dag
from perennial_airflow.operators.verify_ledger import VerifyLedgerOperator

with operations_dag("ledger_verify", "platform", __doc__):
    VerifyLedgerOperator(task_id="verify_ledger")
