"""Java: the cases, both class paths, what the status rules read, and what a virtual machine needs of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of, read_cases
from tests.unit.execute.languages.odd import completed, judged
from tests.unit.execute.users import USERS, judge_as
from tests.unit.execute.users import Case as UserCase

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode

CASES = read_cases("java")
DIFFERENT = [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]]
SAME = [case for case in CASES if case not in DIFFERENT]
# A second each: the rest of the right ones is there for comparisons with the harness.
MANY = [case for case in SAME if case.variant == "right"][16:]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("java")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("java")


def test_a_pair_in_the_signature_is_what_the_modes_differ_in() -> None:
    assert {str(case) for case in DIFFERENT} == {
        "HumanEval_8_sum_product.right",
        "HumanEval_8_sum_product.early_exit",
        "HumanEval_20_find_closest_elements.right",
        "HumanEval_87_get_row.right",
        "HumanEval_107_even_odd_palindrome.right",
    }


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", DIFFERENT, ids=str)
def test_programs_with_pairs(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    outcome, message = outcome_of(case, mode, sandbox)
    assert outcome == case.wanted[mode], message


@pytest.mark.world
@pytest.mark.parametrize("case", [case for case in SAME if case not in MANY], ids=str)
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    outcome, message = outcome_of(case, "parity", sandbox)
    assert outcome == case.wanted["parity"], message


@pytest.mark.world
@pytest.mark.slow
def test_more_right_solutions_pass_in_both_modes(sandbox: Sandbox) -> None:
    found = {(str(case), mode): outcome_of(case, mode, sandbox)[0] for case in MANY for mode in MODES}
    assert set(found.values()) == {"passed"}, found


def test_the_commands_are_the_harness_s_but_for_the_heap_and_the_corrected_class_path() -> None:
    (compile_step, run), (_, corrected) = (language_named("java").prepare(b"", mode).steps for mode in MODES)
    assert [part for part in compile_step.command if "MaxRAM" not in part] == [
        "javac", "-encoding", "UTF8", "-d", ".", "tmp/program.java",
    ]  # fmt: skip
    assert [part for part in run.command if "MaxRAM" not in part] == ["java", "-ea", "-cp", ".", "Problem"]
    assert "/usr/share/java/javatuples.jar" in corrected.command[corrected.command.index("-cp") + 1]
    assert {step.limits.wall_seconds for step in (compile_step, run)} == {15.0}


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(4))
def test_the_self_test_holds(sandbox: Sandbox, number: int, mode: Mode) -> None:
    language = language_named("java")
    check = try_probe(language.probes("")[number], language, mode, sandbox, "java")
    assert check.ok, check


@pytest.mark.world
def test_it_starts_without_isolation_where_addresses_are_limited() -> None:
    need_toolchain("java")
    language = language_named("java")
    with UnsafeSandbox() as unsafe:
        check = try_probe(language.probes("")[0], language, "parity", unsafe, "java")
    assert check.ok, check


FULL = b'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space'
NO_MACHINE = b"Error occurred during initialization of VM\nCould not allocate"
QUOTED = b"program.java:3: error: ';' expected\n } catch (java.lang.OutOfMemoryError e) { x }\n"
STATUS = [
    (completed(), ("passed", "OK")),
    (completed(stderr=FULL), ("passed", "OK")),
    (completed(exit_code=1), ("failed", "Exception")),
    (completed(exit_code=None, signal=6), ("crashed", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(exit_code=None, signal=9, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=1, stderr=FULL), ("out_of_memory", "Exception")),
    (completed(exit_code=1, stdout=NO_MACHINE), ("out_of_memory", "Exception")),
    (completed(exit_code=1, stderr=FULL, processes_exceeded=True), ("process_limit", "Exception")),
    (completed(step="compile", exit_code=1), ("syntax_error", "SyntaxError")),
    (completed(step="compile", exit_code=1, stderr=QUOTED), ("syntax_error", "SyntaxError")),
    (completed(step="compile", exit_code=3, stderr=FULL), ("out_of_memory", "SyntaxError")),
    (completed(step="compile", exit_code=1, stdout=NO_MACHINE), ("out_of_memory", "SyntaxError")),
    (completed(step="compile", exit_code=1, memory_exceeded=True), ("out_of_memory", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, timed_out=True), ("timed_out", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, output_exceeded=True), ("output_limit", "SyntaxError")),
]


@pytest.mark.parametrize(("saw", "wanted"), STATUS)
def test_status_rules(saw: Completed, wanted: tuple[str, str]) -> None:
    assert language_named("java").read(saw, "parity") == wanted


MAIN = "class Problem {\n    public static void main(String[] args) throws Exception {\n"
PROCESSOR = """
import java.io.*; import java.util.*; import javax.annotation.processing.*; import javax.lang.model.element.*;
import javax.tools.*;

@Deprecated
class Problem {
    @SupportedAnnotationTypes("*")
    public static class Harm extends AbstractProcessor {
        public Harm() throws IOException { new FileWriter("harm").close(); new FileInputStream("/etc/shadow"); }
        public boolean process(Set<? extends TypeElement> types, RoundEnvironment round) { return false; }
    }
    public static void main(String[] args) throws Exception {
        assert !new File("harm").exists();
        new File("META-INF/services").mkdirs();
        for (String folder : new String[] {".", "../tmp"}) {
            new File(folder + "/META-INF/services").mkdirs();
            File named = new File(folder + "/META-INF/services/javax.annotation.processing.Processor");
            try (FileWriter out = new FileWriter(named)) { out.write("Problem$Harm"); }
        }
        String[] arguments = {"-processorpath", ".", "-d", ".", "../tmp/program.java"};
        assert ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments) != 0;
        assert new File("harm").exists();
        try {
            new FileOutputStream(System.getProperty("java.home") + "/lib/harm").close();
            assert false;
        } catch (IOException e) {
            assert e.getMessage().contains("Read-only");
        }
    }
}
"""
FOLDERS = (
    MAIN
    + """
        for (String folder : new String[] {".", "../tmp"}) {
            for (String name : new java.io.File(folder).list()) {
                assert name.matches("Problem.class|program.java|hsperfdata_.*") : name;
            }
        }
    }
}
"""
)


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_an_annotation_processor_does_not_run_when_it_is_compiled_and_leaves_nothing_to_the_next(user: str) -> None:
    """The compiler looks for one on its class path, javatuples alone; one that a program calls itself is contained."""
    need_toolchain("java")
    judgements = judge_as(user, [UserCase("java", text, provisions="java") for text in (PROCESSOR, FOLDERS)])
    assert [(judged.outcome, judged.stderr[-500:]) for judged in judgements[1:]] == [("passed", "")]
    assert judgements[0].outcome == "passed", judgements[0]


ROOMY = {
    "a large heap": "byte[][] all = new byte[20][];\nfor (int i = 0; i < 20; i++) { all[i] = new byte[100 << 20]; }",
    "much garbage": "long s = 0;\nfor (int i = 0; i < 10000; i++) { s += new byte[1 << 20].length; }\nassert s > 0;",
    "500 threads": (
        "Thread[] all = new Thread[500];\nfor (int i = 0; i < 500; i++) { all[i] = new Thread(() -> {\n"
        "try { Thread.sleep(1000); } catch (InterruptedException e) { } }); all[i].start(); }\n"
        "for (Thread one : all) { one.join(); }"
    ),
    "a parallel stream": "assert java.util.stream.LongStream.range(0, 5000000).parallel().sum() == 12499997500000L;",
    "100 MB of files": 'try (var out = new java.io.FileOutputStream("f")) { out.write(new byte[100 << 20]); }',
    "deep recursion": "assert deep(5000) == 5000;\n}\nstatic int deep(int n) { return n == 0 ? 0 : 1 + deep(n - 1);",
}


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_a_right_program_meets_no_limit(user: str) -> None:
    need_toolchain("java")
    cases = [UserCase("java", f"{MAIN}{body}\n}}\n}}\n", provisions="java") for body in ROOMY.values()]
    judgements = judge_as(user, cases)
    failed = {name: judged for name, judged in zip(ROOMY, judgements, strict=True) if judged.outcome != "passed"}
    assert not failed


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_a_compiler_that_lacks_memory_is_no_syntax_error(user: str) -> None:
    need_toolchain("java")
    large = f"{MAIN}int[] large = {{{'1, ' * 300_000}}};\n}}\n}}\n"
    [judged] = judge_as(user, [UserCase("java", large, {"memory_bytes": 64 << 20}, "java")])
    assert (judged.outcome, judged.message) == ("out_of_memory", "SyntaxError")


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_a_heap_that_is_full_is_told(user: str) -> None:
    need_toolchain("java")
    body = "var all = new java.util.ArrayList<byte[]>();\nwhile (true) { all.add(new byte[100 << 20]); }"
    [judged] = judge_as(user, [UserCase("java", f"{MAIN}{body}\n}}\n}}\n", provisions="java")])
    assert (judged.outcome, judged.message) == ("out_of_memory", "Exception")


ASKS = 'new ProcessBuilder("python3").inheritIO().start().waitFor();'
WITHHELD = "it asked for python3, which the harness has and programs here have not"
MUCH = "byte[] much = new byte[1 << 20];\nfor (int i = 0; i < 1000; i++) { System.out.write(much, 0, much.length); }"
ODD = {
    "ends early": (f"{MAIN}System.exit(0);\n}}\n}}", ("passed", "OK")),
    "assertions are on": (f"{MAIN}assert false;\n}}\n}}", ("failed", "Exception")),
    "its heap is the same everywhere": (
        f"{MAIN}assert Runtime.getRuntime().maxMemory() == 3L << 30;\n}}\n}}",
        ("passed", "OK"),
    ),
    "no main": ("class Problem { }", ("failed", "Exception")),
    "another class": (MAIN.replace("Problem", "Solution") + "}\n}", ("failed", "Exception")),
    "a public class in another file": (f"public {MAIN}}}\n}}", ("syntax_error", "SyntaxError")),
    "javatuples": (f"import org.javatuples.Pair;\n{MAIN}Pair<Long, Long> p = null;\n}}\n}}", ("passed", "OK")),
    "other libraries": ("import com.google.common.collect.Lists;\nclass Problem { }", ("syntax_error", "SyntaxError")),
    "a secret file": (f'{MAIN}new java.io.FileInputStream("/etc/shadow");\n}}\n}}', ("failed", "Exception")),
    "the network": (f'{MAIN}new java.net.Socket("127.0.0.1", 22);\n}}\n}}', ("failed", "Exception")),
    "a NUL byte": (f"\0{MAIN}}}\n}}", ("syntax_error", "SyntaxError")),
    "a lone surrogate": (f'{MAIN}String s = "\ud800";\n}}\n}}', ("syntax_error", "SyntaxError")),
    "letters of the world": (f'{MAIN}assert "é".length() == 1;\n}}\n}}', ("passed", "OK")),
    "10 MB": (f"// {'x' * 10_000_000}\n{MAIN}}}\n}}", ("passed", "OK")),
    "1 GB of output": (f"{MAIN}{MUCH}\n}}\n}}", ("output_limit", "Timeout")),
    "asks for what is withheld": (f"{MAIN}{ASKS}\n}}\n}}", ("unavailable", WITHHELD)),
}  # fmt: skip


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "java", program) == wanted
