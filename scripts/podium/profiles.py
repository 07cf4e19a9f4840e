"""Profiles: what a board demands, by a name that podium.toml and the plan carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.names import load
from podium.protocol import BIGCODE_PROBLEMS, BOARD_SAMPLING
from podium.records import Sampling

if TYPE_CHECKING:
    from podium.records import Plan

PROFILES = {
    "bigcode": "podium.profiles:BIGCODE",
    "demo": "podium.demo.tasks:PROFILE",
}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a board demands of a submission: its tasks with their problem counts, and the sampling.

    Submissions of a profile that is `for_standin` go to boards on this machine alone. `spaces` are the Spaces that take
    submissions of this profile and of no other.
    """

    name: str
    problems: dict[str, int]
    sampling: Sampling
    for_standin: bool = False
    spaces: tuple[str, ...] = ()


BIGCODE = Profile(
    name="bigcode",
    problems=BIGCODE_PROBLEMS,
    sampling=BOARD_SAMPLING,
    spaces=("bigcode/bigcode-models-leaderboard",),
)


def profile_named(name: str) -> Profile:
    """Return a board profile. Raises UnknownNameError."""
    profile: Profile = load("profile", name, PROFILES)
    return profile


def profile_for(tasks: set[str]) -> Profile:
    """The first profile that has a column for each of these tasks; without one the leaderboard's."""
    named = map(profile_named, PROFILES)
    return next((profile for profile in named if tasks and tasks <= profile.problems.keys()), BIGCODE)


def shortfalls(plan_tasks: dict[str, int], sampling: Sampling, profile: Profile) -> list[str]:
    """Why a run with these tasks (name to number of problems) and sampling is no submission; empty if it is one."""
    missing = sorted(set(profile.problems) - set(plan_tasks))
    reasons = [
        f"{task}: {plan_tasks[task]} of {count} problems"
        for task, count in sorted(profile.problems.items())
        if task in plan_tasks and plan_tasks[task] != count
    ]
    if missing:
        reasons.append(f"missing: {', '.join(missing)}")
    for field in ("n_samples", "temperature", "top_p", "max_length"):
        wanted, planned = getattr(profile.sampling, field), getattr(sampling, field)
        if planned != wanted:
            reasons.append(f"{field} is {planned}, the board's protocol is {wanted}")
    return reasons


def submittable_tasks(plan: Plan) -> list[str]:
    """The planned tasks that the board has a column for, sorted."""
    profile = profile_named(plan.profile)
    return sorted(task.task for task in plan.tasks if task.task in profile.problems)
