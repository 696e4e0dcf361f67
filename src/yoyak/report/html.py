"""Self-contained HTML pages: one mechanism for eda, score and tune. Text is escaped by default; nothing is fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoyak._files import atomic

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("yoyak.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, values: Mapping[str, Any]) -> str:
    """The page that `report/templates/TEMPLATE` makes of the values. A value that the template misses is an error, not a gap."""
    style = files("yoyak.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return _environment().get_template(template).render(style=style, **values)


def write_html(path: str | Path, template: str, values: Mapping[str, Any]) -> None:
    """Render and write a page, whole or not at all."""
    page = render(template, values).encode("utf-8", "replace")
    with atomic(path, "wb") as file:
        file.write(page)
