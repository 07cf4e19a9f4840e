"""Install podium into "$RUNNER_TEMP/podium", from the repository this action came with.

Reads PODIUM_SETUP_PYTHON, PODIUM_SETUP_EXTRAS and PODIUM_SETUP_LANGUAGES. Standard library only, and syntax that an
old python3 can still parse, so that it can say what is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
STAMP = "podium-setup.json"
OLDEST_PYTHON = (3, 11)
EXTRA_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
# An extra's large package that goes in first, so that pip never picks another build of it on the way.
FIRST_PACKAGES = {"model": "torch"}


class SetupError(Exception):
    """A failure with a sentence for people and a remedy."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def parse_extras(text: str) -> list[str]:
    """`model,dev` as sorted names. Raises SetupError."""
    names = sorted({part.strip() for part in text.split(",") if part.strip()})
    for name in names:
        if not EXTRA_NAME.match(name):
            message = f"{name!r} is not the name of an extra"
            raise SetupError(message, "pass for example `extras: model`")
    return names


def fingerprint(repository: Path) -> str:
    """Digest of everything the installation is made from."""
    digest = hashlib.sha256()
    sources = (path for path in (repository / "scripts").rglob("*") if "__pycache__" not in path.parts)
    for path in sorted([repository / "pyproject.toml", repository / "constraints.txt", *sources]):
        if path.is_file():
            digest.update(f"{path.relative_to(repository)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def is_installed(target: Path, wanted: dict[str, object]) -> bool:
    """Whether an earlier call finished exactly this installation."""
    try:
        return bool(json.loads((target / STAMP).read_text(encoding="utf-8")) == wanted)
    except (OSError, ValueError):
        return False


def run(command: list[str], hint: str) -> None:
    """Run one command in the log's sight. Raises SetupError."""
    try:
        subprocess.run(command, check=True)
    except OSError as err:
        message = f"{command[0]} does not start: {err}"
        raise SetupError(message, hint) from err
    except subprocess.CalledProcessError as err:
        message = f"{' '.join(command)} ended with exit code {err.returncode}"
        raise SetupError(message, hint) from err


def install(python: str, target: Path, extras: list[str]) -> None:
    """Build the environment anew and install podium with the constrained versions."""
    oldest = ".".join(map(str, OLDEST_PYTHON))
    check = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    run([python, "-c", check], f"install Python {oldest} or newer, or name it with the input `python`")
    # Isolated: neither the caller's PYTHONPATH nor the working directory may bring in modules.
    run([python, "-I", "-m", "venv", "--clear", str(target)], "install the module venv (Debian: python3-venv)")
    pip = [str(target / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--constraint", str(REPOSITORY / "constraints.txt")]
    hint = "look at pip's message above: the runner needs a package index and a few GB of disk"
    for extra in extras:
        if extra in FIRST_PACKAGES:
            run([*pip, FIRST_PACKAGES[extra]], hint)
    run([*pip, f"{REPOSITORY}[{','.join(extras)}]" if extras else str(REPOSITORY)], hint)


def install_toolchains(target: Path, languages: str) -> None:
    """Let podium itself install what programs in these languages need. Raises SetupError."""
    command = [str(target / "bin" / "podium"), "toolchains", "install", "--languages", languages, "--yes"]
    run(command, "podium's message above says what to do; on a machine of your own run its command as root, once")


def main() -> int:
    """Install unless it is done already; returns the exit code."""
    try:
        extras = parse_extras(os.environ.get("PODIUM_SETUP_EXTRAS", ""))
        python = os.environ.get("PODIUM_SETUP_PYTHON") or "python3"
        target = Path(os.environ["RUNNER_TEMP"]) / "podium"
        wanted: dict[str, object] = {"extras": extras, "python": python, "sources": fingerprint(REPOSITORY)}
        if is_installed(target, wanted):
            print(f"setup: {target} is there already")
        else:
            install(python, target, extras)
            # Last, so that an interrupted installation is never taken for a finished one.
            (target / STAMP).write_text(json.dumps(wanted), encoding="utf-8")
        if languages := os.environ.get("PODIUM_SETUP_LANGUAGES", "").strip():
            install_toolchains(target, languages)
    except KeyError as err:
        print(f"::error::setup: {err} is not set%0Awhat to do: run this as a GitHub action")
        return 2
    except SetupError as err:
        print(f"::error::setup: {err}%0Awhat to do: {err.hint}")
        return 1
    print(f"setup: podium is in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
