"""Every asset, declared once: what a stage announces and what the next one waits for."""

from __future__ import annotations

from airflow.sdk import Asset


def clean_partition(dataset: str) -> Asset:
    """Announce that a partition met its contract."""
    return Asset(name=f"{dataset}.clean_partition", uri=f"x-perennial://{dataset}/clean_partition")


def retrain_request(model: str) -> Asset:
    """Announce a wish for a new version, with its `as_of` day."""
    return Asset(name=f"{model}.retrain_request", uri=f"x-perennial://{model}/retrain_request")


def snapshot(model: str) -> Asset:
    """Announce a frozen set of partitions to train on."""
    return Asset(name=f"{model}.snapshot", uri=f"x-perennial://{model}/snapshot")


def evaluation(model: str) -> Asset:
    """Announce a candidate with its evidence."""
    return Asset(name=f"{model}.evaluation", uri=f"x-perennial://{model}/evaluation")


def champion(model: str) -> Asset:
    """Announce that another version serves."""
    return Asset(name=f"{model}.champion", uri=f"x-perennial://{model}/champion")


def predictions(model: str) -> Asset:
    """Announce a published night."""
    return Asset(name=f"{model}.predictions", uri=f"x-perennial://{model}/predictions")
