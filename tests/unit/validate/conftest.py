"""A small valid run directory and the submission in it, made by the stages' own writers; each test gets a copy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from podium.files import sha256_bytes, sha256_file, write_atomic
from podium.generate import samples_path, write_generations
from podium.profiles import profile_named
from podium.protocol import generations_name
from podium.records import (
    Check,
    FileDigest,
    Gates,
    Hypothesis,
    LayoutChoice,
    LedgerEntry,
    LedgerFile,
    Limits,
    Model,
    ModelName,
    Plan,
    PlannedTask,
    Release,
    Sample,
    SamplesHeader,
    SandboxFacts,
    Verdict,
    VerdictsHeader,
    digest_of_files,
    encode,
    write_record,
)
from podium.run_directory import verdicts_path
from podium.score import score
from podium.submission.assembly import assemble, write_submission
from podium.submission.marks import marker
from podium.tasks import load_task
from podium.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

    from podium.records import Outcome

PROFILE = profile_named("demo")
LANGUAGES = {"demo-python": "py", "demo-sh": "sh", "demo-pl": "pl"}


def digest(root: Path, relative: str) -> FileDigest:
    path = root / relative
    return FileDigest(path=relative, size_bytes=path.stat().st_size, sha256=sha256_file(path))


def make_plan() -> Plan:
    return Plan(
        release=Release(tag="v1.0.0", model=ModelName(org="acme", model="tiny-code_1", user="ada")),
        profile="demo",
        checkpoint=[FileDigest(path="model.safetensors", size_bytes=4, sha256=sha256_bytes(b"ckpt"))],
        sampling=PROFILE.sampling,
        backend="transformers",
        dtype="float32",
        mode="parity",
        tasks=[
            PlannedTask(
                task=task,
                language=LANGUAGES[task],
                data_sha256=sha256_bytes(task.encode()),
                problems=[problem.id for problem in load_task(task, None).problems],
                problems_in_task=count,
            )
            for task, count in PROFILE.problems.items()
        ],
        jobs=[],
        partial=[],
        podium="0.0",
    )


def make_model(run_dir: Path, plan: Plan) -> Model:
    write_atomic(run_dir / "model" / "config.json", b"{}\n")
    write_atomic(run_dir / "model" / "model.safetensors", b"weights")
    model = Model(
        layout="flat",
        checkpoint=plan.checkpoint,
        files=[digest(run_dir / "model", name) for name in ("config.json", "model.safetensors")],
        dtype=plan.dtype,
        parameters=7,
        vocab_size=3,
        max_length=512,
        verdict=LayoutChoice(
            hypothesis=Hypothesis(order="out_in", pairing="split", head="own_vh"), decided_by="golden", evidence="equal"
        ),
        checks=[],
        tensors=[],
        versions={},
    )
    write_record(run_dir / "model.json", model)
    return model


def make_samples(run_dir: Path, plan: Plan, task: PlannedTask, model: Model) -> None:
    header = SamplesHeader(
        task=task.task,
        shard="1/1",
        model_sha256=model.sha256,
        data_sha256=task.data_sha256,
        sampling=plan.sampling,
        backend=plan.backend,
        dtype=plan.dtype,
        problems=task.problems,
        stop=["\ndef"],
        versions={},
    )
    rows = [
        Sample(
            problem=problem.id,
            index=index,
            generation=f"{problem.prompt}\nanswer {index % 7}",
            tokens=3,
            finish="stop",
        )
        for problem in load_task(task.task, None).problems
        for index in range(plan.sampling.n_samples)
    ]
    lines = [encode(header), *map(encode, rows)]
    write_atomic(samples_path(run_dir, task.task), b"".join(line + b"\n" for line in lines))
    write_generations(run_dir, plan.release.model.model, task.task)


def outcome_of(problem: int, index: int) -> Outcome:
    return "passed" if (problem + index % 7) % 3 == 0 else "failed"


def make_verdicts(run_dir: Path, plan: Plan, task: PlannedTask) -> None:
    header = VerdictsHeader(
        task=task.task,
        language=task.language,
        mode=plan.mode,
        generations_sha256=sha256_file(run_dir / generations_name(task.task, plan.release.model.model)),
        data_sha256=task.data_sha256,
        problems=task.problems,
        n_samples=plan.sampling.n_samples,
        limits={
            "run": Limits(wall_seconds=3, cpu_seconds=3, memory_bytes=1, output_bytes=1, file_bytes=1, processes=1)
        },
        sandbox=SandboxFacts(isolated=True, layers=["pid"], missing=[]),
        packages={},
        toolchain={},
        root="",
        differences=[],
        self_test=[Check(name="right answer", ok=True, saw="passed")],
    )
    rows = [
        Verdict(
            problem=problem,
            index=index,
            outcome=outcome_of(number, index),
            message="passed" if outcome_of(number, index) == "passed" else f"failed: reason {index % 7} of {number}",
            wall_seconds=0.1,
            cpu_seconds=0.1,
            program_sha256=sha256_bytes(f"{problem} {index % 7}".encode()),
        )
        for number, problem in enumerate(task.problems)
        for index in range(plan.sampling.n_samples)
    ]
    lines = [encode(header), *map(encode, rows)]
    write_atomic(verdicts_path(run_dir, task.task), b"".join(line + b"\n" for line in lines))


def make_run(run_dir: Path) -> Path:
    plan = make_plan()
    write_record(run_dir / "plan.json", plan)
    model = make_model(run_dir, plan)
    for task in plan.tasks:
        make_samples(run_dir, plan, task, model)
        make_verdicts(run_dir, plan, task)
    score(run_dir, plan)
    write_record(run_dir / "findings.json", validate([run_dir]))
    write_record(run_dir / "gates.json", Gates(release=plan.release, gates=[]))
    write_atomic(run_dir / "report" / "index.html", b"<p>fine</p>")
    files = assemble(run_dir, plan)
    body = f"{marker(digest_of_files(files))}\n## fine\n"
    write_atomic(run_dir / "pr_body.md", body.encode())
    write_submission(run_dir, plan, files, body)
    outputs = [
        digest(run_dir, path.relative_to(run_dir).as_posix()) for path in sorted(run_dir.rglob("*")) if path.is_file()
    ]
    entry = LedgerEntry(key=sha256_bytes(b"key"), outputs=outputs)
    write_record(run_dir / "ledger.json", LedgerFile(entries={"all": entry}))
    return run_dir


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "v1.0.0")


@pytest.fixture
def run_dir(finished_run: Path, tmp_path: Path) -> Path:
    """A valid run directory that the test may spoil."""
    return shutil.copytree(finished_run, tmp_path / "v1.0.0")


@pytest.fixture
def submission_dir(finished_run: Path, tmp_path: Path) -> Path:
    """A valid submission standing alone, as a checkout of the board holds it."""
    folder = "community_results/acme_tiny-code_1_ada"
    return shutil.copytree(finished_run / "submission" / folder, tmp_path / folder)
