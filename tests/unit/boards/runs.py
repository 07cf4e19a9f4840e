"""What the stages before `submit` leave in a run directory, small and made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.files import canonical_json, write_atomic
from podium.profiles import profile_named
from podium.protocol import generations_name, grouped_name, metrics_name
from podium.records import Gate, Gates, ModelName, Plan, PlannedTask, Release, digest_of_files, write_record
from podium.submission.assembly import assemble, write_submission
from podium.submission.marks import marker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MODEL = ModelName(org="acme", model="Tiny-1", user="ann")


def make_plan(partial: Sequence[str] = (), tag: str = "v1", profile_name: str = "demo") -> Plan:
    profile = profile_named(profile_name)
    tasks = [
        PlannedTask(
            task=task,
            language=task.removeprefix("demo-"),
            data_sha256="1" * 64,
            problems=[f"{task}/{number}" for number in range(count)],
            problems_in_task=count,
        )
        for task, count in profile.problems.items()
    ]
    return Plan(
        release=Release(tag=tag, model=MODEL),
        profile=profile_name,
        checkpoint=[],
        sampling=profile.sampling,
        backend="transformers",
        dtype="float32",
        mode="parity",
        tasks=tasks,
        jobs=[],
        partial=list(partial),
        podium="0.0.0",
    )


def score_of(task: str, text: str) -> float:
    """A made-up pass@1 that is another one for another text."""
    return sum((text + task).encode()) % 101 / 100


def grouped_json(plan: Plan, text: str, padding: str = "") -> bytes:
    """The board's grouped JSON; `padding` makes it as large as a test wants, and no grouped JSON any more."""
    results = [{"task": planned.task, "pass@1": score_of(planned.task, text)} for planned in plan.tasks]
    more = {"padding": padding} if padding else {}
    return canonical_json({"results": results, "meta": {"model": MODEL.hub_id}, **more})


def write_run(
    run_dir: Path,
    *,
    text: str = "first",
    grouped: str = "",
    body: str = "",
    partial: Sequence[str] = (),
    gates: Sequence[Gate] = (),
    tag: str = "v1",
    profile_name: str = "demo",
    generation_bytes: int = 0,
) -> Path:
    """Write what the stages before `submit` leave; `text` makes the files of one run differ from another's.

    `generation_bytes` is how much is added to each generations file.
    """
    plan = make_plan(partial, tag, profile_name)
    write_record(run_dir / "plan.json", plan)
    write_record(run_dir / "gates.json", Gates(release=plan.release, gates=list(gates)))
    write_atomic(run_dir / grouped_name(MODEL), grouped_json(plan, text, grouped))
    for planned in plan.tasks:
        write_atomic(
            run_dir / generations_name(planned.task, MODEL.model),
            canonical_json([[text, planned.task, "x" * generation_bytes]]),
        )
        write_atomic(run_dir / metrics_name(planned.task, MODEL.model), canonical_json({planned.task: text}))
    files = assemble(run_dir, plan)
    whole = f"{marker(digest_of_files(files))}\n{body or 'Scores of ' + text}\n"
    write_atomic(run_dir / "pr_body.md", whole.encode())
    write_submission(run_dir, plan, files, whole)
    return run_dir
