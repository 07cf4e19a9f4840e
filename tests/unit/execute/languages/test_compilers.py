"""Compilers that are not there, are others, or meet a limit of ours: never a verdict against a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.execute.languages.cases import need_toolchain

from podium.errors import SandboxError
from podium.execute.languages import judge, language_named
from podium.execute.provisions import provisions_named
from podium.execute.provisions.checks import look
from podium.execute.provisions.machine import Machine
from podium.execute.sandbox import Sandbox
from podium.records import LIMIT_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.execute.jobs import Completed, Job

pytestmark = pytest.mark.world
# language -> (a command of its compiler, the Debian package that brings it)
COMPILERS = {"cpp": ("g++", "g++"), "d": ("ldmd2", "ldc"), "rs": ("rustc", "rustc")}
LINKERS = {"cpp": "ld", "d": "cc", "rs": "cc"}
# Each needs more than the memory that it gets below, and far less than it would get otherwise.
LARGE = {
    "cpp": '#include <bits/stdc++.h>\nint main() { std::regex r("x"); return std::regex_match("x", r) ? 0 : 1; }',
    "d": 'import std.regex, std.format; void main() { assert(matchFirst(format("%s", 1), ctRegex!`1`)); }',
    "rs": "static X: [u64; 20_000_000] = [7; 20_000_000]; fn main() { assert_eq!(X[5], 7); }",
}
SMALL_BYTES = 128 << 20


def poor_machine(folder: Path, language: str, *left_out: str, **instead: str) -> Machine:
    """A machine whose commands are links to this one's, without some, and with some leading elsewhere."""
    need_toolchain(language)
    for name in set(provisions_named(language).targets.values()) - set(left_out):
        if found := Machine().command(instead.get(name, name)):
            (folder / name).symlink_to(found)
    return Machine(commands=(str(folder),))


@pytest.mark.parametrize("language", COMPILERS)
def test_a_missing_compiler_is_named_with_the_package_that_brings_it(language: str, tmp_path: Path) -> None:
    command, package = COMPILERS[language]
    with (
        Sandbox(machine=poor_machine(tmp_path, language, command)) as poor,
        pytest.raises(SandboxError, match=f"missing commands: .*{command.replace('+', '.')}") as caught,
    ):
        look(provisions_named(language), poor)
    assert package in caught.value.hint.split()


@pytest.mark.parametrize("language", LINKERS)
def test_a_missing_linker_is_named_as_well(language: str, tmp_path: Path) -> None:
    command = LINKERS[language]
    with (
        Sandbox(machine=poor_machine(tmp_path, language, command)) as poor,
        pytest.raises(SandboxError, match=f"missing commands: .*{command}") as caught,
    ):
        look(provisions_named(language), poor)
    assert provisions_named(language).package_of(command) in caught.value.hint.split()


@pytest.mark.parametrize("language", COMPILERS)
def test_a_compiler_of_another_make_is_not_taken_for_the_right_one(language: str, tmp_path: Path) -> None:
    command, package = COMPILERS[language]
    with (
        Sandbox(machine=poor_machine(tmp_path, language, **{command: "bash"})) as odd,
        pytest.raises(SandboxError, match=r"is GNU bash, .*, not ") as caught,
    ):
        look(provisions_named(language), odd)
    assert package in caught.value.hint.split()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def judged(sandbox: Sandbox, language: str, **limits: int) -> str:
    def run(job: Job) -> Completed:
        steps = [
            msgspec.structs.replace(step, limits=msgspec.structs.replace(step.limits, **limits))
            for step in job.within(60.0, 60.0).steps
        ]
        return sandbox.run(msgspec.structs.replace(job, steps=steps, provisions=language))

    return judge(language_named(language), LARGE[language].encode(), "parity", run)[1]


@pytest.mark.parametrize("language", LARGE)
def test_a_compiler_that_meets_our_limit_is_no_syntax_error(sandbox: Sandbox, language: str) -> None:
    need_toolchain(language)
    assert judged(sandbox, language, memory_bytes=SMALL_BYTES) == "out_of_memory"
    assert judged(sandbox, language, file_bytes=1 << 12) in LIMIT_OUTCOMES


@pytest.mark.parametrize("language", LARGE)
def test_an_ordinary_program_is_far_from_our_limits(sandbox: Sandbox, language: str) -> None:
    need_toolchain(language)
    memory = language_named(language).prepare(b"", "parity").steps[0].limits.memory_bytes
    assert judged(sandbox, language, memory_bytes=memory // 4) == "passed"
