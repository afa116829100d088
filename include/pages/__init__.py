"""Result pages: self-contained HTML from Jinja templates, autoescaped, readable in light and dark."""

from include.pages.render import render_page

__all__ = ["render_page"]
