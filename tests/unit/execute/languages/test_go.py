"""Go: the cases, what the status rules read, and what `go test` itself decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of
from tests.unit.execute.languages.odd import completed, judged
from tests.unit.execute.languages.runs import runs_in_one_mode

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Probe

CASES = runs_in_one_mode("go")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("go")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("go")


@pytest.mark.world
@pytest.mark.parametrize("case", CASES)
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    outcome, message = outcome_of(case, "parity", sandbox)
    assert outcome == case.wanted["parity"] == case.wanted["corrected"], message


BUILD = b"FAIL\tcommand-line-arguments [build failed]\nFAIL\n"
SETUP = b"FAIL\tcommand-line-arguments [setup failed]\nFAIL\n"
FAILED = b"--- FAIL: TestAdd (0.00s)\nFAIL\n"
RULES = [
    (completed(stdout=b"ok \tcommand-line-arguments\t0.002s\n"), ("passed", "OK")),
    (completed(stderr=b"FAIL [build failed]"), ("passed", "OK")),
    (completed(exit_code=1), ("failed", "OK")),
    (completed(stdout=FAILED), ("failed", "Exception")),
    (completed(exit_code=1, stdout=FAILED), ("failed", "Exception")),
    (completed(exit_code=2, stdout=BUILD), ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stdout=SETUP), ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stdout=b"." * 100_000 + BUILD), ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stdout=BUILD, memory_exceeded=True), ("out_of_memory", "SyntaxError")),
    (completed(exit_code=1, stdout=FAILED, processes_exceeded=True), ("process_limit", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(exit_code=None, signal=11), ("crashed", "OK")),
]


@pytest.mark.parametrize(("saw", "wanted"), RULES)
def test_status_rules(saw: Completed, wanted: tuple[str, str]) -> None:
    assert [language_named("go").read(saw, mode) for mode in MODES] == [wanted] * 2


@pytest.mark.world
@pytest.mark.parametrize("probe", language_named("go").probes(""), ids=lambda probe: probe.name)
def test_the_self_test_holds(sandbox: Sandbox, probe: Probe) -> None:
    check = try_probe(probe, language_named("go"), "parity", sandbox, "go")
    assert check.ok, check


HEAD = 'package x_test\n\nimport (\n    "os"\n    "testing"\n)\n\n'
TEST = '\nfunc TestX(t *testing.T) {\n    os.Getenv("X")\n}\n'
ODD = {
    "ends with 0 in a test": (HEAD + "func TestX(t *testing.T) {\n    os.Exit(0)\n}\n", ("failed", "Exception")),
    "a NUL byte": (HEAD + "var x = 1 \0" + TEST, ("syntax_error", "SyntaxError")),
    "no such package": (HEAD.replace("os", "example.com/x") + TEST, ("syntax_error", "SyntaxError")),
    "writes into the build cache": (
        HEAD + 'var _ = os.RemoveAll(os.Getenv("HOME") + "/.cache/go-build")\n' + TEST, ("passed", "OK")
    ),
}  # fmt: skip


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "go", program) == wanted


def test_a_program_has_30_seconds_for_compiler_vet_and_tests_together() -> None:
    job = language_named("go").prepare(b"", "parity")
    assert [step.command for step in job.steps] == [["go", "test", "tmp/program_test.go"]]
    assert job.limits["run"].wall_seconds == 30.0
