"""When and how a model scores."""

from __future__ import annotations

from include.specs.fields import Cron, SpecModel


class Predict(SpecModel):
    """When the champion scores last night's partition."""

    schedule: Cron
