"""Shows every broken spec as an import error, while the sound ones stay in service.

The other DAG files leave a broken spec out; this one makes sure that nobody overlooks it.
"""

from perennial_airflow import runtime

runtime.specs().raise_problems()
