"""Which snapshots the registered model versions were trained on."""

from __future__ import annotations

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment
from include.settings import Settings

SNAPSHOT_TAG = "dvc_tag"
_PAGE = 200


def snapshots_of_versions(settings: Settings) -> dict[tuple[str, int], str]:
    """Return the snapshot's tag of each version of each model that is not deleted, by model and version.

    Versions that name no snapshot, such as those of other projects on the same server, are left out.
    """
    found: dict[tuple[str, int], str] = {}
    token = None
    with mlflow_client(settings) as client:
        while True:
            page = client.search_model_versions("", max_results=_PAGE, page_token=token)
            found |= {
                (item.name, int(item.version)): item.tags[SNAPSHOT_TAG]
                for item in page
                if SNAPSHOT_TAG in item.tags
            }
            token = page.token
            if not token:
                return found
