"""Install podium into "$RUNNER_TEMP/podium", from the repository this action came with.

Reads PODIUM_SETUP_PYTHON, PODIUM_SETUP_EXTRAS and PODIUM_SETUP_LANGUAGES, and PODIUM_PREPARED: a folder that the
machine's owner made with `setup.py --prepare FOLDER`, used instead of installing where no job can have changed it.
Standard library only, and syntax that an old python3 can still parse, so that it can say what is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parent.parent.parent
STAMP = "podium-setup.json"
PREPARED_STAMP = "podium-prepared.json"
# Reading gigabytes of compiled libraries takes longer than it tells: of larger files size and time stand in the digest.
LARGE_BYTES = 2**20
DEFAULT_PYTHON = "python3"
ANEW = "the machine's owner makes it anew: setup.py --prepare FOLDER as root, or as a user that runs no jobs"
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


def is_installed(target: Path, wanted: dict[str, Any]) -> bool:
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


def entries_of(folder: Path) -> Iterator[Path]:
    """Everything below a folder, in order. Raises OSError for what cannot be looked at."""

    def refuse(err: OSError) -> None:
        raise err

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (Path(parent, name) for name in sorted([*folders, *files]))


def digest_of(folder: Path) -> str:
    """Digest of a prepared folder: names, modes, links and contents; size and time of large files."""
    digest = hashlib.sha256()
    for path in entries_of(folder):
        if path == folder / PREPARED_STAMP:
            continue
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)  # noqa: PTH115 - the text as it is
        elif not stat.S_ISREG(status.st_mode):
            content = ""
        elif status.st_size > LARGE_BYTES:
            content = f"{status.st_size} {int(status.st_mtime)}"
        else:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        line = f"{path.relative_to(folder)}\0{stat.filemode(status.st_mode)}\0{content}\n"
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def interpreter_of(folder: Path) -> str:
    """What the environment's python calls itself; it lies outside the folder. Raises OSError, CalledProcessError."""
    command = [str(folder / "bin" / "python"), "-I", "-c", "import sys; print(sys.version)"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def prepare(folder: Path, python: str, extras: list[str]) -> None:
    """Install into a new folder for all later jobs of this machine. Raises SetupError."""
    if os.path.lexists(folder):
        message = f"{folder} is there already"
        raise SetupError(message, "name a folder that does not exist yet, or remove this one while no job runs")
    os.umask(0o022)  # root's may keep other users from reading
    install(python, folder, extras)
    try:
        made = {"extras": extras, "python": python, "sources": fingerprint(REPOSITORY)}
        stamp = {**made, "interpreter": interpreter_of(folder), "files": digest_of(folder)}
        (folder / PREPARED_STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    except (OSError, subprocess.CalledProcessError) as err:
        message = f"{folder} was not finished: {err}"
        raise SetupError(message, "remove it and prepare it again") from err


def check_untouchable(path: Path, *, is_above: bool = False) -> None:
    """Refuse what the job's user owns or can write to; a sticky folder above lets nobody replace others' entries."""
    status = path.lstat()
    if status.st_uid == os.geteuid():
        message = f"{path} belongs to the job's own user"
        raise SetupError(message, ANEW)
    if stat.S_ISLNK(status.st_mode):
        check_untouchable(path.resolve(strict=True))
    elif os.access(path, os.W_OK) and not (is_above and status.st_mode & stat.S_ISVTX):
        message = f"{path} can be written to by the job's user"
        raise SetupError(message, ANEW)


def check_stamp(stamp: dict[str, Any], wanted: dict[str, Any], python: str) -> None:
    """Refuse an environment for another release, without an extra, or of another interpreter. Raises SetupError."""
    if stamp["sources"] != wanted["sources"]:
        message = "it was made from another version of podium than this job's"
        raise SetupError(message, "the machine's owner prepares one from the commit that the workflow names")
    if missing := sorted(set(wanted["extras"]) - set(stamp["extras"])):
        message = f"it lacks the extras {', '.join(missing)}"
        raise SetupError(message, f"the machine's owner prepares one with --extras {','.join(wanted['extras'])}")
    if python and stamp["python"] != python:
        message = f"it was made with {stamp['python']}, and the job asks for {python}"
        raise SetupError(message, f"leave the input `python` out, or prepare one with --python {python}")


def check_prepared(folder: Path, wanted: dict[str, Any], python: str) -> None:
    """Refuse a prepared environment that does not fit or that a job can have changed. Raises SetupError."""
    try:
        stamp = json.loads((folder / PREPARED_STAMP).read_text(encoding="utf-8"))
        check_stamp(stamp, wanted, python)
        for path in folder.parents:
            check_untouchable(path, is_above=True)
        for path in [folder, *entries_of(folder)]:
            check_untouchable(path)
        if digest_of(folder) != stamp["files"]:
            message = f"it is not what {PREPARED_STAMP} says: something in it was changed since it was made"
            raise SetupError(message, ANEW)
        if interpreter_of(folder) != stamp["interpreter"]:
            message = "the interpreter it was made with was replaced"
            raise SetupError(message, ANEW)
    except (KeyError, TypeError, ValueError) as err:
        message = f"{PREPARED_STAMP} is damaged"
        raise SetupError(message, ANEW) from err
    except (OSError, subprocess.CalledProcessError) as err:
        raise SetupError(str(err), ANEW) from err


def link_prepared(named: str, target: Path, wanted: dict[str, Any], python: str) -> bool:
    """Let the job use the machine's prepared environment; says why not where it does not."""
    try:
        if not Path(named).is_absolute():
            message = "it is not an absolute path"
            raise SetupError(message, "write PODIUM_PREPARED=/FOLDER into the file .env of the runner")
        folder = Path(os.path.realpath(named))
        check_prepared(folder, wanted, python)
    except SetupError as err:
        why = f"PODIUM_PREPARED={named} is not used, podium is installed instead: {err}"
        print(f"::warning::setup: {why}%0Awhat to do: {err.hint}")
        return False
    target.symlink_to(folder)
    print(f"setup: {folder} was prepared for this: nothing is installed")
    return True


def set_up() -> Path:
    """Have podium in the job's temporary folder; returns where. Raises SetupError, KeyError."""
    extras = parse_extras(os.environ.get("PODIUM_SETUP_EXTRAS", ""))
    asked = os.environ.get("PODIUM_SETUP_PYTHON", "")
    python, target = asked or DEFAULT_PYTHON, Path(os.environ["RUNNER_TEMP"]) / "podium"
    if target.is_symlink():
        target.unlink()  # never installed through: what it leads to is looked at anew, or left
    wanted: dict[str, Any] = {"extras": extras, "python": python, "sources": fingerprint(REPOSITORY)}
    named = os.environ.get("PODIUM_PREPARED", "").strip()
    if is_installed(target, wanted):
        print(f"setup: {target} is there already")
    elif target.exists() or not named or not link_prepared(named, target, wanted, asked):
        install(python, target, extras)
        # Last, so that an interrupted installation is never taken for a finished one.
        (target / STAMP).write_text(json.dumps(wanted), encoding="utf-8")
    return target


def prepare_as_told(arguments: list[str]) -> int:
    """The owner's command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Install podium once for all jobs of this machine.")
    parser.add_argument("--prepare", type=Path, metavar="FOLDER", required=True, help="new folder to install into")
    parser.add_argument("--extras", default="", help="comma-separated extras of the package: model")
    parser.add_argument("--python", default=DEFAULT_PYTHON, help="interpreter that all users of the machine can read")
    told = parser.parse_args(arguments)
    folder = told.prepare.parent.resolve() / told.prepare.name
    try:
        prepare(folder, told.python, parse_extras(told.extras))
    except SetupError as err:
        print(f"setup: {err}\nwhat to do: {err.hint}", file=sys.stderr)
        return 1
    print(f"setup: podium is in {folder}; write PODIUM_PREPARED={folder} into the file .env of the runner")
    return 0


def main() -> int:
    """Install unless it is done already; returns the exit code."""
    if sys.argv[1:]:
        return prepare_as_told(sys.argv[1:])
    try:
        target = set_up()
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
