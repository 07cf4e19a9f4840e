"""Every rule with what it demands, why that matters and an example: what `--explain` prints and docs/rules.md lists.

Reads `reasons.toml` beside it. `python -m podium.validate.rules.catalogue` writes docs/rules.md.
"""

from __future__ import annotations

import functools
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.files import write_atomic
from podium.names import check_name
from podium.validate.checks import FOLDER_RULES
from podium.validate.documents import LOADING_RULES
from podium.validate.intake import INTAKE_RULES
from podium.validate.rules.documents import DOCUMENT_RULES
from podium.validate.rules.tables import LOG_RULES, RUN_RULES, SHARED_RULES, SUBMISSION_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.records import Severity

REASONS = "reasons.toml"
HEAD = """# Rules

What `podium validate` checks. `python -m podium.validate.rules.catalogue` makes this page from the code.
`podium validate --explain RULE` prints a rule with an example. Errors end with exit code 1, warnings alone with 3.

| rule | severity | of | what holds | why |
|---|---|---|---|---|
"""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in words. `scope` says what it looks at."""

    name: str
    severity: Severity
    scope: str
    demand: str
    why: str
    example: str


@functools.cache
def explanations() -> dict[str, Explanation]:
    """Every rule by name."""
    reasons = tomllib.loads(resources.files("podium.validate.rules").joinpath(REASONS).read_text(encoding="utf-8"))
    return {
        name: Explanation(name=name, severity=severity, scope=scope, demand=demand, **reasons[name])
        for name, severity, scope, demand in sorted(_rules())
    }


def _rules() -> Iterator[tuple[str, Severity, str, str]]:
    """(name, severity, scope, demand) of every rule once."""
    told = set()
    for table in (INTAKE_RULES, LOADING_RULES, FOLDER_RULES):
        yield from ((name, "error", "any file", _sentence(text)) for name, text in table.items())
    for kind, document_rules in DOCUMENT_RULES.items():
        for rule in document_rules:
            if rule.name not in told:
                told.add(rule.name)
                yield rule.name, rule.severity, f"{kind} file", _sentence(rule.check.__doc__ or "")
    shared = {rule.name for rule in (*SHARED_RULES, *LOG_RULES)}
    for scope, folder_rules in (("run", RUN_RULES), ("submission", SUBMISSION_RULES)):
        for folder_rule in folder_rules:
            if folder_rule.name not in told:
                told.add(folder_rule.name)
                where = "run, submission" if folder_rule.name in shared else scope
                yield folder_rule.name, folder_rule.severity, where, _sentence(folder_rule.check.__doc__ or "")


def _sentence(text: str) -> str:
    """A docstring's first sentence as one, whoever wrote it."""
    words = " ".join(text.split("\n\n")[0].split())
    is_word = words.split(" ")[0].rstrip(",").isalpha()
    return (words[:1].upper() + words[1:] if is_word else words).rstrip(".") + "."


def explain(name: str) -> str:
    """A rule for people. Raises UnknownNameError."""
    found = explanations()[check_name("rule", name, explanations())]
    lines = (
        f"{found.name} ({found.severity}; {found.scope})",
        found.demand,
        f"Why: {found.why}",
        f"Example: {found.example}",
    )
    return "\n".join(lines)


def page() -> str:
    """docs/rules.md."""
    rows = (
        f"| `{one.name}` | {one.severity} | {one.scope} | {_cell(one.demand)} | {_cell(one.why)} |"
        for one in explanations().values()
    )
    return HEAD + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    write_atomic(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/rules.md"), page().encode())
