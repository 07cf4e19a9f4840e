from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from podium.demo.corpus import LANGUAGES, PROBLEMS, SLIPS, solved_problems
from podium.profiles import profile_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HUMANEVAL_KEYS = {"task_id", "prompt", "entry_point", "canonical_solution", "test"}
MULTIPLE_KEYS = {
    "name", "language", "prompt", "doctests", "original", "prompt_terminology", "tests", "stop_tokens",
}  # fmt: skip
INTERPRETERS = {"python": [sys.executable, "-I"], "sh": ["bash"], "pl": ["perl"]}
EMPTY_BODIES = {"python": "\n    pass\n", "sh": "\n    :\n", "pl": "\n}\n"}
STOP = {"sh": ["\n}"], "pl": ["\nsub", "\n#", "\n\n"]}


def rows(language: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PROBLEMS / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()]


def references(language: str) -> Iterator[str]:
    """What follows a generation in a program, in data-set order."""
    for row in rows(language):
        yield f"{row['test']}\ncheck({row['entry_point']})" if language == "python" else row["tests"]


def programs(language: str, completions: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(problem, program) for the completions given by problem, built as the harness builds them."""
    solved = [problem for problem in solved_problems() if problem.language == language]
    for problem, reference in zip(solved, references(language), strict=True):
        if problem.name in completions:
            yield problem.name, f"{problem.prompt}{completions[problem.name]}\n{reference}"


def run(language: str, program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = INTERPRETERS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    path = folder / "program"
    path.write_text(program, encoding="utf-8")
    return subprocess.run(
        [*command, str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
        cwd=folder,
        check=False,
    )


def test_python_problems_are_in_humaneval_format() -> None:
    for row in rows("python"):
        assert set(row) == HUMANEVAL_KEYS
        assert all(isinstance(value, str) and value for value in row.values())
        assert row["prompt"].startswith(f"def {row['entry_point']}(")
        assert f">>> {row['entry_point']}(" in row["prompt"]
        assert row["prompt"].endswith('"""\n')
        assert "def check(candidate):" in row["test"]


@pytest.mark.parametrize("language", ["sh", "pl"])
def test_shell_and_perl_problems_are_in_multipl_e_format(language: str) -> None:
    for row in rows(language):
        assert set(row) == MULTIPLE_KEYS
        assert row["stop_tokens"] == STOP[language]
        assert row["language"] == language
        assert (row["doctests"], row["original"], row["prompt_terminology"]) == ("transform", "", "reworded")
        function = row["name"].split("_", 2)[2]
        assert f"{function}() {{" in row["prompt"] or f"sub {function} {{" in row["prompt"]
        assert function in row["tests"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_problem_ids_are_unique_and_as_many_as_the_demo_profile_demands(language: str) -> None:
    ids = [row["task_id"] if language == "python" else row["name"] for row in rows(language)]
    assert len(set(ids)) == len(ids) == profile_named("demo").problems[f"demo-{language}"]


def test_shell_tests_put_the_closing_brace_back() -> None:
    assert all(row["tests"].startswith("}\n") for row in rows("sh"))


def test_perl_tests_need_no_module_and_never_say_error() -> None:
    for row in rows("pl"):
        assert "use " not in row["tests"]
        assert "ERROR" not in row["tests"] + row["prompt"]


def test_every_problem_has_a_solution_under_its_own_name() -> None:
    solutions = [(row["language"], row["name"]) for row in rows("solutions")]
    assert solutions == [(language, row["name"]) for language in ("sh", "pl") for row in rows(language)]


def test_no_problem_bears_the_name_of_one_that_is_evaluated(data_dir: Path) -> None:
    text = gzip.decompress((data_dir / "humaneval" / "HumanEval.jsonl.gz").read_bytes()).decode()
    real = {json.loads(line)["entry_point"] for line in text.splitlines()}
    assert real.isdisjoint(row["entry_point"] for row in rows("python"))


@pytest.mark.world
@pytest.mark.parametrize("language", LANGUAGES)
def test_right_solutions_pass_their_tests_silently(language: str, tmp_path: Path) -> None:
    right = {problem.name: problem.completion for problem in solved_problems() if problem.language == language}
    for name, program in programs(language, right):
        result = run(language, program, tmp_path)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", ""), name


@pytest.mark.world
@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_bodies_fail_every_problem(language: str, tmp_path: Path) -> None:
    empty = {problem.name: EMPTY_BODIES[language] for problem in solved_problems() if problem.language == language}
    for name, program in programs(language, empty):
        result = run(language, program, tmp_path)
        assert result.returncode != 0, name
        assert "ERROR" not in result.stdout + result.stderr


@pytest.mark.world
@pytest.mark.parametrize("language", LANGUAGES)
def test_solutions_with_a_slip_fail_their_tests(language: str, tmp_path: Path) -> None:
    slipped = {
        problem.name: problem.completion.replace(*SLIPS[language, problem.name], 1)
        for problem in solved_problems()
        if problem.language == language and (language, problem.name) in SLIPS
    }
    assert slipped
    for name, program in programs(language, slipped):
        assert run(language, program, tmp_path).returncode != 0, name
