"""What a rule says when it does not hold, and the log that turns it into findings fit to be printed anywhere."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from podium.records import Finding

if TYPE_CHECKING:
    from podium.records import Severity

MAX_SAME = 20  # findings of one rule in one file; the rest is counted
MAX_TEXT = 600
PLAIN = " .,;%+-/"  # in no place markup


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One place where a rule does not hold; the rule's table adds its name and severity."""

    path: str
    message: str
    where: str = ""
    hint: str = ""


def printable(text: str) -> str:
    """Make hostile text safe to print: one line, no control characters, no lone surrogates, not endless."""
    cut = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)


def neutral(text: str) -> str:
    """Text in which no character means anything to Markdown or HTML, in one line."""
    return "".join(char if char.isalnum() or char in PLAIN else f"&#{ord(char)};" for char in printable(text))


class ViolationLog:
    """Collects findings; the same rule in the same file is written out only so many times."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._counts: Counter[tuple[str, Severity, str]] = Counter()

    def add(self, rule: str, violation: Violation, severity: Severity = "error") -> None:
        """Log one finding of `rule`."""
        key = (rule, severity, printable(violation.path))
        self._counts[key] += 1
        if self._counts[key] <= MAX_SAME:
            self._findings.append(
                Finding(
                    rule=rule,
                    severity=severity,
                    path=key[2],
                    where=printable(violation.where),
                    message=printable(violation.message),
                    hint=printable(violation.hint),
                )
            )

    def findings(self) -> list[Finding]:
        """Everything logged, by file; a line more says how many findings were only counted."""
        more = [
            Finding(rule=rule, severity=severity, path=path, message=f"and {count - MAX_SAME} more of these")
            for (rule, severity, path), count in self._counts.items()
            if count > MAX_SAME
        ]
        return sorted(self._findings, key=lambda finding: finding.path) + more
