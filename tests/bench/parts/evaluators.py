"""The official harness's own evaluators of single programs, on a machine whose toolchains have other names or places.

`python evaluators.py CHECKOUT LANGUAGE PATIENCE` reads programs, a JSON string a line, and writes [status, exit code]
for each; every limit of time is PATIENCE times the harness's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

METRICS = "bigcode_eval/tasks/custom_metrics"
# The harness has no limit of memory; a mutated program must not take the whole machine.
MEMORY_BYTES = 16 << 30
JAVATUPLES = "/usr/share/java/javatuples.jar"
# What the harness calls and this machine calls otherwise.
RENAMED = {
    "lua": '#!/bin/sh\nexec lua5.3 "$@"\n',
    "rustc": '#!/bin/sh\nexec /usr/bin/rustc "$@"\n',
    # As rdmd does: a program that does not compile is told by the compiler's own words and code.
    "rdmd": '#!/bin/sh\nldmd2 -unittest -of="$2.bin" "$2" || exit\n"$2.bin"\ncode=$?\nrm -f "$2.bin"\nexit $code\n',
}
IN_ROOT = (
    "bwrap --die-with-parent --ro-bind {root} / --proc /proc --dev /dev --tmpfs /tmp --bind {temporary} {temporary} "
    "--setenv HOME {temporary} --chdir {temporary}"
)
# What was compiled in a root runs in it: its libraries are nowhere else.
SWIFTC = """#!/bin/sh
{inside} swiftc "$@" || exit
mv "$3" "$3.real"
printf '#!/bin/sh\\nexec {inside} %s.real\\n' "$3" >"$3"
chmod +x "$3"
"""


class Answer(NamedTuple):
    """What the harness says of a program."""

    status: str
    exit_code: int | None

    @property
    def passed(self) -> bool:
        """As the harness counts it."""
        return self.status == "OK" and self.exit_code == 0


@contextmanager
def evaluator(
    checkout: Path, language: str, roots: Mapping[str, Path], patience: int
) -> Iterator[subprocess.Popen[str]]:
    """A process that answers programs of a language; `roots` hold toolchains that this machine has not."""
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as name:
        commands, temporary = Path(name, "bin"), Path(name, "tmp")
        for folder in (commands, temporary):
            folder.mkdir()
        _write_commands(commands, temporary, roots)
        environment = {
            "PATH": f"{commands}:/usr/bin:/bin",
            "HOME": str(temporary),
            "TMPDIR": str(temporary),
            "CLASSPATH": JAVATUPLES,
            "LC_ALL": "C.UTF-8",
        }
        command = [sys.executable, "-B", str(Path(__file__).resolve()), str(checkout), language, str(patience)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env=environment, cwd=temporary, stdin=pipe, stdout=pipe, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def ask(process: subprocess.Popen[str], program: bytes) -> Answer:
    """Let the harness run one program."""
    assert process.stdin is not None
    assert process.stdout is not None
    print(json.dumps(program.decode("utf-8", "surrogateescape")), file=process.stdin, flush=True)
    return Answer(*json.loads(process.stdout.readline()))


def _write_commands(folder: Path, temporary: Path, roots: Mapping[str, Path]) -> None:
    scripts = dict(RENAMED)
    for language, root in roots.items():
        inside = IN_ROOT.format(root=root, temporary=temporary)
        if language == "jl":
            scripts["julia"] = f'#!/bin/sh\nexec {inside} julia "$@"\n'
        if language == "swift":
            scripts["swiftc"] = SWIFTC.format(inside=inside)
    for name, text in scripts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)


def _answer(evaluate: object, language: str, program: str) -> Sequence[object]:
    try:
        result = evaluate(language, program)  # type: ignore[operator]
    except Exception as err:  # noqa: BLE001  whatever the harness raises is its answer
        return [f"the harness raised {type(err).__name__}: {err}"[:200], None]
    return [result["status"], result["exit_code"]]


def _be_patient(patience: int) -> None:
    """Multiply the limits of both ways in which the harness runs commands."""
    plain = subprocess.run

    def run(*arguments: object, timeout: float | None = None, **named: object) -> object:
        return plain(*arguments, timeout=timeout and timeout * patience, **named)  # type: ignore[call-overload]

    subprocess.run = run  # type: ignore[assignment]
    for name, module in list(sys.modules.items()):
        if name.startswith("multiple_metrics.eval_") and (safe := getattr(module, "run", None)):
            module.run = _Patient(safe, patience)  # type: ignore[attr-defined]


class _Patient:
    def __init__(self, run: Callable[..., object], patience: int) -> None:
        self._run, self._patience = run, patience

    def __call__(self, arguments: list[str], timeout_seconds: int = 15, **named: object) -> object:
        return self._run(arguments, timeout_seconds=timeout_seconds * self._patience, **named)


def main() -> None:
    """Answer until nobody asks."""
    checkout, language, patience = sys.argv[1:]
    sys.path.insert(0, f"{checkout}/{METRICS}")
    answer = os.dup(1)
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    from multiple_metrics.containerized_eval import eval_string_script  # type: ignore[import-not-found]

    _be_patient(int(patience))
    with os.fdopen(answer, "w", encoding="utf-8") as stream:
        for line in sys.stdin:
            print(json.dumps(_answer(eval_string_script, language, json.loads(line))), file=stream, flush=True)


if __name__ == "__main__":
    main()
