"""The set-up action builds an environment of its own once, and says what is missing when it cannot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.actions.documents import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.world
# Stands for python: writes its arguments down, and makes the environment's python another of its kind.
STUB = """#!/bin/sh
printf '%s\\n' "$*" >> "{log}"
case "$*" in
  *"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"; cp "$0" "$last/bin/podium"
    mkdir -p "$last/lib"; head -c 2000000 /dev/zero > "$last/lib/large" ;;
  *"{broken}"*) exit 1 ;;
  *"print(sys.version)"*) cat "{log}.version" ;;
esac
"""


class Machine:
    """A runner with the action's repository checked out, and a python that only writes down what it is asked."""

    def __init__(self, root: Path) -> None:
        self.temp, self.repository = root / "temp", root / "repository"
        self.log, self.python = self.temp / "log", self.temp / "python"
        self.temp.mkdir()
        self.log.with_name("log.version").write_text("3.11.0", encoding="utf-8")
        (self.repository / "scripts" / "podium").mkdir(parents=True)
        for name in ("pyproject.toml", "constraints.txt", "actions/setup/setup.py"):
            (self.repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, self.repository / name)
        self.break_at("nothing breaks")

    def break_at(self, words: str) -> None:
        """Make every call whose arguments hold these words fail."""
        self.python.write_text(STUB.format(log=self.log, broken=words), encoding="utf-8")
        self.python.chmod(0o755)

    def setup(
        self, extras: str = "", python: str | None = None, languages: str = "", prepared: str = "", job: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run setup.py as the action does."""
        environment = {
            "RUNNER_TEMP": str(self.temp),
            "PODIUM_SETUP_EXTRAS": extras,
            "PODIUM_SETUP_LANGUAGES": languages,
            "PODIUM_SETUP_PYTHON": str(self.python) if python is None else python,
            "PODIUM_PREPARED": prepared,
            "PATH": os.environ["PATH"],
        }
        script = self.repository / "actions" / "setup" / "setup.py"
        command = [sys.executable, "-I", *(["-c", job] if job else []), str(script)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def calls(self) -> list[str]:
        """What python was asked since the last look."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_plain_setup_installs_the_constrained_package_without_torch(machine: Machine) -> None:
    assert machine.setup().returncode == 0
    _, venv, install = machine.calls()
    assert venv == f"-I -m venv --clear {machine.temp}/podium"
    assert f"--constraint {machine.repository}/constraints.txt {machine.repository}" in install
    assert "torch" not in install


def test_model_extra_installs_torch_before_everything_else(machine: Machine) -> None:
    assert machine.setup("model").returncode == 0
    torch, package = machine.calls()[2:]
    assert torch.endswith("constraints.txt torch")
    assert package.endswith("/repository[model]")


def test_constraints_pin_the_package_that_goes_in_first() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert "torch==2.13.0" in lines


def test_second_setup_does_nothing(machine: Machine) -> None:
    machine.setup("model")
    machine.calls()
    done = machine.setup(" model ")
    assert "is there already" in done.stdout
    assert machine.calls() == []


@pytest.mark.parametrize("change", ["extras", "source", "constraint"])
def test_changed_wish_or_source_is_installed_again(machine: Machine, change: str) -> None:
    machine.setup()
    machine.calls()
    if change == "source":
        (machine.repository / "scripts" / "podium" / "new.py").write_text("", encoding="utf-8")
    if change == "constraint":
        (machine.repository / "constraints.txt").write_text("", encoding="utf-8")
    assert machine.setup("model" if change == "extras" else "").returncode == 0
    assert machine.calls()


def test_interrupted_setup_is_not_taken_for_a_finished_one(machine: Machine) -> None:
    machine.break_at("install")
    done = machine.setup()
    assert done.returncode == 1
    assert "::error::" in done.stdout
    assert "what to do" in done.stdout
    machine.break_at("nothing breaks")
    machine.calls()
    assert machine.setup().returncode == 0
    assert len(machine.calls()) == 3


def test_torn_stamp_is_not_taken_for_a_finished_one(machine: Machine) -> None:
    machine.setup()
    stamp = machine.temp / "podium" / "podium-setup.json"
    assert json.loads(stamp.read_text(encoding="utf-8"))["extras"] == []
    stamp.write_text("{", encoding="utf-8")
    machine.calls()
    machine.setup()
    assert machine.calls()


def test_old_python_names_the_input_to_set(machine: Machine) -> None:
    machine.break_at("version_info")
    done = machine.setup()
    assert done.returncode == 1
    assert "3.11" in done.stdout
    assert "input `python`" in done.stdout


def test_missing_python_names_the_input_to_set(machine: Machine) -> None:
    done = machine.setup(python="/no/such/python")
    assert done.returncode == 1
    assert "/no/such/python does not start" in done.stdout
    assert "input `python`" in done.stdout


def test_extra_that_is_no_name_is_refused_before_anything_runs(machine: Machine) -> None:
    done = machine.setup("model] @ https://example.org/x")
    assert done.returncode == 1
    assert "extras: model" in done.stdout
    assert machine.calls() == []


def test_toolchains_are_installed_by_podium_itself_each_time_they_are_asked_for(machine: Machine) -> None:
    assert machine.setup(languages=" cpp,jl ").returncode == 0
    assert machine.calls()[-1] == "toolchains install --languages cpp,jl --yes"
    assert machine.setup(languages="cpp").returncode == 0
    assert machine.calls() == ["toolchains install --languages cpp --yes"]
    machine.break_at("toolchains")
    shutil.copy(machine.python, machine.temp / "podium" / "bin" / "podium")
    done = machine.setup(languages="cpp")
    assert done.returncode == 1
    assert "run its command as root" in done.stdout


def test_outside_a_runner_it_says_so(machine: Machine) -> None:
    script = machine.repository / "actions" / "setup" / "setup.py"
    done = subprocess.run([sys.executable, str(script)], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "RUNNER_TEMP" in done.stdout


# The job's user where the tests run as root. Imports first: root's interpreter may be closed to that user.
AS_NOBODY = """
import __future__, argparse, hashlib, json, os, pathlib, re, stat, subprocess, sys, typing
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.argv = sys.argv[1:]
text = pathlib.Path(sys.argv[0]).read_text()
exec(compile(text, sys.argv[0], "exec"), {"__name__": "__main__", "__file__": sys.argv[0]})
"""


class Owned:
    """A machine whose owner prepared an environment; the owner is root, and jobs belong to somebody else."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "prepared"
        root.chmod(0o755)
        self.machine = Machine(root)
        self.is_root = os.geteuid() == 0
        made = self.prepare(self.folder, "model")
        assert made.returncode == 0, made.stderr
        assert f"PODIUM_PREPARED={self.folder}" in made.stdout
        for path in (self.folder / "lib", self.folder / "lib" / "large"):
            assert path.exists(), "what pip installs"
        self.machine.calls()
        if self.is_root:
            self.as_owner("chown", "-R", "65534", self.machine.temp)
        else:
            self.as_owner("chown", "0", root)
            self.as_owner("chown", "-R", "-h", "0", self.folder)

    def as_owner(self, *words: str | Path) -> None:
        """One command of root's."""
        subprocess.run([*([] if self.is_root else ["sudo", "-n"]), *map(str, words)], check=True)

    def prepare(self, folder: Path, extras: str) -> subprocess.CompletedProcess[str]:
        """The documented command."""
        script = self.machine.repository / "actions" / "setup" / "setup.py"
        options = ["--prepare", folder, "--extras", extras, "--python", self.machine.python]
        command = [sys.executable, script, *options]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)

    def job(
        self, extras: str = "model", prepared: str | None = None, python: str = "", *, is_new: bool = True
    ) -> tuple[bool, str]:
        """Set up in a job, a new one or the last one; returns whether what was prepared is used, and what was said."""
        named = str(self.folder) if prepared is None else prepared
        if is_new:
            self.as_owner("rm", "-rf", self.machine.temp / "podium")
        stub = self.machine.temp / "python3"  # what is installed with where no input names a python
        if not stub.exists():
            self.as_owner("cp", "-p", self.machine.python, stub)
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{self.machine.temp}:{path}"
        done = self.machine.setup(extras, python=python, prepared=named, job=AS_NOBODY if self.is_root else "")
        os.environ["PATH"] = path
        assert done.returncode == 0, done.stdout + done.stderr
        target = self.machine.temp / "podium"
        assert (target / "bin" / "podium").exists(), "whatever was decided, the job has podium"
        is_used = target.is_symlink() and target.resolve() == self.folder
        assert is_used != any("-m venv" in call for call in self.machine.calls())
        return is_used, done.stdout


@pytest.fixture
def owned() -> Iterator[Owned]:
    sudo = ["true"] if os.geteuid() == 0 else ["sudo", "-n", "true"]
    if shutil.which(sudo[0]) is None or subprocess.run(sudo, check=False, capture_output=True).returncode:
        pytest.skip("only root, or sudo without a password, gives files to another user")
    root = Path(tempfile.mkdtemp())
    try:
        yield Owned(root)
    finally:
        subprocess.run([*sudo[:-1], "rm", "-rf", str(root)], check=True)


def test_what_the_owner_prepared_is_used_and_nothing_is_installed(owned: Owned) -> None:
    assert owned.job() == (
        True,
        f"setup: {owned.folder} was prepared for this: nothing is installed\n"
        f"setup: podium is in {owned.machine.temp}/podium\n",
    )
    assert owned.job(is_new=False)[0], "a job may set up twice"
    assert not owned.job(extras="dev", is_new=False)[0]
    assert owned.job()[0], "installing for one job never went through the link into the prepared folder"
    assert owned.job(extras="")[0], "an environment with more extras does for a job with fewer"


CHANGES: dict[str, tuple[Callable[[Owned], object], str]] = {
    "content": (lambda it: it.as_owner("cp", "/dev/null", it.folder / "bin" / "podium"), "something in it was changed"),
    "added": (lambda it: it.as_owner("touch", it.folder / "lib" / "new.pth"), "something in it was changed"),
    "gone": (lambda it: it.as_owner("rm", it.folder / "lib" / "large"), "something in it was changed"),
    "time of a large file": (
        lambda it: it.as_owner("touch", "-d", "@1", it.folder / "lib" / "large"),
        "something in it was changed",
    ),
    "writable file": (lambda it: it.as_owner("chmod", "o+w", it.folder / "bin" / "python"), "can be written to"),
    "writable folder": (lambda it: it.as_owner("chmod", "o+w", it.folder / "lib"), "lib can be written to"),
    "writable above": (lambda it: it.as_owner("chmod", "o+w", it.root), "can be written to"),
    "own file": (
        lambda it: it.as_owner("chown", str(it.machine.temp.stat().st_uid), it.folder / "bin" / "python"),
        "belongs to the job's own user",
    ),
    "link to own": (
        lambda it: it.as_owner("ln", "-s", it.machine.temp, it.folder / "lib" / "out"),
        "belongs to the job's own user",
    ),
    "no stamp": (lambda it: it.as_owner("rm", it.folder / "podium-prepared.json"), "No such file"),
    "torn stamp": (lambda it: it.as_owner("cp", "/dev/null", it.folder / "podium-prepared.json"), "is damaged"),
    "other release": (
        lambda it: it.as_owner("touch", it.machine.repository / "scripts" / "podium" / "new.py"),
        "another version of podium",
    ),
    "replaced interpreter": (
        lambda it: it.as_owner("cp", "/dev/null", it.machine.temp / "log.version"),
        "interpreter it was made with was replaced",
    ),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_prepared_folder_that_does_not_fit_is_left_with_the_reason(owned: Owned, change: str) -> None:
    make, reason = CHANGES[change]
    make(owned)
    is_used, said = owned.job()
    assert not is_used
    assert f"::warning::setup: PODIUM_PREPARED={owned.folder} is not used, podium is installed instead: " in said
    assert reason in said
    assert "what to do: the machine's owner" in said


def test_wishes_that_the_prepared_folder_lacks_are_installed_for_the_job(owned: Owned) -> None:
    assert "it lacks the extras dev" in owned.job(extras="model,dev")[1]
    assert "the job asks for python3" in owned.job(extras="", python="python3")[1]
    assert "not an absolute path" in owned.job(extras="model", prepared="prepared")[1]


def test_preparing_never_writes_over_a_folder(owned: Owned) -> None:
    again = owned.prepare(owned.folder, "")
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert "what to do: name a folder that does not exist yet" in again.stderr
