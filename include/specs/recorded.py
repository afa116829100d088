"""Specs as they were when a version was trained: written with its run, read when it is built again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from include.errors import IntegrityError, name_some
from include.specs.dataset import DatasetSpec
from include.specs.fields import RECORDED
from include.specs.loader import Specs
from include.specs.model import ModelSpec


def record_specs(specs: Specs, model: str) -> dict[str, Any]:
    """Return a model's spec and those of its datasets, in JSON types.

    Parameters
    ----------
    specs
        All sound specs.
    model
        Which model.
    """
    spec = specs.model(model)
    return {
        "model": spec.model_dump(mode="json", by_alias=True),
        "datasets": {
            name: specs.dataset(name).model_dump(mode="json", by_alias=True) for name in spec.datasets
        },
    }


def read_specs(document: Mapping[str, Any], where: str) -> Specs:
    """Read what `record_specs` answered.

    Parameters
    ----------
    document
        Those specs.
    where
        Whose they are, for the message.

    Raises
    ------
    IntegrityError
        When they are none that this code understands; names the fields.
    """
    recorded = {RECORDED: True}
    try:
        spec = ModelSpec.model_validate(document["model"], context=recorded)
        datasets = {
            name: DatasetSpec.model_validate(one, context=recorded)
            for name, one in document["datasets"].items()
        }
    except KeyError as error:
        raise _unreadable(f"{error} is missing", where) from None
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, p['loc'])) or 'document'}: {p['msg']}" for p in error.errors()]
        raise _unreadable(name_some(wrong), where) from None
    return Specs(datasets=datasets, models={spec.model: spec})


def _unreadable(what: str, where: str) -> IntegrityError:
    return IntegrityError(
        f"the recorded specs cannot be read: {what}",
        where=where,
        next_step="read them with the code that wrote them: the version's tag `code_commit` names its commit",
    )
