"""gates: yes / no / at-risk decisions on a release, each with the evidence it was made from.

Reads the run's records. Writes gates.json (by `report`). Only a `no` stops a submission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.records import LIMIT_OUTCOMES, Gate, Gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.records import Agreement, Findings, Model, Plan, Scores, TaskScore, VerdictsHeader

# leaderboard practice: more than this share of timeouts speaks of a loaded machine, not of the model.
MANY_TIMEOUTS = 0.02


def decide(
    plan: Plan,
    model: Model,
    scores: Scores,
    headers: Sequence[VerdictsHeader],
    findings: Findings,
    agreement: Agreement | None = None,
) -> Gates:
    """Decide every gate of a release; `agreement` is None where the official harness was not asked."""
    return Gates(
        release=plan.release,
        gates=[
            _protocol(plan),
            _conversion(model),
            _detection(model),
            _records(findings),
            _sandbox(headers),
            _toolchains(headers),
            _limits(scores),
            *([_harness(agreement, scores)] if agreement else []),
            *(_plausible(score) for score in scores.tasks),
        ],
    )


def _gate(name: str, *, no: str = "", at_risk: str = "", yes: str) -> Gate:
    if no:
        return Gate(name=name, decision="no", evidence=no)
    return Gate(name=name, decision="at_risk" if at_risk else "yes", evidence=at_risk or yes)


def _protocol(plan: Plan) -> Gate:
    yes = f"{len(plan.tasks)} tasks, all problems, {plan.sampling.n_samples} samples each, as the board asks"
    return _gate("protocol", no="; ".join(plan.partial), yes=yes)


def _conversion(model: Model) -> Gate:
    failed = "; ".join(f"{check.name}: {check.saw}" for check in model.checks if not check.ok)
    return _gate("conversion", no=failed, yes="; ".join(f"{check.name}: {check.saw}" for check in model.checks))


def _detection(model: Model) -> Gate:
    verdict = model.verdict
    chosen = verdict.hypothesis
    read = f"{model.layout} read as {chosen.order}, {chosen.pairing}, {chosen.head}"
    at_risk = f"{read}; assumed, not found: {', '.join(verdict.assumed)}" if verdict.assumed else ""
    return _gate("layout", at_risk=at_risk, yes=f"{read}, decided by {verdict.decided_by}: {verdict.evidence}")


def _records(findings: Findings) -> Gate:
    errors = [finding.rule for finding in findings.findings if finding.severity == "error"]
    warnings = [finding.rule for finding in findings.findings if finding.severity == "warning"]
    return _gate(
        "records",
        no=f"{len(errors)} errors: {', '.join(sorted(set(errors)))}" if errors else "",
        at_risk=f"{len(warnings)} warnings: {', '.join(sorted(set(warnings)))}" if warnings else "",
        yes=f"{len(findings.files)} files valid, every score recomputed from its verdicts",
    )


def _sandbox(headers: Sequence[VerdictsHeader]) -> Gate:
    open_tasks = [header.task for header in headers if not header.sandbox.isolated]
    missing = sorted({layer for header in headers for layer in header.sandbox.missing})
    return _gate(
        "sandbox",
        at_risk=f"programs of {', '.join(open_tasks)} ran without isolation"
        if open_tasks
        else f"layers that this machine does not give: {', '.join(missing)}"
        if missing
        else "",
        yes="every program ran isolated: " + ", ".join(headers[0].sandbox.layers if headers else []),
    )


def _toolchains(headers: Sequence[VerdictsHeader]) -> Gate:
    failed = [f"{header.task}: {check.name}" for header in headers for check in header.self_test if not check.ok]
    untested = [header.task for header in headers if not header.self_test]
    return _gate(
        "toolchains",
        no="; ".join([*failed, *(f"{task}: no self-test" for task in untested)]),
        yes=f"{sum(len(header.self_test) for header in headers)} self-tests passed before and after the programs ran",
    )


def _limits(scores: Scores) -> Gate:
    """Programs whose end a limit of ours decided: with the harness, which has none, some might have passed."""
    met = [
        f"{score.outcomes[outcome]} {outcome} in {score.task}"
        for score in scores.tasks
        for outcome in LIMIT_OUTCOMES
        if score.outcomes.get(outcome)
    ]
    total = sum(score.problems * score.n_samples for score in scores.tasks)
    return _gate(
        "limits",
        at_risk=f"limits of the sandbox decided: {', '.join(met)}" if met else "",
        yes=f"no limit of the sandbox decided any of {total} verdicts",
    )


def _harness(agreement: Agreement, scores: Scores) -> Gate:
    """Where both judged and differ, nothing is submitted until the difference is explained."""
    current = {score.task: score.verdicts_sha256 for score in scores.tasks}
    stale = [task.task for task in agreement.tasks if current.get(task.task) != task.verdicts_sha256]
    differing = [
        f"{task.task} {difference.problem}#{difference.index}"
        for task in agreement.tasks
        for difference in task.differences
        if not difference.same_verdict
    ]
    judged = sum(task.samples for task in agreement.tasks)
    return _gate(
        "harness",
        no=f"{len(differing)} verdicts differ, first {', '.join(differing[:3])}" if differing else "",
        at_risk=f"crosschecked with other verdicts: {', '.join(stale)}" if stale else "",
        yes=f"the official harness gives the same verdict for all {judged} samples of {len(agreement.tasks)} tasks",
    )


def _plausible(score: TaskScore) -> Gate:
    total = score.problems * score.n_samples
    timeouts = score.outcomes.get("timed_out", 0) / total
    doubts = []
    if score.correct in (0, total):
        doubts.append(f"{score.correct} of {total} programs passed")
    if unavailable := score.outcomes.get("unavailable", 0):
        doubts.append(f"{unavailable} of {total} programs asked for what the harness has and programs here have not")
    if timeouts > MANY_TIMEOUTS:
        doubts.append(f"{timeouts:.1%} of programs timed out")
    return _gate(
        f"plausible {score.task}", at_risk="; ".join(doubts), yes=f"{score.correct} of {total} programs passed"
    )
