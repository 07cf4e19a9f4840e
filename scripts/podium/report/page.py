"""The report page: sections and plots as one HTML file. The same records give the same bytes."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from podium.report.document import Block, Plot, Section


def html(title: str, sections: Sequence[Section], plots: Mapping[str, Plot]) -> str:
    """The page; `plots` by the names of their files beside it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("podium.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = _inline
    environment.filters["kind"] = _kind
    # What has no title of its own is the opening; the plots stand below it.
    opening = list(takewhile(lambda section: not section.title, sections))
    template = environment.get_template("index.html.jinja")
    return template.render(title=title, opening=opening, sections=sections[len(opening) :], plots=plots)


def _inline(text: str) -> Markup:
    """Text with its `code`; everything else in it is text, whatever a record says."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped right here


def _kind(block: Block) -> str:
    return type(block).__name__.lower()
