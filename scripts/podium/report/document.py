"""What a report is made of: sections of texts, tables and lists, whichever document shows them."""

from __future__ import annotations

import msgspec


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A paragraph; `code` in backticks. `warning` stands before it, in bold."""

    text: str
    warning: str = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table. `numbers` are the columns that are set right; `decisions` colours the rows: yes, at_risk or no."""

    head: list[str]
    rows: list[list[str]]
    numbers: frozenset[int] = frozenset()
    decisions: list[str] = []


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """A list; it may be empty."""

    points: list[str]


class Commands(msgspec.Struct, frozen=True, kw_only=True):
    """Lines to be typed."""

    lines: list[str]


Block = Text | Table | Points | Commands


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a report; the first one of a document has no title of its own."""

    title: str = ""
    blocks: list[Block]


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A picture and what it says in words."""

    png: bytes
    alt: str


def percent(fraction: float) -> str:
    """A fraction as people read scores: two digits, without the sign."""
    return f"{100 * fraction:.2f}"
