"""Languages: what to run for a program and how to read what running it showed. Pure; the sandbox does the running."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from podium.execute.provisions import WITHHELD_SIGNAL
from podium.names import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.execute.jobs import Completed, Job
    from podium.records import Outcome

Mode = Literal["parity", "corrected"]
LANGUAGES = {
    "py": "podium.execute.languages.python:Python",
    "sh": "podium.execute.languages.shell:Shell",
    "pl": "podium.execute.languages.perl:Perl",
    "jl": "podium.execute.languages.julia:Julia",
    "swift": "podium.execute.languages.swift:Swift",
    "lua": "podium.execute.languages.lua:Lua",
    "r": "podium.execute.languages.r:R",
    "rkt": "podium.execute.languages.racket:Racket",
    "rb": "podium.execute.languages.ruby:Ruby",
    "cpp": "podium.execute.languages.cpp:Cpp",
    "d": "podium.execute.languages.dlang:D",
    "rs": "podium.execute.languages.rust:Rust",
    "java": "podium.execute.languages.java:Java",
    "js": "podium.execute.languages.javascript:JavaScript",
    "php": "podium.execute.languages.php:Php",
    "cs": "podium.execute.languages.csharp:CSharp",
}

# No ordinary program meets these: a file as large as the whole box, threads for a machine of many cores.
FILE_BYTES, PROCESSES = 512 << 20, 256


def asked_for_withheld(completed: Completed) -> tuple[Outcome, str] | None:
    """The outcome of a program that asked for something its list withholds, or None; see `provisions`."""
    if completed.signal != WITHHELD_SIGNAL:
        return None
    lines = completed.stderr.decode(errors="replace").strip().splitlines()
    name = lines[-1][:200] if lines else "something"
    return "unavailable", f"it asked for {name}, which the harness has and programs here have not"


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A program whose outcome is known: the toolchain is sound when it gives that outcome."""

    name: str
    program: str
    wanted: Outcome


class Language(Protocol):
    """One language of the harness. `tools` are commands whose first line of output is a version.

    `folders` are those outside /usr that its toolchain lies in; programs may read them.
    """

    tools: dict[str, list[str]]
    folders: tuple[str, ...]

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """What to run for a program, and under which limits."""

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """The outcome, and the harness's text for it."""

    def second_look(self, program: bytes) -> Job | None:
        """What else to run before a pass is believed, or None."""

    def read_again(self, completed: Completed) -> tuple[Outcome, str] | None:
        """The outcome instead of the pass that the second look refutes, or None."""

    def probes(self, tests: str) -> list[Probe]:
        """Programs for the self-test of the toolchain, with the modules that `tests` need."""


def met_limit(completed: Completed) -> Outcome | None:
    """The limit of ours, unknown to the harness, that a program which did not pass was seen to meet."""
    if completed.memory_exceeded:
        return "out_of_memory"
    if completed.processes_exceeded:
        return "process_limit"
    return "file_limit" if completed.files_exceeded else None


def judge(
    language: Language, program: bytes, mode: Mode, run: Callable[[Job], Completed]
) -> tuple[Completed, Outcome, str]:
    """Run one program and read what that showed; `run` is where programs run. Raises SandboxError."""
    completed = run(language.prepare(program, mode))
    outcome, message = language.read(completed, mode)
    look = language.second_look(program) if outcome == "passed" else None
    outcome, message = (language.read_again(run(look)) if look else None) or (outcome, message)
    return completed, outcome, message


def language_named(name: str) -> Language:
    """Return a language by its short name. Raises UnknownNameError."""
    language: Language = load("language", name, LANGUAGES)()
    return language


def toolchain_folders() -> list[Path]:
    """The folders outside /usr that any language's toolchain lies in."""
    return [Path(folder) for name in LANGUAGES for folder in language_named(name).folders]
