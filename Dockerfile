# One image for Airflow's services and for MLflow: the locked environment, and the code of one commit.
FROM python:3.12-slim

WORKDIR /opt/perennial

COPY packages.txt ./
RUN apt-get update \
    && xargs --arg-file=packages.txt apt-get install --yes --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*

COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.txt

# The mount points belong to the account that writes to them: an empty named volume takes over their owner.
RUN useradd --uid 10001 --create-home perennial \
    && install --directory --owner=perennial --group=perennial --mode=0750 \
        /srv/perennial/airflow /srv/perennial/lake /srv/perennial/reports /srv/perennial/registry \
        /srv/perennial/dvc-remote /srv/perennial/mlflow

# The code belongs to root and the servers do not run as root, so no task can change what it runs.
COPY include/ include/
COPY plugins/ plugins/
COPY dags/ dags/
COPY deploy/prepare.py deploy/healthy.py deploy/
RUN python -m compileall -q include plugins dags deploy

# Every model version names the code that made it, and there is no repository in here to ask.
ARG PERENNIAL_CODE_COMMIT
RUN test -n "${PERENNIAL_CODE_COMMIT}" \
    || { echo "build with --build-arg PERENNIAL_CODE_COMMIT=\$(git rev-parse HEAD)" >&2; exit 1; }
LABEL org.opencontainers.image.revision="${PERENNIAL_CODE_COMMIT}"

ENV PERENNIAL_CODE_COMMIT="${PERENNIAL_CODE_COMMIT}" \
    PERENNIAL_SPECS_ROOT=/opt/perennial/include \
    PYTHONPATH=/opt/perennial:/opt/perennial/plugins \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/srv/perennial/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/perennial/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/perennial/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    DO_NOT_TRACK=true \
    DVC_NO_ANALYTICS=1 \
    GX_ANALYTICS_ENABLED=False \
    MLFLOW_DISABLE_TELEMETRY=true

USER perennial
