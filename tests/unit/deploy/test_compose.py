"""What docker-compose.yaml, Dockerfile and airflow_settings.yaml promise each other and the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.local.airflow_environment import Addresses, build_environment
from include.local.secret_file import SecretFile
from include.specs import load_specs
from perennial_airflow.runtime import WAREHOUSE

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
VARIABLE = re.compile(r"\$\{(\w+)(:[?-])?([^}]*)\}")
SECRET = re.compile(r"PASSWORD|SECRET|KEY|CONN")
EXAMPLE = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))

# Of the local stack alone: waits tuned for one small machine, folders kept out of a person's home.
LOCAL_ONLY = {
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL",
    "DVC_SITE_CACHE_DIR",
    "DVC_GLOBAL_CONFIG_DIR",
    "DVC_SYSTEM_CONFIG_DIR",
    "PATH",
}
ADDRESSES = Addresses(
    airflow_database="postgresql+psycopg://a:a@127.0.0.1:1/a",
    warehouse="postgresql+psycopg://w:w@127.0.0.1:1/w",
    source="postgresql+psycopg://s:s@127.0.0.1:1/s",
    mlflow="http://127.0.0.1:2",
    airflow="http://127.0.0.1:3",
)


def environment(service: str) -> dict[str, str]:
    """What a service's processes see: the image's variables, then its own."""
    image = dict(
        re.findall(r'([A-Z_]+)="?([^"\s\\]+)"?(?: \\)?$', DOCKERFILE.split("\nENV ")[1], re.MULTILINE)
    )
    return {**image, **SERVICES[service].get("environment", {})}


@pytest.mark.parametrize("service", SERVICES)
def test_every_server_reports_its_health_and_the_rest_ends(service: str) -> None:
    assert ("healthcheck" in SERVICES[service]) != (SERVICES[service]["restart"] == "no")


def test_nothing_starts_before_what_it_needs_is_ready() -> None:
    for name, service in SERVICES.items():
        for needed, wait in service.get("depends_on", {}).items():
            ends = SERVICES[needed]["restart"] == "no"
            expected = "service_completed_successfully" if ends else "service_healthy"
            assert wait == {"condition": expected}, f"{name} needs {needed}"
    assert {"airflow-init", "api-server", "mlflow"} <= SERVICES["scheduler"]["depends_on"].keys()


def test_ports_are_bound_to_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_every_variable_is_explained_and_every_secret_required() -> None:
    used = {name: operator for name, operator, _ in VARIABLE.findall(TEXT)}
    assert used.keys() == {*EXAMPLE, "PERENNIAL_CODE_COMMIT"}
    assert {name for name in used if SECRET.search(name)} | {"PERENNIAL_CODE_COMMIT"} == {
        name for name, operator in used.items() if operator == ":?"
    }
    assert not [name for name, value in EXAMPLE.items() if SECRET.search(name) and value]


def test_no_password_is_written_down() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(r"://[^@]*[^@:]@", VARIABLE.sub("", value)), name
            if re.search("PASSWORD$|SECRET|KEY$", name):
                assert VARIABLE.fullmatch(value), name


def test_tasks_find_every_variable_of_the_local_stack(tmp_path: Path) -> None:
    local = build_environment(ROOT, tmp_path, ADDRESSES, SecretFile(tmp_path / "secrets.json"), {})
    quiet = {"MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DVC_NO_ANALYTICS", "GX_ANALYTICS_ENABLED"}
    assert quiet <= local.keys()
    assert local.keys() - LOCAL_ONLY <= environment("scheduler").keys()


def test_both_stacks_agree_where_they_must(tmp_path: Path) -> None:
    local = build_environment(ROOT, tmp_path, ADDRESSES, SecretFile(tmp_path / "secrets.json"), {})
    same = ["AIRFLOW__CORE__EXECUTOR", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "DO_NOT_TRACK"]
    assert {name: environment("scheduler")[name] for name in same} == {name: local[name] for name in same}


def test_connections_are_those_of_the_specs_and_only_tasks_see_them() -> None:
    variables = {f"AIRFLOW_CONN_{name.upper()}" for name in connections()}
    for name in OURS:
        found = {key for key in environment(name) if key.startswith("AIRFLOW_CONN_")}
        assert found == (variables if name in {"scheduler", "airflow-init"} else set()), name


def test_settings_of_astro_name_the_same_connections_without_passwords() -> None:
    settings = yaml.safe_load((ROOT / "airflow_settings.yaml").read_text(encoding="utf-8"))
    entries = settings["airflow"]["connections"]
    assert {entry["conn_id"] for entry in entries} == connections()
    assert not [entry for entry in entries if entry.get("conn_password") or entry.get("conn_uri")]


@pytest.mark.parametrize("service", OURS)
def test_mount_points_exist_in_the_image_and_belong_to_its_account(service: str) -> None:
    prepared = set(re.findall(r"/srv/perennial/[\w-]+", DOCKERFILE.split("\nCOPY include/")[0]))
    mounted = {volume.split(":")[1] for volume in OURS[service]["volumes"]}
    assert mounted <= prepared
    assert {volume.split(":")[0] for volume in OURS[service]["volumes"]} <= COMPOSE["volumes"].keys()


def test_state_lies_on_volumes() -> None:
    mounted = tuple(volume.split(":")[1] for volume in SERVICES["scheduler"]["volumes"])
    scheduler = environment("scheduler")
    for name in (
        "PERENNIAL_LAKE_ROOT",
        "PERENNIAL_REPORTS_ROOT",
        "PERENNIAL_SNAPSHOT_REGISTRY",
        "AIRFLOW_HOME",
    ):
        assert scheduler[name].startswith(mounted), name
    # The registry appears by one rename, which a mount point does not allow.
    assert scheduler["PERENNIAL_SNAPSHOT_REGISTRY"] not in mounted
    assert environment("airflow-init")["PERENNIAL_DVC_REMOTE"] in mounted


def test_our_services_run_without_privileges() -> None:
    assert DOCKERFILE.rstrip().splitlines()[-1] == "USER perennial"
    assert "--chown" not in DOCKERFILE
    for service in OURS.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_image_takes_the_lock_and_names_its_code() -> None:
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    assert {service["build"]["args"]["PERENNIAL_CODE_COMMIT"][:24] for service in OURS.values()} == {
        "${PERENNIAL_CODE_COMMIT:"
    }
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    lines = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = {path.rstrip("/") for line in lines for path in line.split()}
    assert {line[1:] for line in allowed if line.startswith("!")} == copied
    assert "*" in allowed


def connections() -> set[str]:
    specs = load_specs(ROOT / "include")
    return {dataset.source.connection for dataset in specs.datasets.values()} | {WAREHOUSE}
