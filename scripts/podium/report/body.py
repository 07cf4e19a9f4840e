"""The pull request body: sections as Markdown. The same sections give the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.document import Block, Commands, Points, Section, Table, Text

if TYPE_CHECKING:
    from collections.abc import Sequence


def markdown(title: str, marker: str, sections: Sequence[Section]) -> str:
    """All sections below a title, after the line that marks the text as podium's."""
    parts = [f"{marker}\n## {title}\n"]
    for section in sections:
        parts += [f"### {section.title}\n"] if section.title else []
        parts += [_block(block) for block in section.blocks]
    return "\n".join(parts)


def _block(block: Block) -> str:
    match block:
        case Text():
            return f"**{block.warning}** {_safe(block.text)}\n" if block.warning else f"{_safe(block.text)}\n"
        case Table():
            rules = ("---:" if column in block.numbers else "---" for column in range(len(block.head)))
            return "".join([_row(block.head), f"|{'|'.join(rules)}|\n", *map(_row, block.rows)])
        case Points():
            return "".join(f"- {_safe(point)}\n" for point in block.points)
        case Commands():
            return "".join(["```\n", *(f"{line}\n" for line in block.lines), "```\n"])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_safe, cells))} |\n"


def _safe(text: str) -> str:
    """Make text safe inside a Markdown table cell, whatever a record says."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
