"""A problem that was found before anything was sent, as its own error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import (
    BaseMissingError,
    BoardError,
    BudgetError,
    ForkArchivedError,
    ForkMissingError,
    ForkUnrelatedError,
    TokenScopeError,
)

if TYPE_CHECKING:
    from podium.records import Finding

ERRORS: dict[str, type[BoardError]] = {
    "token-scope": TokenScopeError,
    "fork-missing": ForkMissingError,
    "fork-unrelated": ForkUnrelatedError,
    "fork-archived": ForkArchivedError,
    "fork-read-only": TokenScopeError,
    "fork-base-missing": BaseMissingError,
    "api-budget": BudgetError,
}


def refuse(problems: list[Finding]) -> None:
    """Raises the first problem's own error, with all of them in its message."""
    if problems:
        message = "; ".join(problem.message for problem in problems)
        raise ERRORS.get(problems[0].rule, BoardError)(message, hint=problems[0].hint)
