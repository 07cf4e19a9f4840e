"""What gates decide on and reports show: everything that a reviewer may ask about a run."""

from __future__ import annotations

import msgspec

from podium.records import Agreement, Findings, Model, Plan, Scores, VerdictsHeader


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A run's records. `agreement` is None where the official harness was not asked."""

    plan: Plan
    model: Model
    scores: Scores
    headers: list[VerdictsHeader]
    findings: Findings
    agreement: Agreement | None = None
