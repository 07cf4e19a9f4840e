"""Which release this is, and whether it can be a submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.document import Section, Text

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence


def section(evidence: Evidence) -> Section:
    """The first lines of every document."""
    plan = evidence.plan
    commit = f" at commit `{plan.release.commit}`" if plan.release.commit else ""
    checked = f" ({plan.tag_check})" if plan.tag_check.startswith("not checked") else ""
    place = f", in the workflow run {plan.workflow_run}" if plan.workflow_run else ""
    origin = "Every number below was computed from the verdict of each program; none was typed."
    text = Text(
        text=f"Release `{plan.release.tag}`{commit}{checked}{place}, evaluated by podium {plan.podium}. {origin}"
    )
    partial = Text(warning="Not a submission:", text=f"{'; '.join(plan.partial)}.")
    return Section(blocks=[text, partial] if plan.partial else [text])
