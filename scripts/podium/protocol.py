"""What is not ours to choose: the boards' protocols and the harness's semantics, each with its source.

Sources: [S] the Space `bigcode/bigcode-models-leaderboard` (about text and submission guide),
[H] `bigcode-project/bigcode-evaluation-harness` at 8fc5bae6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from podium.records import Sampling

if TYPE_CHECKING:
    from podium.records import ModelName

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


def pass_at_bounds(n: int, single: float, k: int) -> tuple[float, float]:
    """The least and the largest pass@k that go with a pass@1 over problems of n samples each.

    A problem's pass@k is concave in its correct samples, so the mean lies between chord and curve (Jensen).
    """
    count = min(math.floor(single * n), n - 1)
    low, high = pass_at_k(n, count, k), pass_at_k(n, count + 1, k)
    return single, low + (single * n - count) * (high - low)
