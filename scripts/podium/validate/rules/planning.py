"""Rules on the plan: everything once, and no partial run that calls itself whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from podium.profiles import PROFILES, profile_named, shortfalls
from podium.run_directory import PLAN
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.validate.contents import Contents

AGAIN = "podium plan writes it again"


def plan_doubled(contents: Contents) -> Iterator[Violation]:
    """A task and a problem are planned once, and no task has more problems than there are."""
    tasks = contents.plan.tasks if contents.plan else []
    for name, count in Counter(task.task for task in tasks).items():
        if count > 1:
            yield Violation(path=PLAN, where="$.tasks", message=f"{name} is planned {count} times", hint=AGAIN)
    for index, task in enumerate(tasks):
        where = f"$.tasks[{index}].problems"
        if len(set(task.problems)) != len(task.problems):
            yield Violation(path=PLAN, where=where, message=f"a problem of {task.task} comes twice", hint=AGAIN)
        if len(task.problems) > task.problems_in_task:
            message = f"{len(task.problems)} problems of {task.task} are planned, it has {task.problems_in_task}"
            yield Violation(path=PLAN, where=where, message=message, hint=AGAIN)


def plan_partial(contents: Contents) -> Iterator[Violation]:
    """A plan that lacks something the board asks for says so in `partial`."""
    plan = contents.plan
    if plan is None:
        return
    if plan.profile not in PROFILES:
        message = f"no board profile is named {plan.profile!r}"
        yield Violation(path=PLAN, where="$.profile", message=message, hint=f"known: {', '.join(PROFILES)}")
        return
    reasons = shortfalls(
        {task.task: len(task.problems) for task in plan.tasks}, plan.sampling, profile_named(plan.profile)
    )
    if reasons and not plan.partial:
        message = f"it says that nothing is left out, but {'; '.join(reasons)}"
        yield Violation(path=PLAN, where="$.partial", message=message, hint=AGAIN)
