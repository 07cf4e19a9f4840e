"""score: every number follows from verdicts, and a missing verdict is an error, never a smaller n."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.errors import IncompleteError, RecordError
from podium.records import (
    Limits,
    ModelName,
    Outcome,
    Plan,
    PlannedTask,
    Release,
    Sampling,
    SandboxFacts,
    Verdict,
    VerdictsHeader,
    encode,
)
from podium.run_directory import verdicts_path
from podium.score import score, score_task

LIMITS = Limits(
    wall_seconds=3, cpu_seconds=10, memory_bytes=1 << 30, output_bytes=1 << 20, file_bytes=1 << 20, processes=8
)
ALBOR = ModelName(org="PAIML", model="ALBOR350M", user="noahgift")


def write_verdicts(path: Path, outcomes: list[list[Outcome]], task: str = "humaneval") -> None:
    """One list a problem, one outcome a sample."""
    header = VerdictsHeader(
        task=task,
        language="py",
        mode="parity",
        generations_sha256="0" * 64,
        data_sha256="1" * 64,
        problems=[f"P/{i}" for i in range(len(outcomes))],
        n_samples=len(outcomes[0]),
        limits=LIMITS,
        sandbox=SandboxFacts(isolated=True, layers=[], missing=[]),
        packages={},
        toolchain={},
        root="",
        differences=[],
        self_test=[],
    )
    rows = [
        Verdict(
            problem=f"P/{problem}",
            index=index,
            outcome=outcome,
            message=outcome,
            wall_seconds=0.1,
            cpu_seconds=0.1,
            program_sha256="2" * 64,
        )
        for problem, row in enumerate(outcomes)
        for index, outcome in enumerate(row)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(encode(record) + b"\n" for record in [header, *rows]))


def _plan(tasks: dict[str, int], n_samples: int, in_task: int | None = None) -> Plan:
    return Plan(
        release=Release(tag="v1", model=ALBOR),
        profile="bigcode",
        checkpoint=[],
        sampling=Sampling(n_samples=n_samples),
        backend="transformers",
        dtype="bfloat16",
        mode="parity",
        tasks=[
            PlannedTask(
                task=task,
                language="py",
                data_sha256="1" * 64,
                problems=[f"P/{i}" for i in range(count)],
                problems_in_task=in_task or count,
            )
            for task, count in tasks.items()
        ],
        jobs=[],
        partial=[],
        podium="0",
    )


def test_scores_computed_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    write_verdicts(path, [["passed", "failed", "failed", "passed"], ["failed", "timed_out", "failed", "failed"]])
    _, result = score_task(path)
    assert result.correct == 2
    assert result.pass_at == {"pass@1": 0.25}
    assert result.outcomes == {"failed": 5, "passed": 2, "timed_out": 1}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 12).flatmap(lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1)))
def test_pass_at_1_times_problems_times_n_is_the_number_of_passes(tmp_path: Path, passes: list[list[bool]]) -> None:
    path = tmp_path / "v.jsonl"
    write_verdicts(path, [["passed" if ok else "failed" for ok in row] for row in passes])
    _, result = score_task(path)
    total = len(passes) * len(passes[0])
    assert result.pass_at["pass@1"] * total == pytest.approx(sum(map(sum, passes)), abs=1e-9)
    assert ("pass@10" in result.pass_at) == (len(passes[0]) >= 10)
    assert result.pass_at.get("pass@10", 1.0) >= result.pass_at["pass@1"] - 1e-12


@pytest.mark.parametrize("drop", [1, 3])
def test_missing_verdicts_are_named(tmp_path: Path, drop: int) -> None:
    path = tmp_path / "v.jsonl"
    write_verdicts(path, [["passed", "failed"], ["failed", "passed"]])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-drop]))
    with pytest.raises(IncompleteError, match=rf"lacks {drop} verdicts: .*P/1#1"):
        score_task(path)


def test_doubled_verdicts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    write_verdicts(path, [["passed", "failed"]])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[1]]))
    with pytest.raises(RecordError, match="doubled"):
        score_task(path)


def test_a_torn_last_line_is_a_missing_verdict(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    write_verdicts(path, [["passed", "failed"]])
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(IncompleteError):
        score_task(path)


def test_metrics_and_grouped_files_have_the_boards_shape(tmp_path: Path) -> None:
    write_verdicts(verdicts_path(tmp_path, "multiple-lua"), [["passed", "failed"]], "multiple-lua")
    write_verdicts(verdicts_path(tmp_path, "humaneval"), [["passed", "passed"], ["failed", "failed"]])
    write_verdicts(verdicts_path(tmp_path, "multiple-sh"), [["passed", "passed"]], "multiple-sh")
    record = score(tmp_path, _plan({"multiple-lua": 1, "humaneval": 2, "multiple-sh": 1}, 2))
    grouped = json.loads((tmp_path / "PAIML_ALBOR350M_noahgift.json").read_text())
    assert grouped == {
        "results": [{"task": "humaneval", "pass@1": 0.5}, {"task": "multiple-lua", "pass@1": 0.5}],
        "meta": {"model": "PAIML/ALBOR350M"},
    }
    metrics = json.loads((tmp_path / "metrics_ALBOR350M" / "metrics_humaneval_ALBOR350M.json").read_text())
    assert metrics["humaneval"] == {"pass@1": 0.5}
    assert metrics["config"]["model"] == "PAIML/ALBOR350M"
    assert metrics["config"]["limit"] is None
    assert "multiple-sh: not a column of the board" in record.left_out
    assert "multiple-rs: not run" in record.left_out


def test_what_a_limit_leaves_out_is_said(tmp_path: Path) -> None:
    write_verdicts(verdicts_path(tmp_path, "humaneval"), [["passed", "passed"]])
    record = score(tmp_path, _plan({"humaneval": 1}, 2, in_task=164))
    assert "humaneval: 163 of 164 problems" in record.left_out


def test_what_was_made_from_older_scores_is_gone_before_there_are_new_ones(tmp_path: Path) -> None:
    write_verdicts(verdicts_path(tmp_path, "humaneval"), [["passed", "passed"]])
    stale = ["submission.json", "submission/a/b.json", "pr_body.md", "gates.json", "findings.json", "report/index.html"]
    kept = ["submit.json", "plan.json", "samples/humaneval.1-of-1.jsonl", "model/config.json"]
    for name in (*stale, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    score(tmp_path, _plan({"humaneval": 1}, 2))
    assert [name for name in stale if (tmp_path / name).exists()] == []
    assert [name for name in kept if not (tmp_path / name).exists()] == []


def test_verdicts_that_cannot_be_scored_outdate_nothing(tmp_path: Path) -> None:
    write_verdicts(verdicts_path(tmp_path, "humaneval"), [["passed", "passed"]])
    (tmp_path / "submission.json").write_text("{}")
    with pytest.raises(RecordError):
        score(tmp_path, _plan({"humaneval": 2}, 2))
    assert (tmp_path / "submission.json").exists()


def test_tasks_that_no_board_knows_are_scored_without_a_grouped_file(tmp_path: Path) -> None:
    write_verdicts(verdicts_path(tmp_path, "multiple-sh"), [["passed", "failed"]], "multiple-sh")
    grouped = tmp_path / "PAIML_ALBOR350M_noahgift.json"
    grouped.write_text("{}")
    record = score(tmp_path, _plan({"multiple-sh": 1}, 2))
    assert [task.pass_at for task in record.tasks] == [{"pass@1": 0.5}]
    assert not grouped.exists()


def test_verdicts_of_another_plan_are_refused(tmp_path: Path) -> None:
    write_verdicts(verdicts_path(tmp_path, "humaneval"), [["passed", "passed"]])
    with pytest.raises(RecordError, match="other problems or samples"):
        score(tmp_path, _plan({"humaneval": 2}, 2))
