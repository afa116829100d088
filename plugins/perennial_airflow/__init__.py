"""Everything of Perennial that is Airflow: operators, assets, DAG defaults, links, the console."""
