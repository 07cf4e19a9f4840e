"""Records of a sound release, for tests to spoil."""

from __future__ import annotations

from podium.records import (
    Check,
    Finding,
    Hypothesis,
    LayoutChoice,
    Limits,
    Model,
    ModelName,
    Plan,
    Release,
    Sampling,
    SandboxFacts,
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
VERDICT = LayoutChoice(
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
    limits={"run": Limits(wall_seconds=3, cpu_seconds=9, memory_bytes=1, output_bytes=1, file_bytes=1, processes=1)},
    sandbox=SandboxFacts(isolated=True, layers=["user namespace"], missing=[]),
    packages={},
    toolchain={},
    root="",
    differences=[],
    self_test=[Check(name="right answer", ok=True, saw="passed")],
)
ERROR = Finding(rule="grouped-score", severity="error", path="x.json", message="differs")
