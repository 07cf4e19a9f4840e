"""verification.json: what executing a submission anew showed of its scores."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from podium.records.digests import FileDigest
from podium.records.values import Count, Fraction, Part, ProblemId, Record

Conclusion = Literal["verified", "refuted", "undecided"]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class VerifiedTask(Part, frozen=True, kw_only=True):
    """One task: what is claimed, how many of its programs were executed here and what came of them.

    `unsure` programs met a limit of this machine: the harness could have judged them otherwise. `found` is pass@1 over
    the executed programs, `difference` is `found` less the claim, `probability` that of a part which fits the claim no
    better if the claim is true. A forger could still hide `hidden` of pass@1, at 95 %.
    """

    task: str
    programs: Count
    executed: Count
    passed: Count
    unsure: Count
    grouped: Fraction | None
    metrics: dict[str, Fraction]
    found: Fraction | None
    difference: float | None
    probability: Fraction | None
    hidden: Fraction
    conclusion: Conclusion
    reasons: list[str]
    toolchain: dict[str, str]


class RedrawnSample(Part, frozen=True, kw_only=True):
    """One sample drawn once more: whether the text is the same, and how much of the completion is, from its begin."""

    task: str
    problem: ProblemId
    index: Count
    is_same: bool
    common: Fraction


class Redrawing(Part, frozen=True, kw_only=True):
    """Samples drawn again from a model, with what and how."""

    model_sha256: str
    backend: str
    dtype: str
    seed: Count
    samples: list[RedrawnSample]
    conclusion: Conclusion
    reason: str


class Verification(Record, frozen=True, kw_only=True, tag="verification"):
    """verification.json: a submission's scores held against what executing its generations showed here.

    `seed` names the random part, so that anybody can execute the same one. `unchecked` says what a forger could hide.
    """

    source: str
    model: str
    files: list[FileDigest]
    seed: Count
    fraction: Share
    tasks: list[VerifiedTask]
    hidden: Fraction
    redrawing: Redrawing | None
    conclusion: Conclusion
    reasons: list[str]
    unchecked: list[str]
    podium: str
