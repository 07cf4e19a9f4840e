"""What sending to the fork, or taking back from it, would do there: every write in order, as a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.boards.fork.steps import commit_steps, text_step
from podium.boards.pull_state import held_instead
from podium.records import SendPlan

if TYPE_CHECKING:
    from podium.boards.fork.decoration import Missing
    from podium.boards.fork.facts import PullFacts
    from podium.boards.fork.remote_state import RemoteState
    from podium.boards.seam import Targets
    from podium.records import PlannedCall
    from podium.submission.package import Package


def plan_for(remote: RemoteState, package: Package, target: str, targets: Targets, problems: list[str]) -> SendPlan:
    """The plan of a submission to a fork that is there."""
    found = remote.pull or remote.past
    sync = [f"POST merge-upstream {remote.base}"] if targets.sync else []
    return SendPlan(
        board="fork",
        target=target,
        branch=package.branch,
        title=package.submission.title,
        files=package.submission.files,
        submission_sha256=package.submission.sha256,
        body_sha256=package.submission.body_sha256,
        outcome=remote.state.outcome,
        reason=remote.reason,
        url=found.url if found else "",
        release=package.tag,
        replaces=remote.releases.replaced_by(package.tag),
        world_sha256=remote.digest,
        calls=[*sync, *_calls(remote, package)],
        steps=_steps(remote, package),
        problems=problems,
    )


def plan_for_new_fork(package: Package, targets: Targets, wanted: Missing) -> SendPlan:
    """The plan of a submission to a fork that is to be made first."""
    files = package.submission.files
    return SendPlan(
        board="fork",
        target=targets.fork,
        branch=package.branch,
        title=package.submission.title,
        files=files,
        submission_sha256=package.submission.sha256,
        body_sha256=package.submission.body_sha256,
        outcome="created",
        release=package.tag,
        calls=[
            f"POST repos/{targets.upstream}/forks",
            *([f"POST merge-upstream {targets.base}"] if targets.sync else []),
            *_commit_calls(len(files), f"POST git/refs heads/{package.branch}"),
            f"POST pulls {package.branch} into {targets.base}",
            *wanted.calls,
        ],
        steps=[*commit_steps(package, package.blobs(), ()), text_step(package, None)],
    )


def plan_of_withdrawal(package: Package, target: str, pull: PullFacts | None, branch: str, digest: str) -> SendPlan:
    """The plan of taking back: the pull request that would be closed, and the branch that would be deleted."""
    calls = [f"PATCH pulls/{pull.number} closed"] if pull else []
    calls += [f"DELETE git/refs/heads/{branch}"] if branch else []
    return SendPlan(
        board="fork",
        target=target,
        branch=package.branch,
        title=pull.title if pull else package.submission.title,
        files=[],
        submission_sha256=package.submission.sha256,
        body_sha256=package.submission.body_sha256,
        outcome="closed" if calls else "unchanged",
        reason=held_instead(package.tag, pull.body) if pull else "",
        url=pull.url if pull else "",
        release=package.tag,
        world_sha256=digest,
        calls=calls,
    )


def _commit_calls(blobs: int, ref: str) -> list[str]:
    return [*([f"POST git/blobs x {blobs}"] if blobs else []), "POST git/trees", "POST git/commits", ref]


def _calls(remote: RemoteState, package: Package) -> list[str]:
    if not remote.state.writes:
        return remote.missing.calls if remote.pull else []
    calls, pull = [], remote.pull
    if pull is not None and remote.takes_the_place_of(package.tag):
        calls.append(f"POST issues/{pull.number}/comments")
    if not remote.files_equal:
        missing = set(remote.wanted.values()) - set(remote.blobs.values())
        verb = "PATCH" if remote.branch_head else "POST"
        calls += _commit_calls(len(missing), f"{verb} git/refs heads/{package.branch}")
    if pull is None:
        calls.append(f"POST pulls {package.branch} into {remote.base}")
    elif remote.is_edited:
        calls.append(f"PATCH pulls/{pull.number}")
    calls += remote.missing.calls
    if pull is None and remote.merged is not None:
        calls.append("POST issues/comments")
    for other in remote.others:
        calls += [f"POST issues/{other.number}/comments", f"PATCH pulls/{other.number} closed"]
    return calls


def _steps(remote: RemoteState, package: Package) -> list[PlannedCall]:
    """The calls that carry content, each with the digest of what it carries."""
    if not remote.state.writes:
        return []
    steps = [] if remote.files_equal else commit_steps(package, remote.wanted, remote.blobs.values())
    return steps if remote.pull and not remote.is_edited else [*steps, text_step(package, remote.pull)]
