"""The few calls of Airflow's REST API (v2) that the demo needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx

from include.errors import PerennialError, SourceUnavailableError

_RUNNING = ("queued", "running")
_LOG_LINES = 40
_FOLLOWER_SECONDS = 120


class RunFailedError(PerennialError):
    """A DAG run ended without success; carries the failed task and the end of its log."""


@dataclass(frozen=True)
class Run:
    """One DAG run."""

    dag_id: str
    run_id: str
    state: str

    @property
    def path(self) -> str:
        """The run's place in the API."""
        return f"/dags/{self.dag_id}/dagRuns/{self.run_id}"


class AirflowApi:
    """Talks to one Airflow as one user.

    Parameters
    ----------
    address
        Where the API server listens, without `/api/v2`.
    user, password
        Of an account that may trigger DAGs.
    watch
        Called before each look at something that runs; raises where waiting is in vain.
    poll_seconds
        How long to wait between two looks.
    """

    def __init__(
        self,
        address: str,
        user: str,
        password: str,
        *,
        watch: Callable[[], None] = lambda: None,
        poll_seconds: float = 0.5,
    ) -> None:
        self._watch = watch
        self._client = httpx.Client(base_url=address, timeout=60, trust_env=False)
        self._poll_seconds = poll_seconds
        token = self._client.post("/auth/token", json={"username": user, "password": password})
        token.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def get(self, path: str, **params: Any) -> Any:
        """Read one resource."""
        return self._answer(self._send("GET", f"/api/v2{path}", params=params))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Create one resource."""
        return self._answer(self._send("POST", f"/api/v2{path}", json=body))

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Change one resource."""
        return self._answer(self._send("PATCH", f"/api/v2{path}", json=body))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **options)
        except httpx.TransportError as error:
            self._watch()
            raise SourceUnavailableError(
                f"Airflow does not answer ({error!r})",
                where=f"{method} {path}",
                next_step="read the log of the API server, then start again",
            ) from error

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        if response.is_error:
            raise PerennialError(
                f"Airflow answered {response.status_code}: {response.text[:500]}",
                where=f"{response.request.method} {response.request.url.path}",
            )
        return response.json()

    def dag_ids(self) -> set[str]:
        """Return the DAGs Airflow has parsed."""
        return {dag["dag_id"] for dag in self.get("/dags", limit=1000)["dags"]}

    def import_errors(self) -> list[str]:
        """Return what Airflow could not parse, as `file: message`."""
        found = self.get("/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in found]

    def trigger(self, dag_id: str, run_id: str, params: dict[str, Any]) -> Run:
        """Start a run by hand."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": params}
        made = self.post(f"/dags/{dag_id}/dagRuns", body)
        return Run(dag_id, made["dag_run_id"], made["state"])

    def backfill(self, dag_id: str, first: date, last: date, max_active_runs: int) -> int:
        """Start a backfill over whole days, both ends included; return its id."""
        made = self.post(
            "/backfills",
            {
                "dag_id": dag_id,
                "from_date": f"{first}T00:00:00Z",
                "to_date": f"{last}T00:00:00Z",
                "reprocess_behavior": "completed",
                "max_active_runs": max_active_runs,
            },
        )
        return int(made["id"])

    def runs_between(self, dag_id: str, first: date, last: date) -> list[Run]:
        """Return the runs for the days of a range, oldest first."""
        answer = self.get(
            f"/dags/{dag_id}/dagRuns",
            logical_date_gte=f"{first}T00:00:00Z",
            logical_date_lt=f"{last + timedelta(days=1)}T00:00:00Z",
            order_by="logical_date",
            limit=500,
        )
        return [Run(dag_id, run["dag_run_id"], run["state"]) for run in answer["dag_runs"]]

    def run(self, run: Run) -> Run:
        """Look at a run again."""
        return Run(run.dag_id, run.run_id, self.get(run.path)["state"])

    def wait(self, run: Run, on_look: Callable[[], None]) -> Run:
        """Wait for a run's end.

        Raises
        ------
        RunFailedError
            With the failed task and the end of its log.
        """
        while (run := self.run(run)).state in _RUNNING:
            on_look()
            self.pause()
        on_look()
        self.require_success(run)
        return run

    def wait_for_backfill(self, backfill_id: int, on_look: Callable[[], None]) -> None:
        """Wait until all runs of a backfill have ended."""
        while self.get(f"/backfills/{backfill_id}")["completed_at"] is None:
            on_look()
            self.pause()
        on_look()

    def wait_for_follower(self, cause: Run, dag_id: str, on_look: Callable[[], None]) -> Run:
        """Wait for the run of `dag_id` that an asset event of `cause` started, then for its end."""
        deadline = time.monotonic() + _FOLLOWER_SECONDS
        while (found := self._follower(cause, dag_id)) is None:
            if time.monotonic() > deadline:
                raise RunFailedError(
                    f"no run of {dag_id} followed {cause.run_id} of {cause.dag_id} in {_FOLLOWER_SECONDS} s"
                )
            on_look()
            self.pause()
        return self.wait(found, on_look)

    def _follower(self, cause: Run, dag_id: str) -> Run | None:
        recent = self.get(f"/dags/{dag_id}/dagRuns", order_by="-run_after", limit=10)["dag_runs"]
        for run in recent:
            events = self.get(f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}/upstreamAssetEvents")
            causes = {(e["source_dag_id"], e["source_run_id"]) for e in events["asset_events"]}
            if (cause.dag_id, cause.run_id) in causes:
                return Run(dag_id, run["dag_run_id"], run["state"])
        return None

    def pause(self) -> None:
        """Let some time pass between two looks."""
        self._watch()
        time.sleep(self._poll_seconds)

    def open_runs(self) -> list[Run]:
        """Return all runs that are queued or running."""
        found = self.get("/dags/~/dagRuns", state=list(_RUNNING), limit=500)["dag_runs"]
        return [Run(run["dag_id"], run["dag_run_id"], run["state"]) for run in found]

    def fail(self, run: Run) -> None:
        """Mark a run failed, its running tasks included."""
        self.patch(run.path, {"state": "failed"})

    def open_backfills(self, dag_id: str) -> list[int]:
        """Return the backfills of a DAG that have not ended."""
        found = self.get("/backfills", dag_id=dag_id, limit=100, order_by="-id")["backfills"]
        return [int(backfill["id"]) for backfill in found if backfill["completed_at"] is None]

    def cancel_backfill(self, backfill_id: int) -> None:
        """Stop a backfill from starting more runs."""
        self._answer(self._send("PUT", f"/api/v2/backfills/{backfill_id}/cancel"))

    def require_success(self, run: Run) -> None:
        """Raise `RunFailedError` unless the run succeeded."""
        if run.state == "success":
            return
        failed = [task for task in self.tasks(run) if task["state"] in ("failed", "upstream_failed")]
        first = next((task for task in failed if task["state"] == "failed"), None)
        log = "\n".join(self.log_end(run, first)) if first else "(no task has failed; the run was stopped)"
        task = first["task_id"] if first else "none"
        raise RunFailedError(
            f"run {run.run_id} of {run.dag_id} ended as {run.state}; failed task: {task}\n{log}",
            dag_id=run.dag_id,
            run_id=run.run_id,
            task_id=task,
        )

    def tasks(self, run: Run) -> list[dict[str, Any]]:
        """Return the task instances of a run."""
        return list(self.get(f"{run.path}/taskInstances")["task_instances"])

    def result(self, run: Run, task_id: str) -> Any:
        """Return what a task handed on; None where it was skipped."""
        path = f"/api/v2{run.path}/taskInstances/{task_id}/xcomEntries/return_value"
        response = self._send("GET", path, params={"deserialize": "false"})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return self._answer(response)["value"]

    def log_end(self, run: Run, task: dict[str, Any]) -> list[str]:
        """Return the last lines of a task's log as plain text."""
        path = f"{run.path}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        return list(_log_lines(self.get(path, full_content=True)["content"]))[-_LOG_LINES:]


def _log_lines(content: list[Any]) -> Iterator[str]:
    for entry in content:
        if isinstance(entry, str):
            yield entry
            continue
        yield f"{entry.get('level', '')} {entry.get('event', '')}".strip()
        for error in entry.get("error_detail") or []:
            yield f"{error['exc_type']}: {error['exc_value']}"
