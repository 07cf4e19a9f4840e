"""gates: each decision follows from the record it names, and only a broken promise is a no."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from podium.gates import decide
from podium.records import (
    Agreement,
    Check,
    Difference,
    Finding,
    Findings,
    Hypothesis,
    LayoutVerdict,
    Limits,
    Model,
    ModelName,
    Plan,
    Release,
    Sampling,
    SandboxFacts,
    Scores,
    TaskAgreement,
    TaskScore,
    VerdictsHeader,
)

ALBOR = ModelName(org="PAIML", model="ALBOR350M", user="noahgift")
PLAN = Plan(
    release=Release(tag="v1", model=ALBOR),
    profile="bigcode",
    checkpoint=[],
    sampling=Sampling(),
    backend="transformers",
    dtype="bfloat16",
    mode="parity",
    tasks=[],
    jobs=[],
    partial=[],
    podium="0",
)
VERDICT = LayoutVerdict(
    hypothesis=Hypothesis(order="in_out", pairing="split", head="tied"),
    decided_by="golden",
    evidence="golden logits within 1e-05",
)
MODEL = Model(
    layout="entrenar-flat",
    checkpoint=[],
    files=[],
    dtype="bfloat16",
    parameters=1,
    vocab_size=1,
    max_length=1,
    verdict=VERDICT,
    checks=[Check(name="loads-completely", ok=True, saw="all")],
    tensors=[],
    versions={},
)
SCORE = TaskScore(
    task="humaneval",
    problems=164,
    problems_in_task=164,
    n_samples=50,
    correct=820,
    pass_at={"pass@1": 0.1},
    outcomes={"passed": 820, "failed": 7380},
    verdicts_sha256="0" * 64,
)
HEADER = VerdictsHeader(
    task="humaneval",
    language="py",
    mode="parity",
    generations_sha256="0" * 64,
    data_sha256="0" * 64,
    problems=["P"],
    n_samples=50,
    limits=Limits(wall_seconds=3, cpu_seconds=9, memory_bytes=1, output_bytes=1, file_bytes=1, processes=1),
    sandbox=SandboxFacts(isolated=True, layers=["user namespace"], missing=[]),
    packages={},
    toolchain={},
    root="",
    differences=[],
    self_test=[Check(name="right answer", ok=True, saw="passed")],
)
ERROR = Finding(rule="grouped-score", severity="error", path="x.json", message="differs")


def _decisions(**changes: Any) -> dict[str, str]:
    replace = msgspec.structs.replace
    gates = decide(
        replace(PLAN, **changes.get("plan", {})),
        replace(MODEL, **changes.get("model", {})),
        Scores(model=ALBOR, mode="parity", tasks=[replace(SCORE, **changes.get("score", {}))], left_out=[]),
        [replace(HEADER, **changes.get("header", {}))],
        Findings(files=[], findings=changes.get("findings", [])),
        changes.get("agreement"),
    )
    return {gate.name: gate.decision for gate in gates.gates}


def _agreement(verdicts: str, *differences: Difference) -> Agreement:
    task = TaskAgreement(
        task="humaneval",
        samples=8200,
        distinct=1000,
        agreeing=8200 - len(differences),
        asked_again=0,
        generations_sha256="0" * 64,
        verdicts_sha256=verdicts,
        differences=list(differences),
    )
    facts = SandboxFacts(isolated=True, layers=[], missing=[])
    return Agreement(harness_sha256="0" * 64, python="3.11", sandbox=facts, tasks=[task])


DIFFERENCE = Difference(
    problem="P", index=0, ours="passed", theirs="failed", same_verdict=False, program_sha256="0" * 64
)


@pytest.mark.parametrize(
    ("agreement", "decision"),
    [
        (_agreement("0" * 64), "yes"),
        (_agreement("0" * 64, msgspec.structs.replace(DIFFERENCE, same_verdict=True)), "yes"),
        (_agreement("1" * 64), "at_risk"),
        (_agreement("0" * 64, DIFFERENCE), "no"),
    ],
)
def test_a_verdict_that_the_harness_does_not_share_stops_the_submission(agreement: Agreement, decision: str) -> None:
    assert _decisions(agreement=agreement)["harness"] == decision


def test_a_sound_release_passes_every_gate() -> None:
    assert set(_decisions().values()) == {"yes"}


@pytest.mark.parametrize(
    ("gate", "decision", "changes"),
    [
        ("protocol", "no", {"plan": {"partial": ["n_samples is 5"]}}),
        ("conversion", "no", {"model": {"checks": [Check(name="better-than-chance", ok=False, saw="noise")]}}),
        ("layout", "at_risk", {"model": {"verdict": msgspec.structs.replace(VERDICT, assumed=["order"])}}),
        ("records", "no", {"findings": [ERROR]}),
        ("records", "at_risk", {"findings": [msgspec.structs.replace(ERROR, severity="warning")]}),
        ("sandbox", "at_risk", {"header": {"sandbox": SandboxFacts(isolated=False, layers=[], missing=["all"])}}),
        ("toolchains", "no", {"header": {"self_test": []}}),
        ("toolchains", "no", {"header": {"self_test": [Check(name="right answer", ok=False, saw="failed")]}}),
        ("limits", "at_risk", {"score": {"outcomes": {"out_of_memory": 1}}}),
        ("limits", "at_risk", {"score": {"outcomes": {"process_limit": 1}}}),
        ("limits", "at_risk", {"score": {"outcomes": {"file_limit": 1}}}),
        ("limits", "at_risk", {"score": {"outcomes": {"output_limit": 1}}}),
        ("plausible humaneval", "at_risk", {"score": {"correct": 0}}),
        ("plausible humaneval", "at_risk", {"score": {"correct": 8200}}),
        ("plausible humaneval", "at_risk", {"score": {"outcomes": {"timed_out": 165}}}),
    ],
)
def test_each_doubt_turns_its_own_gate_and_no_other(gate: str, decision: str, changes: dict[str, Any]) -> None:
    decisions = _decisions(**changes)
    assert decisions.pop(gate) == decision
    assert set(decisions.values()) == {"yes"}
