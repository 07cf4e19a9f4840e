"""The self-test of a toolchain: only where it passed is a low score the model's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from podium.errors import SandboxError
from podium.execute.programs import encode_program
from podium.records import Check

if TYPE_CHECKING:
    from podium.execute.languages import Language, Mode, Probe
    from podium.execute.sandbox import Runner
    from podium.records import Limits

ENDLESS_SECONDS = 1.0
# A sound toolchain passes at once; a loaded machine gets more time before it is called unsound.
PATIENT_SECONDS = 30.0


def read_versions(language: Language, limits: Limits, sandbox: Runner) -> dict[str, str]:
    """The first line that each tool of a language says about its version. Raises SandboxError."""
    versions = {}
    for name, command in language.tools.items():
        patient = msgspec.structs.replace(limits, wall_seconds=PATIENT_SECONDS)
        completed = sandbox.run(command, files={}, limits=patient)
        lines = (completed.stdout or completed.stderr).decode(errors="replace").strip().splitlines()
        if completed.exit_code != 0 or not lines:
            message = f"{' '.join(command)} does not work in the sandbox (exit code {completed.exit_code})"
            raise SandboxError(message, hint=f"install {name} below /usr")
        versions[name] = lines[0]
    return versions


def self_test(language: Language, mode: Mode, tests: str, sandbox: Runner) -> list[Check]:
    """Run programs whose outcome is known. Raises SandboxError naming each that showed another."""
    limits = language.limits(mode)

    def check(probe: Probe) -> Check:
        run = language.prepare(encode_program(probe.program))
        seconds = ENDLESS_SECONDS if probe.wanted == "timed_out" else PATIENT_SECONDS
        completed = sandbox.run(
            run.command,
            files=run.files,
            limits=msgspec.structs.replace(limits, wall_seconds=seconds),
            grace_seconds=run.grace_seconds,
            resident=run.resident,
        )
        outcome, message = language.read(completed, mode)
        saw = outcome if outcome == probe.wanted else f"{outcome} ({message}), not {probe.wanted}"
        return Check(name=probe.name, ok=outcome == probe.wanted, saw=saw)

    with ThreadPoolExecutor(max_workers=2) as pool:
        checks = list(pool.map(check, language.probes(tests)))
    wrong = [f"{check.name} was {check.saw}" for check in checks if not check.ok]
    if wrong:
        message = f"the toolchain's self-test failed: {'; '.join(wrong)}"
        raise SandboxError(message, hint=f"repair {', '.join(language.tools)} on this machine, then run it again")
    return checks
