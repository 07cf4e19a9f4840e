"""What is not ours to choose: the boards' protocols and the harness's semantics, each with its source.

Sources: [S] the Space `bigcode/bigcode-models-leaderboard` (about text and submission guide),
[H] `bigcode-project/bigcode-evaluation-harness` at 8fc5bae6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.names import check_name
from podium.records import Sampling

if TYPE_CHECKING:
    from podium.records import ModelName, Plan

# [S] n_samples 50, temperature 0.2, top-p 0.95, max_length_generation 512 including the prompt.
BOARD_SAMPLING = Sampling(n_samples=50, temperature=0.2, top_p=0.95, max_length=512, seed=0)

# [H] bigcode_eval/tasks/multiple.py puts it behind the stop words that the data set's first row carries.
FILE_SEPARATOR = "<file_sep>"
# [H] bigcode_eval/tasks/humaneval.py; the tokenizer's eos is appended by the backend.
HUMANEVAL_STOP = (
    "\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", FILE_SEPARATOR,
)  # fmt: skip
PASS_AT = (1, 10, 100)  # [H] reported only where every problem has at least k samples

# [H] leaderboard/group_jsons.py accepts these; rb passes the grouper but has no column on the board.
BIGCODE_LANGUAGES = ("cpp", "d", "java", "jl", "js", "lua", "php", "r", "rkt", "rs", "swift")
# Problems of each task: HumanEval 164; MultiPL-E as counted in the published data.
BIGCODE_PROBLEMS = {
    "humaneval": 164,
    "multiple-cpp": 161,
    "multiple-d": 156,
    "multiple-java": 158,
    "multiple-jl": 159,
    "multiple-js": 161,
    "multiple-lua": 161,
    "multiple-php": 161,
    "multiple-r": 161,
    "multiple-rkt": 161,
    "multiple-rs": 156,
    "multiple-swift": 158,
}
COMMUNITY_FOLDER = "community_results"  # [S]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a board demands of a submission: its tasks with their problem counts, and the sampling."""

    name: str
    problems: dict[str, int]
    sampling: Sampling


PROFILES = {
    "bigcode": Profile(name="bigcode", problems=BIGCODE_PROBLEMS, sampling=BOARD_SAMPLING),
    # The demo's own board on the stand-in: our own problems, never the real board.
    "demo": Profile(
        name="demo",
        problems={"demo-python": 16, "demo-sh": 8, "demo-pl": 8},
        sampling=msgspec.structs.replace(BOARD_SAMPLING, n_samples=20),
    ),
}


def profile_named(name: str) -> Profile:
    """Return a board profile. Raises UnknownNameError."""
    return PROFILES[check_name("profile", name, PROFILES)]


def benchmark_of(task: str) -> tuple[str, str]:
    """The Hub data set a task comes from and its configuration there, by which `.eval_results` names a score.

    Source: https://github.com/huggingface/hub-docs/blob/main/eval_results.yaml (`dataset.id`, `dataset.task_id`).
    """
    if task == "humaneval":
        return "openai/openai_humaneval", "openai_humaneval"
    family, _, language = task.partition("-")
    # The demo's own problems are on no Hub but the stand-in's.
    dataset, prefix = {"multiple": ("nuprl/MultiPL-E", "humaneval-"), "demo": ("podium-upstream/problems", "")}[family]
    return dataset, prefix + language


def submission_title(model: ModelName) -> str:
    """The pull request title the Space asks for [S]."""
    return f"[Community Submission] Model: {model.hub_id}, Username: {model.user}"


def generations_name(task: str, model: str) -> str:
    """`generations_<model>/generations_<task>_<model>.json` [H] leaderboard/README.md."""
    return f"generations_{model}/generations_{task}_{model}.json"


def metrics_name(task: str, model: str) -> str:
    """`metrics_<model>/metrics_<task>_<model>.json`; the grouper takes the second `_` field as task [H]."""
    return f"metrics_{model}/metrics_{task}_{model}.json"


def grouped_name(model: ModelName) -> str:
    """`{org}_{model}_{user}.json` [H] leaderboard/group_jsons.py."""
    return f"{model.folder}.json"


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Unbiased estimator 1 - C(n-c, k) / C(n, k) for one problem. [H] and Chen et al. 2021, section 2.1."""
    if n - correct < k:
        return 1.0
    product = 1.0
    for i in range(n - correct + 1, n + 1):
        product *= 1.0 - k / i
    return 1.0 - product


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
