"""Blocks of several kinds, such as `source`: where pydantic names the kind, the YAML file has no key."""

from __future__ import annotations

from typing import Any


def without_tags(location: list[Any], raw: Any, problem: str) -> list[Any]:
    """Leave out of a problem's location what is no place in the file.

    Parameters
    ----------
    location
        Keys and positions as pydantic gives them.
    raw
        The file's data.
    problem
        The problem's type: of a missing or an unknown key, the last part is that key.

    Returns
    -------
    list
        The keys and positions that lead there in the file.
    """
    kept, here = [], raw
    for number, part in enumerate(location):
        is_key = number == len(location) - 1 and problem in {"missing", "extra_forbidden"}
        if not is_key and isinstance(part, str) and _is_tag(here, part):
            continue
        kept.append(part)
        here = _child(here, part)
    return kept


def variant(models: list[Any], tag: Any) -> Any:
    """Return the model of that kind, None where no model of several calls itself so."""
    for model in models if len(models) > 1 else ():
        if any(tag in getattr(info.annotation, "__args__", ()) for info in model.model_fields.values()):
            return model
    return None


def _is_tag(here: Any, part: str) -> bool:
    return isinstance(here, dict) and part not in here and part in here.values()


def _child(tree: Any, part: Any) -> Any:
    if isinstance(tree, dict):
        return tree.get(part)
    return tree[part] if isinstance(tree, list) and isinstance(part, int) and part < len(tree) else None
