"""Build a registered version again and say how near it comes: bit-equal, metric-equal or different."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from include.adapters import mlflow_documents, warehouse
from include.adapters.code_commits import DIRTY, run_code, unpack_commit
from include.adapters.files import write_atomically
from include.adapters.mlflow_lineage import Lineage, read_lineage
from include.adapters.mlflow_registry import MODEL_TAG
from include.adapters.warehouse import ledger
from include.adapters.work_folders import work_folder
from include.contracts import ReproductionResult
from include.contracts.ledger import LedgerEntry, LedgerKind
from include.core.model_info import ModelInfo
from include.core.reproduction import Build, Circumstances, Comparison, compare_builds
from include.core.scored_sample import read_sample
from include.errors import NoChampionError
from include.pages import render_page
from include.settings import PREFIX, SNAPSHOTS, Settings
from include.steps.rebuild_version import ANSWER, measured_parts

log = logging.getLogger(__name__)

_FOLDERS = ("lake_root", "reports_root", "specs_root")
_MACHINE = ("python", "platform", "cpus", "memory_gb")


@dataclass(frozen=True)
class RunningCode:
    """The code that runs now: where its files are, its commit, and the lock of its packages."""

    root: Path
    commit: str
    lock_sha256: str


@dataclass(frozen=True)
class Recorded:
    """What a version's training left behind for this: documents of its run, as they were written."""

    info: ModelInfo
    snapshot: dict[str, Any]
    specs: dict[str, Any]
    build: Build


def run(
    settings: Settings,
    model: str,
    version: int | None,
    seed: int | None,
    code: RunningCode,
    request: str,
    actor: str | None,
) -> ReproductionResult:
    """Fit a version again by its own commit's code on its own snapshot, and compare.

    Nothing is searched again: the estimator gets the parameters that were recorded. The packages are
    today's. The outcome goes into the ledger once for each request; repeating it returns the first one.

    Parameters
    ----------
    settings
        The installation.
    model, version
        Which; the champion where no version is given.
    seed
        Another seed, to see what it changes; the version's own where none is given.
    code
        What runs now; its root is a checkout that knows the version's commit, unless that is its own.
    request
        Names who asks for the work: the run's id.
    actor
        The person who asked.

    Raises
    ------
    NoChampionError
        When no version is given and nothing serves.
    FatalError
        When there is no such version, or its code fails.
    IntegrityError
        When something it recorded is missing.
    SettingsError
        When its commit's code is not here.
    """
    began = perf_counter()
    version = _version(settings, model, version)
    key = f"{LedgerKind.REPRODUCTION}:{model}:{version}:{request}"
    if (first := _recorded_before(settings, key)) is not None:
        return first
    recorded = _read_recorded(settings, read_lineage(settings, model, version))
    rebuilt = _rebuild(settings, recorded, seed, code, f"model {model}, version {version}")
    comparison = _compare(recorded.build, rebuilt)
    result = _result(model, version, recorded.build, rebuilt, comparison)
    page = _page(result, recorded, rebuilt)
    write_atomically(settings.reports_root / result.report, page.encode())
    result = _write_ledger(settings, result, key, actor)
    log.info("%s version %d: %s, %.1f s", model, version, result.verdict, perf_counter() - began)
    for difference in result.differences:
        log.info("%s version %d: %s", model, version, difference)
    return result


def _version(settings: Settings, model: str, version: int | None) -> int:
    if version is not None:
        return version
    with warehouse.transaction(settings) as conn:
        champion = warehouse.current_champion(conn, model)
    if champion is None:
        raise NoChampionError(
            "nothing serves this model, and no version was named",
            where=f"model {model}",
            next_step="name the version to build again",
        )
    return champion.version


def _recorded_before(settings: Settings, key: str) -> ReproductionResult | None:
    with warehouse.transaction(settings) as conn:
        entry = ledger.find(conn, key)
    return None if entry is None else _from_entry(entry)


def _from_entry(entry: LedgerEntry) -> ReproductionResult:
    return ReproductionResult.from_json({**entry.body, "ledger_entry": entry.number})


def _read_recorded(settings: Settings, lineage: Lineage) -> Recorded:
    def read(name: str) -> dict[str, Any]:
        return mlflow_documents.read_document(settings, lineage.run_id, name)

    where = f"model {lineage.model}, version {lineage.version}"
    info = ModelInfo.read(read(mlflow_documents.MODEL_INFO), where)
    build = Build(
        model_sha256=lineage.tag(MODEL_TAG),
        metrics=measured_parts(info.task, lineage.metrics),
        sample=read_sample(read(mlflow_documents.SCORED_SAMPLE), where),
        circumstances=Circumstances(
            code_commit=lineage.tag("code_commit"),
            lock_sha256=lineage.tag("lock_sha256"),
            seed=int(lineage.tag("seed")),
            machine={name: lineage.run_tags[name] for name in _MACHINE if name in lineage.run_tags},
        ),
    )
    return Recorded(info, read(mlflow_documents.SNAPSHOT), read(mlflow_documents.SPECS), build)


def _rebuild(
    settings: Settings, recorded: Recorded, seed: int | None, code: RunningCode, where: str
) -> Build:
    """Fit again in a process of its own; what it needs and leaves lies in a folder that goes afterwards."""
    registered = recorded.build.circumstances
    seed = registered.seed if seed is None else seed
    with work_folder(settings.work_root.absolute(), "reproduce-") as folder:
        commit = _code_to_run(code, registered.code_commit)
        root = code.root
        if commit != code.commit:
            root = folder / "code"
            unpack_commit(code.root, commit, root)
        log.info("%s: fitting again with the code of commit %s", where, commit)
        said = run_code(
            root, "include.steps.rebuild_version", _request(settings, recorded, seed, folder), where
        )
        log.info("%s: it said: %s", where, said.strip()[-2000:])
        answer = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
    return Build(
        model_sha256=answer["model_sha256"],
        metrics=answer["metrics"],
        sample=read_sample(answer["sample"], where),
        circumstances=Circumstances(commit, code.lock_sha256, seed, answer["machine"]),
    )


def _code_to_run(code: RunningCode, recorded: str) -> str:
    """Name the commit whose code fits again: the running one where it is the version's, else that."""
    return recorded if recorded == code.commit else recorded.removesuffix(DIRTY)


def _request(settings: Settings, recorded: Recorded, seed: int, folder: Path) -> dict[str, Any]:
    spec = recorded.specs["model"]
    storage = settings.snapshot_storage()
    folders = {name: str(Path(getattr(settings, name)).absolute()) for name in _FOLDERS}
    addresses = {
        "snapshot_registry": _absolute(settings.snapshot_registry),
        "mlflow_tracking_uri": settings.mlflow_tracking_uri,
        "work_root": str(folder / "work"),  # `folder` itself is locked by this process
    }
    return {
        "settings": {PREFIX + name.upper(): value for name, value in (folders | addresses).items()},
        "connections": {} if storage is None else {SNAPSHOTS: storage.get_secret_value()},
        "specs": {**recorded.specs, "model": {**spec, "training": {**spec["training"], "seed": seed}}},
        "snapshot": recorded.snapshot,
        "params": recorded.info.params,
        "folder": str(folder),
    }


def _absolute(registry: str) -> str:
    """Return a registry's address as it holds in another folder too."""
    local = Path(registry).expanduser()
    return str(local.absolute()) if local.is_dir() else registry


def _compare(registered: Build, rebuilt: Build) -> Comparison:
    found = compare_builds(registered, rebuilt)
    if not registered.circumstances.code_commit.endswith(DIRTY):
        return found
    note = "code: the version was trained with changes that its commit does not hold"
    return replace(found, differences=[*found.differences, note])


def _result(
    model: str, version: int, registered: Build, rebuilt: Build, found: Comparison
) -> ReproductionResult:
    return ReproductionResult(
        model=model,
        version=version,
        verdict=found.verdict,
        registered_sha256=registered.model_sha256,
        rebuilt_sha256=rebuilt.model_sha256,
        largest_score_difference=found.largest_score_difference,
        metrics=dict(rebuilt.metrics),
        registered_metrics=dict(registered.metrics),
        differences=found.differences,
        report=f"{model}/reproduction/{version}-{rebuilt.model_sha256[:8]}.html",
    )


def _page(result: ReproductionResult, recorded: Recorded, rebuilt: Build) -> str:
    registered = recorded.build
    return render_page(
        "reproduction.html",
        title=f"{result.model}, version {result.version}, built again",
        subtitle=f"Snapshot {recorded.snapshot['tag']}",
        result=result,
        circumstances=_side_by_side(registered.circumstances, rebuilt.circumstances),
        metrics=sorted(registered.metrics.keys() | rebuilt.metrics.keys()),
    )


def _side_by_side(registered: Circumstances, rebuilt: Circumstances) -> list[tuple[str, object, object]]:
    rows: list[tuple[str, object, object]] = [
        ("code commit", registered.code_commit, rebuilt.code_commit),
        ("lock of packages", registered.lock_sha256[:12], rebuilt.lock_sha256[:12]),
        ("seed", registered.seed, rebuilt.seed),
    ]
    machines: Mapping[str, str] = {**rebuilt.machine, **registered.machine}
    return rows + [
        (name, registered.machine.get(name, ""), rebuilt.machine.get(name, "")) for name in machines
    ]


def _write_ledger(
    settings: Settings, result: ReproductionResult, key: str, actor: str | None
) -> ReproductionResult:
    with warehouse.transaction(settings) as conn:
        entry = ledger.append(
            conn,
            LedgerKind.REPRODUCTION,
            model=result.model,
            key=key,
            body=result.to_json(),
            actor=actor,
            reason=f"to see whether version {result.version} can be built again",
        )
    return _from_entry(entry)
