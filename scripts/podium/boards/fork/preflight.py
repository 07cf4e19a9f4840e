"""What must hold of token and fork before anything is written; each failing has its own rule, error and remedy."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from podium.boards.answers import RefusedError
from podium.errors import (
    BoardError,
    TokenScopeError,
)
from podium.records import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.boards.fork.forge import Forge
    from podium.boards.seam import Targets
    from podium.progress import Progress

WRITING_SCOPES = {"repo", "public_repo"}
# Reads and writes beside one call a file; measured on the stand-in, with room for pages of pull requests.
CALLS_BESIDE_FILES = 60
LOOKS = 10
PAUSE_SECONDS = 3.0


def fork_problems(forge: Forge, targets: Targets, files: int) -> list[Finding]:
    """Everything that stands in the way of so many files in the fork. Raises TokenError, BoardUnreachableError."""
    findings = _token_problems(forge, files + CALLS_BESIDE_FILES)
    if not forge.exists:
        hint = "check --fork and that the token may see it; --create-fork makes it where [submit] names its upstream"
        return [*findings, _problem("fork-missing", forge, "does not exist for this token", hint)]
    return findings + _fork_problems(forge, targets)


def _token_problems(forge: Forge, calls: int) -> list[Finding]:
    findings, scopes = [], forge.scopes
    if scopes is not None and not WRITING_SCOPES & set(scopes):
        fault = f"cannot be written to: the token has only the scopes {', '.join(scopes) or '(none)'}"
        findings.append(_problem("token-scope", forge, fault, "give the classic token the scope public_repo or repo"))
    budget = forge.budget
    if budget is not None and budget.calls < calls:
        fault = f"needs about {calls} calls, and the token has {budget.calls} left until GitHub's limit is reset"
        minutes = ceil(budget.wait_seconds / 60)
        hint = f"wait {minutes} minutes until GitHub resets the limit, then run the same command again"
        findings.append(_problem("api-budget", forge, fault, hint))
    return findings


def _fork_problems(forge: Forge, targets: Targets) -> list[Finding]:
    findings, login = [], forge.login or "this token's App"
    if targets.upstream and not forge.is_fork_of(targets.upstream):
        hint = "correct `fork` or `upstream` below [submit] in podium.toml, or fork it on GitHub"
        findings.append(_problem("fork-unrelated", forge, f"is no fork of {targets.upstream}", hint))
    if forge.is_archived:
        findings.append(_problem("fork-archived", forge, "is archived", "unarchive it, or name another with --fork"))
    if not forge.can_push:
        hint = f"give {login} write access to {forge.repository}, or set PODIUM_FORK_TOKEN to a token that has it"
        findings.append(_problem("fork-read-only", forge, f"cannot be written to by {login}", hint))
    if forge.base_of(targets.base) is None:
        hint = "name the branch the leaderboard uses: --base, or `base` below [submit] in podium.toml"
        findings.append(_problem("fork-base-missing", forge, f"has no branch {targets.base!r}", hint))
    return findings


def make_fork(forge: Forge, targets: Targets, pause: Callable[[float], None], report: Progress) -> str:
    """Fork the upstream and wait until the fork is there; says what was done. Raises BoardError."""
    report.note(f"submit: forking {targets.upstream} as {forge.repository}")
    forge.fork_from(targets.upstream)
    for _ in range(LOOKS):
        pause(PAUSE_SECONDS)
        forge.forget()
        if forge.exists and forge.base_of(targets.base) is not None:
            return f"forked {targets.upstream} as {forge.repository}"
    message = f"GitHub has not finished the fork {forge.repository}"
    raise BoardError(message, hint="run the same command again in a minute; it goes on with the fork when it is there")


def sync_fork(forge: Forge, base: str) -> str:
    """Bring the fork's base up to its upstream where that is possible; says what was done. Nothing depends on it."""
    try:
        return f"synced {base}: {forge.sync(base)}"
    except (RefusedError, TokenScopeError) as err:
        return f"{base} stays as it is, and the submission starts from the fork's own: {err}"


def _problem(rule: str, forge: Forge, fault: str, hint: str) -> Finding:
    message = f"{forge.repository} {fault}"
    return Finding(rule=rule, severity="error", path=forge.repository, message=message, hint=hint)
