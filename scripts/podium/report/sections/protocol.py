"""How samples were drawn and judged, beside what the board asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.profiles import profile_named
from podium.report.document import Section, Table, Text

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence

SETTINGS = {
    "samples per problem": "n_samples",
    "temperature": "temperature",
    "top-p": "top_p",
    "max length, prompt included": "max_length",
}


def section(evidence: Evidence) -> Section:
    """One row for each setting, and the seed."""
    plan = evidence.plan
    ours, boards = plan.sampling, profile_named(plan.profile).sampling
    rows = [[said, str(getattr(ours, name)), str(getattr(boards, name))] for said, name in SETTINGS.items()]
    rows.append(["verdicts", evidence.scores.mode, "parity"])
    table = Table(head=["setting", "this run", "the board"], rows=rows, numbers=frozenset({1, 2}))
    stream = "A sample's random stream is a function of seed, task, problem and sample number alone."
    text = Text(text=f"Seed {ours.seed}, backend {plan.backend}, {plan.dtype}. {stream}")
    return Section(title="Protocol", blocks=[table, text])
