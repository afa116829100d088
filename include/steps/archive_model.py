"""Keep what a retired model was: the files of each version that served, and what the ledger says of it."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

from include.adapters import mlflow_documents, mlflow_models, warehouse
from include.adapters.warehouse import ledger
from include.adapters.work_folders import work_folder
from include.contracts import ChampionRef
from include.errors import IntegrityError
from include.settings import Settings

log = logging.getLogger(__name__)

SUMS = "SHA256SUMS"


def archive_path(model: str, key: str) -> str:
    """Return where a retirement's archive lies, relative to the reports' root."""
    return f"{model}/retired/{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def archive_model(settings: Settings, model: str, archive: str) -> str:
    """Write the archive and return the SHA-256 of its list of files, `SHA256SUMS`.

    A version whose files are gone or altered is named in `lineage.json` with what is wrong with it: a
    broken model must not be kept in service by its own damage.

    Parameters
    ----------
    settings
        The installation.
    model
        Which model.
    archive
        See `archive_path`; an archive that lies there is replaced.
    """
    target = settings.reports_root / archive
    target.parent.mkdir(parents=True, exist_ok=True)
    with warehouse.transaction(settings) as conn:
        served = warehouse.first_promotions(conn, model)
        entries = [entry.to_json() for entry in ledger.entries(conn, model)]
    # Beside its place, where it is renamed to: another folder may lie on another disk.
    with work_folder(target.parent, ".archive-") as work:
        folder = work / "archive"
        folder.mkdir()
        versions = [_keep(settings, version, folder) for version in served.values()]
        _write(folder / "lineage.json", versions)
        _write(folder / "ledger.json", entries)
        sha256 = _write_sums(folder)
        # Half an archive is never seen: the folder gets its name when it is complete.
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
    return sha256


def _keep(settings: Settings, version: ChampionRef, folder: Path) -> dict[str, Any]:
    lineage: dict[str, Any] = version.to_json()
    files = folder / f"version-{version.version}"
    files.mkdir()
    try:
        mlflow_models.copy_version(
            settings, version.model, version.version, version.run_id, version.artifact_sha256, files / "model"
        )
        _write(
            files / mlflow_documents.MODEL_INFO, mlflow_documents.read_model_info(settings, version.run_id)
        )
    except IntegrityError as error:
        log.warning("%s version %d is not archived whole: %s", version.model, version.version, error)
        lineage["not_archived"] = error.what
    return lineage


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _write_sums(folder: Path) -> str:
    lines = []
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    content = "".join(lines).encode()
    (folder / SUMS).write_bytes(content)
    return hashlib.sha256(content).hexdigest()
