"""Fill a page template."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def _environment() -> Environment:
    templates = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(
        loader=templates, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render_page(template: str, **values: Any) -> str:
    """Return the page as one HTML document without outside references.

    Parameters
    ----------
    template
        File name below `templates/`; it extends `base.html`, which takes `title` and `subtitle`.
    values
        What the template names; a missing one is an error.
    """
    return _environment().get_template(template).render(**values)
