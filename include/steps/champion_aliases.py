"""Let the model registry say what the warehouse says: the warehouse is the truth about who serves."""

from __future__ import annotations

from include.adapters import mlflow_registry, warehouse
from include.settings import Settings


def follow_warehouse(settings: Settings, model: str) -> None:
    """Point the aliases at who serves and who served before, and tag the champion with its ledger entry.

    It works from what is on record alone: whoever calls it, whenever, brings the registry to the newest
    state, and mends what a killed run left half done. Tags come first, so that the alias `champion` never
    points at a version without them. A retired model has no alias `champion`.

    Parameters
    ----------
    settings
        The installation.
    model
        Which model.
    """
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        seal = warehouse.champion_seal(conn, model)
        if seal is None:
            return
        previous = warehouse.previous_champion(conn, model)
        mlflow_registry.tag_version(settings, model, seal.version, _tags(seal))
        retired = warehouse.retirement(conn, model) is not None
        mlflow_registry.point_aliases(
            settings, model, None if retired else seal.version, previous.version if previous else None
        )


def _tags(seal: warehouse.Seal) -> dict[str, str]:
    tags = {
        mlflow_registry.LEDGER_ENTRY_TAG: mlflow_registry.ledger_mark(seal.ledger_number, seal.sha256),
    }
    if seal.semantic_version is not None:
        tags[mlflow_registry.SEMANTIC_VERSION_TAG] = seal.semantic_version
    return tags
