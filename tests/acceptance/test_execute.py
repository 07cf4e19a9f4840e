"""podium execute from the outside: real data, real processes, killed and continued."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from podium.records import Verdict, VerdictsHeader, read_rows

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world


def podium(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "podium", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write_canonical(data_dir: Path, path: Path, limit: int | None, n_samples: int) -> None:
    """Generations as the harness stores them, made of the canonical solutions, each sample a text of its own."""
    with gzip.open(data_dir / "humaneval" / "HumanEval.jsonl.gz", "rt") as stream:
        rows: list[dict[str, Any]] = [json.loads(line) for line in stream][:limit]
    generations = [
        [f"{row['prompt'].strip()}\n{row['canonical_solution']}\n# {index}" for index in range(n_samples)]
        for row in rows
    ]
    path.write_text(json.dumps(generations))


def read(path: Path) -> tuple[VerdictsHeader, list[tuple[str, int, str, str, str]]]:
    header, rows = read_rows(path, VerdictsHeader, Verdict)
    return header, [(row.problem, row.index, row.outcome, row.message, row.program_sha256) for row in rows]


def test_canonical_solutions_pass_and_the_path_is_printed(data_dir: Path, tmp_path: Path) -> None:
    generations, output = tmp_path / "g.json", tmp_path / "verdicts" / "humaneval.jsonl"
    write_canonical(data_dir, generations, 20, 2)
    done = podium("execute", generations, "--task", "humaneval", "-o", output, "--limit", "20", "--data-dir", data_dir)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{output}\n"
    header, rows = read(output)
    assert header.sandbox.isolated
    assert header.toolchain["python"].startswith("Python 3.")
    assert len(rows) == 40
    assert {row[2:4] for row in rows} == {("passed", "passed")}


@pytest.mark.slow
def test_all_canonical_solutions_of_humaneval_pass(data_dir: Path, tmp_path: Path) -> None:
    generations, output = tmp_path / "g.json", tmp_path / "humaneval.jsonl"
    write_canonical(data_dir, generations, None, 1)
    done = podium("execute", generations, "--task", "humaneval", "-o", output, "--data-dir", data_dir)
    assert done.returncode == 0, done.stderr
    assert [row for row in read(output)[1] if row[2] != "passed"] == []
    assert len(read(output)[1]) == 164


def test_killed_at_any_moment_it_continues_to_the_same_verdicts(data_dir: Path, tmp_path: Path) -> None:
    generations, whole, output = tmp_path / "g.json", tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    write_canonical(data_dir, generations, 20, 20)
    arguments = ["execute", generations, "--task", "humaneval", "--limit", "20", "--data-dir", data_dir, "-o"]
    assert podium(*arguments, whole).returncode == 0
    command = [sys.executable, "-m", "podium", *map(str, arguments), str(output)]
    sizes = []
    for rows in (1, 150):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while not output.exists() or output.read_bytes().count(b"\n") < rows:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        sizes.append(output.stat().st_size)
    with output.open("ab") as stream:
        stream.write(b'{"problem": "torn')
    assert sizes == sorted(sizes)
    assert podium(*arguments, output).returncode == 0
    assert read(output) == read(whole)


@pytest.mark.exhaustive
def test_killed_at_twenty_random_moments_it_ends_with_the_undisturbed_verdicts(data_dir: Path, tmp_path: Path) -> None:
    """Verdicts, texts, digests and order are equal; the measured times, of course, are each run's own."""
    generations, whole, output = tmp_path / "g.json", tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    write_canonical(data_dir, generations, 40, 25)
    arguments = ["execute", generations, "--task", "humaneval", "--limit", "40", "--data-dir", data_dir, "-o"]
    assert podium(*arguments, whole).returncode == 0
    command = [sys.executable, "-m", "podium", *map(str, arguments), str(output)]
    chance, kills = random.Random(7), 0
    while kills < 20:
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(chance.uniform(0.2, 4.5))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
                continue
        assert process.returncode == 0
        assert read(output) == read(whole)
        output.unlink()
    assert podium(*arguments, output).returncode == 0
    assert read(output) == read(whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.json", "killed.jsonl", "whole.jsonl"]


def test_missing_generations_fail_with_their_ids(data_dir: Path, tmp_path: Path) -> None:
    generations = tmp_path / "g.json"
    write_canonical(data_dir, generations, 5, 1)
    done = podium("execute", generations, "--task", "humaneval", "-o", tmp_path / "v", "--data-dir", data_dir)
    assert done.returncode == 8
    assert "HumanEval/5" in done.stderr
    assert "what to do: run podium generate again" in done.stderr


@pytest.mark.parametrize("content", ["{}", "[1]", "[[1]]", "[[NaN]]", "nothing"])
def test_file_that_is_no_generations_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "g.json").write_text(content)
    done = podium("execute", tmp_path / "g.json", "--task", "demo-sh", "-o", tmp_path / "v")
    assert done.returncode == 8, done.stderr
    assert "g.json" in done.stderr
    assert "what to do" in done.stderr


def test_running_without_a_sandbox_is_said_in_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text(json.dumps([["def tea_minutes(cups):\n    return 3 + 2 * cups\n"]]))
    arguments = ["execute", tmp_path / "g.json", "--task", "demo-python", "--limit", "1", "--unsafe-no-sandbox"]
    done = podium(*arguments, "-o", tmp_path / "v.jsonl")
    assert done.returncode == 0, done.stderr
    header, rows = read(tmp_path / "v.jsonl")
    assert not header.sandbox.isolated
    assert "network namespace" in header.sandbox.missing
    assert rows[0][2] == "passed"
