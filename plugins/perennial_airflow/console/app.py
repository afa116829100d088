"""Serves result pages from the reports' root to people who are logged in to Airflow."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse

from perennial_airflow.runtime import reports_root

# The pages are ours and carry no script; should a value ever smuggle one in, it must not run.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_MEDIA_TYPES = {".html": "text/html", ".csv": "text/csv"}


def _find_page(root: Path, page: str) -> Path:
    try:
        path = (root / page).resolve()
        found = path.is_relative_to(root.resolve()) and path.suffix in _MEDIA_TYPES and path.is_file()
    except (ValueError, OSError):  # no file can have such a name
        found = False
    if not found:
        raise HTTPException(404, f"There is no page {page[:200]!r}. Open it from the task that wrote it.")
    return path


@cache
def application() -> FastAPI:
    """Build the application once a process."""
    login_needed = [Depends(get_user)]
    app = FastAPI(dependencies=login_needed, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/reports/{page:path}")
    def read_report(page: str) -> FileResponse:
        path = _find_page(reports_root(), page)
        return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], headers=_HEADERS)

    return app
