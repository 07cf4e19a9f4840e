"""podium doctor: every layer and toolchain by name, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podium.doctor import check_languages, check_sandbox
from podium.errors import SandboxUnavailableError
from podium.execute.sandbox import Sandbox
from podium.records import Diagnosis, SandboxFacts, decode

if TYPE_CHECKING:
    from tests.acceptance.command import Podium


@pytest.mark.world
def test_doctor_names_layers_attacks_and_toolchains(podium: Podium) -> None:
    said = podium("doctor", "--json", "--languages", "py")
    assert said.code == 0, said.err
    checks = {check.name: check for check in decode(said.out.encode(), Diagnosis, "doctor").checks}
    assert "seccomp" in checks["sandbox"].saw
    assert checks["sandbox, fork bomb"].saw == "contained"
    assert checks["toolchain py"].saw.startswith("Python 3.")
    assert "sympy 1." in checks["provisions py"].saw
    assert "toolchain pl" not in checks


@pytest.mark.world
def test_unknown_language_is_a_usage_error(podium: Podium) -> None:
    said = podium("doctor", "--languages", "cobol")
    assert said.code == 2
    assert "known languages" in said.err


class Unavailable(Sandbox):
    """A sandbox on a machine that gives none."""

    def facts(self) -> SandboxFacts:
        """Refuse."""
        message = "this machine cannot isolate programs"
        raise SandboxUnavailableError(message, hint="--unsafe-no-sandbox")


def test_machine_without_a_sandbox_fails_with_the_remedy() -> None:
    checks = list(check_sandbox(Unavailable()))
    assert [check.ok for check in checks] == [False]
    assert "--unsafe-no-sandbox" in checks[0].saw


@pytest.mark.world
def test_toolchain_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.execute.languages.shell.Shell.tools", {"bash": ["no-such-bash"]})
    with Sandbox() as sandbox:
        checks = list(check_languages(sandbox, {"demo-sh": "sh"}))
    assert [(check.name, check.ok) for check in checks] == [("toolchain sh, for demo-sh", False)]
    assert "no-such-bash" in checks[0].saw
