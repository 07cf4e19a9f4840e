"""C#: the cases, what its tests say and what they mean, and the texts that fail a program."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import DATA, MODES, check_collection, need_toolchain, outcome_of, read_cases
from tests.unit.execute.languages.odd import completed, judged
from tests.unit.execute.users import USERS, judge_as
from tests.unit.execute.users import Case as UserCase

from podium.execute.languages import language_named
from podium.execute.languages.csharp import meant
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode

CASES = read_cases("cs")
BY_REFERENCE = [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("cs")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("cs")


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", BY_REFERENCE, ids=str)
def test_lists_dictionaries_and_null_pass_in_one_mode(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    outcome, message = outcome_of(case, mode, sandbox)
    assert outcome == {"parity": "failed", "corrected": "passed"}[mode], message


@pytest.mark.world
@pytest.mark.parametrize("case", [case for case in CASES if case not in BY_REFERENCE], ids=str)
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    outcome, message = outcome_of(case, "parity", sandbox)
    assert outcome == case.wanted["parity"], message


@pytest.mark.world
@pytest.mark.parametrize("case", [case for case in CASES if case.variant.startswith("wrong")], ids=str)
def test_a_wrong_program_is_wrong_in_corrected_mode_too(sandbox: Sandbox, case: Case) -> None:
    assert outcome_of(case, "corrected", sandbox)[0] == "failed"


def read_tests(name: str) -> dict[str, str]:
    if not DATA.is_dir():
        pytest.skip(f"no evaluation data at {DATA}")
    with gzip.open(DATA / "multipl-e" / name, "rt", encoding="utf-8") as lines:
        return {row["name"]: row["tests"] for row in map(json.loads, lines)}


def test_lists_are_compared_as_in_the_data_that_was_repaired_by_hand() -> None:
    published, repaired = (read_tests(f"humaneval-cs.{part}jsonl.gz") for part in ("", "sequence-equal."))
    lists = {name for name in published if published[name] != repaired[name]}
    assert len(lists) == 44
    assert {name for name in lists if meant(published[name].encode()) != repaired[name].encode()} == set()


def test_beside_lists_only_a_dictionary_and_nulls_are_meant_otherwise() -> None:
    published, repaired = (read_tests(f"humaneval-cs.{part}jsonl.gz") for part in ("", "sequence-equal."))
    others = {name for name, tests in repaired.items() if meant(tests.encode()) != tests.encode()}
    assert published.keys() == repaired.keys()
    assert others == {
        "HumanEval_12_longest", "HumanEval_90_next_smallest", "HumanEval_111_histogram", "HumanEval_128_prod_signs",
        "HumanEval_162_string_to_md5",
    }  # fmt: skip


def test_what_the_model_wrote_is_left_alone() -> None:
    line = b"    Debug.Assert(f(x).Equals((new List<long>())));\n"
    program = b"class Problem {\n" + line + b"    public static void Main(string[] args) {\n"
    assert meant(program + line) == program + line.replace(b".Equals", b".SequenceEqual")


def test_the_commands_are_the_harness_s_but_for_the_compiler_s_name() -> None:
    compile_step, run = language_named("cs").prepare(b"", "parity").steps
    assert compile_step.command[:3] == ["mcs", "/d:DEBUG", "-r:System.Numerics.dll"]
    assert (run.command[0], run.limits.wall_seconds) == ("mono", 5.0)
    assert compile_step.limits.wall_seconds > run.limits.wall_seconds


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(4))
def test_the_self_test_holds(sandbox: Sandbox, number: int, mode: Mode) -> None:
    language = language_named("cs")
    check = try_probe(language.probes("")[number], language, mode, sandbox, "cs")
    assert check.ok, check


FAIL = b"System.Diagnostics.DefaultTraceListener.Fail (message)"
THROWN = b"\nUnhandled Exception:\nSystem.Exception: no\n"
NO_MEMORY = THROWN + b"OutOfMemoryException"
STATUS = [
    (completed(), ("passed", "OK")),
    (completed(stdout=FAIL), ("passed", "OK")),
    (completed(stderr=FAIL), ("failed", "Exception")),
    (completed(stderr=b"." * 5000 + FAIL), ("failed", "Exception")),
    (completed(exit_code=1, stderr=THROWN), ("failed", "Exception")),
    (completed(exit_code=3), ("failed", "OK")),
    (completed(exit_code=None, signal=6), ("crashed", "OK")),
    (completed(exit_code=None, signal=6, stderr=THROWN), ("crashed", "Exception")),
    (completed(exit_code=1, stderr=THROWN, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True, stderr=FAIL), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(step="compile", exit_code=1), ("syntax_error", "SyntaxError")),
    (completed(step="compile", exit_code=1, stderr=NO_MEMORY), ("out_of_memory", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, timed_out=True), ("timed_out", "SyntaxError")),
]


@pytest.mark.parametrize(("saw", "wanted"), STATUS)
def test_status_rules(saw: Completed, wanted: tuple[str, str]) -> None:
    language = language_named("cs")
    assert [language.read(saw, mode) for mode in MODES] == [wanted, wanted]


MAIN = "using System;\nclass Problem {\n    public static void Main(string[] args) {\n"
ROOMY = {
    "1 GB": "var all = new byte[10][];\nfor (int i = 0; i < 10; i++) { all[i] = new byte[100 << 20]; all[i][7] = 1; }",
    "much garbage": "long s = 0;\nfor (int i = 0; i < 3000; i++) { s += new byte[1 << 20].Length; }",
    "100 threads": (
        "var all = new System.Threading.Thread[100];\nfor (int i = 0; i < 100; i++) {\n"
        "all[i] = new System.Threading.Thread(() => System.Threading.Thread.Sleep(500)); all[i].Start(); }\n"
        "foreach (var one in all) { one.Join(); }"
    ),
    "in parallel": "System.Threading.Tasks.Parallel.For(0, 1000, i => { });",
    "10 MB of output": "Console.Write(new string('x', 10 << 20));",
}


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_a_right_program_meets_no_limit(user: str) -> None:
    need_toolchain("cs")
    patient = {"wall_seconds": 60, "cpu_seconds": 60}
    cases = [UserCase("cs", f"{MAIN}{body}\n}}\n}}\n", patient, "cs") for body in ROOMY.values()]
    found = {name: each.outcome for name, each in zip(ROOMY, judge_as(user, cases), strict=True)}
    assert found == dict.fromkeys(ROOMY, "passed")


CONNECTS = (
    "using (var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, "
    'System.Net.Sockets.ProtocolType.Tcp)) { socket.Connect(System.Net.IPAddress.Parse("127.0.0.1"), 22); }'
)
ODD = {
    "ends early": ("Environment.Exit(0);", ("passed", "OK")),
    "an exit code of its own": ("Environment.Exit(3);", ("failed", "OK")),
    "a failed assertion": ("System.Diagnostics.Debug.Assert(false);", ("failed", "Exception")),
    "says what failures say": ('Console.Error.WriteLine("Unhandled Exception");', ("failed", "Exception")),
    "a secret file": ('System.IO.File.ReadAllText("/etc/shadow");', ("failed", "Exception")),
    "the compiler's folder": ('System.IO.File.WriteAllText("/usr/lib/mono/4.5/x", "");', ("failed", "Exception")),
    "the network": (CONNECTS, ("failed", "Exception")),
    "bytes that are no text": ("Console.OpenStandardOutput().WriteByte(255);", ("passed", "OK")),
    "a NUL byte, which is blank to mcs": ("\0", ("passed", "OK")),
    "10 MB": (f"// {'x' * 10_000_000}\n", ("passed", "OK")),
}


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    body, wanted = ODD[name]
    assert judged(sandbox, "cs", f"{MAIN}{body}\n}}\n}}\n") == wanted
