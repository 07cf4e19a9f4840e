"""A user's checkout of bigcode-evaluation-harness and the interpreter it runs in: what they are, nothing imported."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import msgspec

from podium.errors import UsageError
from podium.files import parse_json, read_bytes, sha256_bytes, sha256_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

CLONE_HINT = "git clone https://github.com/bigcode-project/bigcode-evaluation-harness"
# Metadata only: importing torch to learn its version would take seconds.
ASK = """
import importlib.metadata, json, platform, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps({"executable": sys.executable, "python": platform.python_version(),
                  "folders": [sys.prefix, sys.base_prefix], "packages": found}))
"""


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """A Python interpreter: its path and version, its environment's folders, versions of the packages asked for."""

    executable: str
    python: str
    folders: tuple[str, ...]
    packages: dict[str, str]


def ask_interpreter(command: str, packages: Sequence[str] = (), *, hint: str) -> Interpreter:
    """Run an interpreter once and ask what it is. Raises UsageError, with `hint`, where it is none."""
    try:
        asked = subprocess.run([command, "-c", ASK, *packages], capture_output=True, check=True, timeout=60)
        return msgspec.convert(parse_json(asked.stdout, command), Interpreter)
    except (OSError, subprocess.SubprocessError, ValueError) as err:
        message = f"{command} does not run as a Python interpreter: {err}"
        raise UsageError(message, hint=hint) from err


def check_checkout(checkout: Path, needed: Iterable[str]) -> Path:
    """The resolved folder of a checkout. Raises UsageError when a file that makes it one is missing."""
    for name in needed:
        if not (checkout / name).is_file():
            message = f"{checkout} is no checkout of bigcode-evaluation-harness: it has no {name}"
            raise UsageError(message, hint=CLONE_HINT)
    return checkout.resolve()


def digest_of_sources(checkout: Path, sources: Iterable[Path]) -> str:
    """One digest of some of a checkout's files: what really ran, whatever commit it says it is."""
    return sha256_json(
        [[path.relative_to(checkout).as_posix(), sha256_bytes(read_bytes(path))] for path in sorted(sources)]
    )


def commit_of(checkout: Path) -> str:
    """The commit of a checkout with git's own folder, else nothing."""
    try:
        head = (checkout / ".git" / "HEAD").read_text().strip()
        if head.startswith("ref: "):
            head = (checkout / ".git" / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return ""
    return head if re.fullmatch(r"[0-9a-f]{40}", head) else ""
