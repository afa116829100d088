"""What may ask for a new version."""

from __future__ import annotations

from typing import Literal

from include.specs.fields import SpecModel


class Retrain(SpecModel):
    """What may ask for a new version."""

    on: list[Literal["drift"]] = []
