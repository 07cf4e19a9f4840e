"""samples/<task>.<shard>.jsonl: a header, then numbered attempts."""

from __future__ import annotations

from podium.records.plan import Sampling
from podium.records.values import Count, Finish, Part, ProblemId, Record, Sha256


class SamplesHeader(Record, frozen=True, kw_only=True, tag="samples"):
    """First line of samples/<task>.<shard>.jsonl: what the rows below were drawn from and how."""

    task: str
    shard: str
    model_sha256: Sha256
    data_sha256: Sha256
    sampling: Sampling
    backend: str
    dtype: str
    problems: list[ProblemId]
    stop: list[str]
    versions: dict[str, str]


class Sample(Part, frozen=True, kw_only=True):
    """One numbered attempt: `generation` is stripped prompt + cut completion, as the harness stores it.

    A text that came without its tokens has finish `unknown` and 0 `tokens`: neither can be told from a cut text.
    """

    problem: ProblemId
    index: Count
    generation: str
    tokens: Count
    finish: Finish
