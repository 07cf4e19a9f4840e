"""The set-up action builds an environment of its own once, and says what is missing when it cannot."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.actions.documents import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world
# Stands for python: writes its arguments down, and makes the environment's python another of its kind.
STUB = """#!/bin/sh
printf '%s\\n' "$*" >> "{log}"
case "$*" in
  *"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"; cp "$0" "$last/bin/podium" ;;
  *"{broken}"*) exit 1 ;;
esac
"""


class Machine:
    """A runner with the action's repository checked out, and a python that only writes down what it is asked."""

    def __init__(self, root: Path) -> None:
        self.log, self.temp, self.python = root / "log", root / "temp", root / "python"
        self.repository = root / "repository"
        self.temp.mkdir()
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
        self, extras: str = "", python: str | None = None, languages: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run setup.py as the action does."""
        environment = {
            "RUNNER_TEMP": str(self.temp),
            "PODIUM_SETUP_EXTRAS": extras,
            "PODIUM_SETUP_LANGUAGES": languages,
            "PODIUM_SETUP_PYTHON": str(self.python) if python is None else python,
        }
        script = self.repository / "actions" / "setup" / "setup.py"
        command = [sys.executable, "-I", str(script)]
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
