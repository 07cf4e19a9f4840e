"""The self-test of a machine: only where sandbox and toolchain passed it is a low score the model's.

It runs before and after each batch, in the same wardens that the batch uses.
"""

from __future__ import annotations

import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from podium.errors import SandboxError
from podium.execute.jobs import one_step
from podium.execute.languages import judge, language_named
from podium.execute.programs import encode_program
from podium.execute.provisions import provisions_named
from podium.execute.provisions.checks import look
from podium.execute.toolchains.missing import how_to_repair
from podium.records import Check, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Language, Mode, Probe
    from podium.execute.sandbox import Runner
    from podium.tasks import Task

ENDLESS_SECONDS = 0.5
# A sound toolchain passes at once; a loaded machine gets more time before it is called unsound.
PATIENT_SECONDS = 30.0
AFTERWARDS = ", afterwards"
GUARD_LIMITS = Limits(
    wall_seconds=PATIENT_SECONDS,
    cpu_seconds=PATIENT_SECONDS,
    memory_bytes=256 << 20,
    output_bytes=1 << 16,
    file_bytes=1 << 20,
    processes=24,
)
HELD = "\npassed"


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """An attack that the sandbox must withstand, in Python (it passes if it was refused) or sh; `held` reads it."""

    name: str
    python: str = ""
    sh: str = ""
    held: Callable[[Completed], bool]


def _passed(completed: Completed) -> bool:
    return completed.result == HELD


def _passed_or_killed(completed: Completed) -> bool:
    return _passed(completed) or completed.memory_exceeded


def _refused(*deeds: str) -> str:
    """A program that passes only if every deed raises OSError or MemoryError."""
    lines = ["import os, posix, socket"]
    for deed in deeds:
        lines += ["try:", f"    {deed}", "except (OSError, MemoryError):", "    pass"]
        lines += ["else:", f"    raise SystemExit({deed!r})"]
    return "\n".join(lines)


FORK_BOMB = textwrap.dedent("""
    import posix, time
    try:
        for _ in range(200):
            if posix.fork() == 0:
                time.sleep(60)
                posix._exit(0)
    except BlockingIOError:
        pass
    else:
        raise SystemExit("200 processes")
""")
GUARDS = (
    Guard(name="memory bomb", python=_refused("bytearray(b'x') * (1 << 30)"), held=_passed_or_killed),
    Guard(name="fork bomb", python=FORK_BOMB, held=_passed),
    Guard(name="output flood", sh="while :; do echo flood; done", held=lambda done: done.output_exceeded),
    Guard(
        name="output that is not UTF-8",
        sh=r"printf '\377\376\000x'",
        held=lambda done: done.stdout == b"\xff\xfe\x00x" and done.exit_code == 0,
    ),
    Guard(
        name="network",
        python=_refused(
            "socket.create_connection(('192.0.2.1', 80), 1)",
            "socket.create_connection(('127.0.0.1', 22), 1)",
            "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        ),
        held=_passed,
    ),
    Guard(
        name="files outside",
        python=_refused(
            "open('/etc/shadow')", "open('/proc/1/environ').read()", "os.listdir('/sys')", "open('/etc/x', 'w')",
            "open('/usr/x', 'w')", "open('/x', 'w')",
        ),
        held=_passed,
    ),
)  # fmt: skip
# Without isolation only the limits of one process hold.
GUARDS_WITHOUT_ISOLATION = ("memory bomb", "output flood", "output that is not UTF-8")


def read_versions(language: Language, mode: Mode, sandbox: Runner, provisions: str) -> dict[str, str]:
    """The first line that each tool of a language says about its version. Raises SandboxError."""
    versions = {}
    limits = language.prepare(b"", mode).within(PATIENT_SECONDS, PATIENT_SECONDS).steps[0].limits
    for name, command in language.tools.items():
        completed = sandbox.run(one_step(command, files={}, limits=limits, provisions=provisions))
        lines = (completed.stdout or completed.stderr).decode(errors="replace").strip().splitlines()
        if completed.exit_code != 0 or not lines:
            message = f"{' '.join(command)} does not work in the sandbox (exit code {completed.exit_code})"
            raise SandboxError(message, hint=f"install {name} below /usr")
        versions[name] = lines[0]
    return versions


def self_test(task: Task, mode: Mode, sandbox: Runner, when: str = "") -> list[Check]:
    """Run attacks and programs whose outcome is known, and check what programs of the task may use.

    Raises SandboxError naming each that showed another outcome, or what is missing.
    """
    language, tests, provisions = language_named(task.language), task.problems[0].tests, task.provisions_name
    with ThreadPoolExecutor(max_workers=2) as pool:
        provided = pool.submit(look, provisions_named(provisions), sandbox)
        guards = pool.map(lambda guard: try_guard(guard, sandbox), guards_of(sandbox))
        probes = pool.map(lambda probe: try_probe(probe, language, mode, sandbox, provisions), language.probes(tests))
        checks = [*probes, *guards, Check(name="provisions", ok=True, saw=str(provided.result()))]
    wrong = [f"{check.name} was {check.saw}" for check in checks if not check.ok]
    if wrong:
        message = f"the toolchain's self-test failed{when}: {'; '.join(wrong)}"
        raise SandboxError(message, hint=how_to_repair(task.language, sandbox.root_of(provisions)))
    return [msgspec.structs.replace(check, name=check.name + when) for check in checks]


def guards_of(sandbox: Runner) -> list[Guard]:
    """The attacks that this kind of sandbox promises to withstand."""
    isolated = sandbox.facts().isolated
    return [guard for guard in GUARDS if isolated or guard.name in GUARDS_WITHOUT_ISOLATION]


def try_guard(guard: Guard, sandbox: Runner) -> Check:
    """Attack the sandbox once."""
    if guard.python:
        files = {"program.py": guard.python.encode()}
        job = one_step(["program.py"], files=files, limits=GUARD_LIMITS, grace_seconds=1.0, driver="python")
    else:
        job = one_step(["sh", "-c", guard.sh], files={}, limits=GUARD_LIMITS)
    completed = sandbox.run(job)
    held = guard.held(completed)
    return Check(name=guard.name, ok=held, saw="contained" if held else f"not contained: {_says(completed)}")


def _says(completed: Completed) -> str:
    if completed.result is not None:
        return " ".join(completed.result.split())
    return f"exit code {completed.exit_code}, signal {completed.signal}, {completed.stderr[:200]!r}"


def try_probe(probe: Probe, language: Language, mode: Mode, sandbox: Runner, provisions: str) -> Check:
    """Run one program whose outcome in a language is known."""
    seconds = ENDLESS_SECONDS if probe.wanted == "timed_out" else PATIENT_SECONDS

    def run_once(job: Job) -> Completed:
        return sandbox.run(msgspec.structs.replace(job.within(seconds, PATIENT_SECONDS), provisions=provisions))

    _, outcome, message = judge(language, encode_program(probe.program), mode, run_once)
    saw = outcome if outcome == probe.wanted else f"{outcome} ({message}), not {probe.wanted}"
    return Check(name=probe.name, ok=outcome == probe.wanted, saw=saw)
