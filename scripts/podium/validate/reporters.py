"""Findings as text for people, as JSON for programs, and as annotations for GitHub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from podium.names import load
from podium.records import encode
from podium.validate.violations import neutral
from podium.workflow_commands import annotation

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.records import Finding, Findings

SUMMARY_ROWS = 200
# name -> function from findings to lines
REPORTERS = {
    "text": "podium.validate.reporters:text_lines",
    "json": "podium.validate.reporters:json_lines",
    "github": "podium.validate.reporters:github_lines",
}


def reporter_named(name: str) -> Callable[[Findings], list[str]]:
    """Return a reporter. Raises UnknownNameError."""
    reporter: Callable[[Findings], list[str]] = load("format", name, REPORTERS)
    return reporter


def text_lines(found: Findings) -> list[str]:
    """Two lines a finding: severity, rule, place and what is wrong; then what to do."""
    lines = []
    for finding in found.findings:
        place = f"{finding.path}: {finding.where}" if finding.where else finding.path
        lines.append(f"{finding.severity} [{finding.rule}] {place}: {finding.message}")
        if finding.hint:
            lines.append(f"  what to do: {finding.hint}")
    return lines


def json_lines(found: Findings) -> list[str]:
    """The Findings record as one line of JSON."""
    return [encode(found).decode()]


def github_lines(found: Findings) -> list[str]:
    """One workflow command a finding, shown at the file in the pull request."""
    return [_annotation(finding) for finding in found.findings]


def _annotation(finding: Finding) -> str:
    number = re.fullmatch(r"line (\d{1,9})", finding.where)
    where = "" if number or not finding.where else f"{finding.where}: "
    hint = f"\nWhat to do: {finding.hint}" if finding.hint else ""
    return annotation(
        finding.severity,
        f"{where}{finding.message}{hint}",
        path=finding.path,
        line=int(number[1]) if number else 0,
        title=f"podium {finding.rule}",
    )


def markdown_lines(found: Findings) -> list[str]:
    """A table for a job's summary; nothing that a file holds is markup there."""
    lines = [f"### podium validate: {summary(found)}", ""]
    if found.findings:
        lines += ["| severity | rule | where | what |", "|---|---|---|---|"]
    for finding in found.findings[:SUMMARY_ROWS]:
        where = f"{finding.path} {finding.where}".rstrip()
        cells = (finding.severity, finding.rule, where, f"{finding.message}. {finding.hint}")
        lines.append(f"| {' | '.join(map(neutral, cells))} |")
    if len(found.findings) > SUMMARY_ROWS:
        lines.append(f"\nand {len(found.findings) - SUMMARY_ROWS} more in the log")
    return lines


def summary(found: Findings) -> str:
    """One sentence: how much was looked at and what came of it."""
    errors = sum(finding.severity == "error" for finding in found.findings)
    warnings = len(found.findings) - errors
    if not found.findings:
        return f"{_counted(len(found.files), 'file')} valid"
    return f"{_counted(errors, 'error')} and {_counted(warnings, 'warning')} in {_counted(len(found.files), 'file')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
