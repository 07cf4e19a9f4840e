"""Preflight on GitHub: whether what podium.toml names is there, and whether this token may do what a submission takes.

Reads the fork and the model's repository. Writes nothing, there or here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.boards.fork.preflight import fork_problems
from podium.boards.pull_state import Releases
from podium.boards.seam import Targets
from podium.errors import BoardError, OlderReleaseError, TokenScopeError
from podium.protocol import COMMUNITY_FOLDER
from podium.records import Check
from podium.submission.releases import refuse_older

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from podium.boards.fork.inspection import Inspection, Runner
    from podium.config import Config

# A submission of every task of the board: a generations and a metrics file each, and the scores.
FILES = 39
MAY_APPROVE = {"admin", "maintain", "write"}
STAGES = ("convert", "generate", "execute")
# Machines of GitHub's own, which are there without being listed.
HOSTED = ("ubuntu-", "windows-", "macos-")


def check_github(config: Config, fork: Inspection, home: Inspection | None, tag: str = "") -> Iterator[Check]:
    """Fork, labels, reviewers, releases and runners; `home` is the model's repository, whose workflows run.

    One failed check where GitHub does not answer, or not to this token.
    """
    try:
        yield from _check_fork(config, fork)
        if not fork.exists:
            return
        yield from _check_labels(config, fork)
        yield from _check_reviewers(config, fork)
        yield from _check_releases(config, fork, tag)
        yield from _check_runners(config, home)
    except BoardError as err:
        yield Check(name="github", ok=False, saw=f"{err}; {err.hint}")


def _check_fork(config: Config, fork: Inspection) -> Iterator[Check]:
    targets = Targets(fork=config.submit.fork, upstream=config.submit.upstream, base=config.submit.base)
    findings = fork_problems(fork, targets, FILES)
    for finding in findings:
        yield Check(name=f"github, {finding.rule}", ok=False, saw=f"{finding.message}; {finding.hint}")
    if not findings:
        budget = "any number of calls" if fork.budget is None else f"{fork.budget.calls} calls left"
        who = fork.login or "this token's App"
        saw = f"{who} may write to {fork.repository}, branch {config.submit.base}; {budget}"
        yield Check(name="github, fork", ok=True, saw=fork.renamed or saw)


def _check_labels(config: Config, fork: Inspection) -> Iterator[Check]:
    """A label that is not there is no fault: GitHub makes it, if the token may; a submission stands without it."""
    for label in config.submit.labels:
        saw = "there" if fork.has_label(label) else "not there yet; GitHub makes it if this token may (Issues: write)"
        yield Check(name=f"github, label {label}", ok=True, saw=saw)


def _check_reviewers(config: Config, fork: Inspection) -> Iterator[Check]:
    for reviewer in config.submit.reviewers:
        name = f"github, reviewer {reviewer}"
        if "/" in reviewer:
            yield Check(name=name, ok=True, saw="a team; its members are not looked at")
        elif fork.is_me(reviewer):
            saw = "is this token's account, and nobody reviews a pull request of their own; name another in `reviewers`"
            yield Check(name=name, ok=False, saw=saw)
        else:
            yield _reviewer(name, reviewer, fork)


def _reviewer(name: str, reviewer: str, fork: Inspection) -> Check:
    try:
        permission = fork.permission_of(reviewer)
    except TokenScopeError:
        return Check(name=name, ok=True, saw="this token may not look up what other accounts may do")
    if permission in MAY_APPROVE:
        return Check(name=name, ok=True, saw=f"may {permission}")
    word = "no such account" if permission == "unknown" else f"may only {permission}"
    saw = f"{word}: an approval counts with write access; give it in the settings of {fork.repository}"
    return Check(name=name, ok=False, saw=saw)


def _check_releases(config: Config, fork: Inspection, tag: str) -> Iterator[Check]:
    branch = f"podium/{config.model_name.folder}"
    ours = [pull for pull in fork.pulls("all") if pull.branch == branch and not pull.from_fork]
    shown = [pull.body for pull in ours if pull.is_open][:1] + [pull.body for pull in ours if pull.is_merged][:1]
    held = Releases.of(shown).tags
    saw = f"{fork.repository} holds {', '.join(held) or 'none'} of {COMMUNITY_FOLDER}/{config.model_name.folder}"
    try:
        refuse_older(tag, held if tag else [], fork.repository, force=False)
    except OlderReleaseError as err:
        yield Check(name="github, releases", ok=False, saw=f"{err}; {err.hint}")
        return
    yield Check(name="github, releases", ok=True, saw=saw)


def _check_runners(config: Config, home: Inspection | None) -> Iterator[Check]:
    wanted = {stage: [label for label in getattr(config.runners, stage) if label] for stage in STAGES}
    own = {stage: labels for stage, labels in wanted.items() if not labels[0].startswith(HOSTED)}
    if own and home is None:
        saw = "not asked: --repository OWNER/REPO names the repository whose workflows run"
        yield Check(name="github, runners", ok=True, saw=saw)
        return
    if not own or home is None:
        return
    there, unseen = _seen(home.runners)
    shared, shared_unseen = _seen(home.runners_of_owner)
    for stage, labels in own.items():
        yield _runner_check(stage, labels, [*there, *shared], unseen or shared_unseen)


def _seen(look: Callable[[], list[Runner]]) -> tuple[list[Runner], str]:
    """What a look shows, or why it may not be taken."""
    try:
        return look(), ""
    except TokenScopeError as err:
        return [], str(err)


def _runner_check(stage: str, labels: list[str], there: list[Runner], unseen: str) -> Check:
    fitting = [runner for runner in there if runner.labels >= {label.lower() for label in labels}]
    name, words = f"github, runners for {stage}", ", ".join(labels)
    ready = [runner.name for runner in fitting if runner.is_online]
    if ready:
        return Check(name=name, ok=True, saw=f"{', '.join(ready)} with {words}")
    if unseen:
        return Check(name=name, ok=True, saw=f"cannot be told for {words}: {unseen}")
    offline = f"{', '.join(runner.name for runner in fitting)} with {words} is offline" if fitting else ""
    saw = offline or f"no runner has the labels {words}; register one with them, or name others below [runners]"
    return Check(name=name, ok=False, saw=saw)
