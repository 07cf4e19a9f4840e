"""What is missing on a machine is found before anything is converted or drawn, by run, plan and doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from podium.cli.plan import command as plan_command
from podium.cli.wanted import needed
from podium.config import read_config
from podium.demo.walkthrough import package_folder
from podium.doctor import check_provisions
from podium.errors import SandboxError, UnknownNameError
from podium.execute.languages import LANGUAGES
from podium.execute.provisions import provisions_named
from podium.execute.provisions.machine import Machine
from podium.execute.sandbox import Sandbox
from podium.pipeline import RunOptions, Tools, run
from podium.plan import PlanOptions
from podium.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world


@pytest.fixture
def poor(tmp_path: Path) -> Machine:
    """This machine without sed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in set(provisions_named("demo-pl").targets.values()) - {"sed"}:
        if found := Machine().command(name):
            (folder / name).symlink_to(found)
    return Machine(commands=(str(folder),))


def no_backend(*_: Any, **__: Any) -> Any:
    pytest.fail("a backend was built although programs could not be judged")


def test_run_stops_before_the_checkpoint_is_read(tmp_path: Path, poor: Machine) -> None:
    config = read_config(package_folder() / "podium.toml")
    asked = PlanOptions(tag="v1", checkpoint=package_folder() / config.model.checkpoint, tasks=("demo-sh", "demo-pl"))
    options = RunOptions(plan=asked, run_dir=tmp_path / "run")
    with (
        Sandbox(machine=poor) as sandbox,
        pytest.raises(SandboxError, match=r"'demo-sh'.*sed.*'demo-pl'.*sed") as caught,
    ):
        run(options, config, Tools(build_backend=no_backend, sandbox=sandbox), SilentProgress())
    assert caught.value.exit_code == 7
    assert caught.value.hint.endswith(" sed")
    assert not (tmp_path / "run" / "model").exists()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in a workflow"])
def test_plan_says_what_is_missing_here_but_not_for_jobs_that_run_elsewhere(
    tmp_path: Path, poor: Machine, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    monkeypatch.setattr("podium.cli.plan.build_sandbox", lambda **_: Sandbox(machine=poor))
    config, output = package_folder() / "podium.toml", tmp_path / "plan.json"
    options = ["--config", str(config), "--tasks", "demo-sh", "--tag", "v1", "-o", str(output)]
    options += ["--checkpoint", str(package_folder() / "checkpoint")]
    if elsewhere:
        monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    result = CliRunner().invoke(plan_command, options)
    assert output.exists()
    if elsewhere:
        assert result.exit_code == 0, result.output
    else:
        assert isinstance(result.exception, SandboxError)
        assert "missing commands: sed" in str(result.exception)


def test_doctor_asks_for_what_the_named_tasks_need_and_no_more() -> None:
    assert needed((), ("demo-sh", "humaneval")) == {"demo-sh": "sh", "py": "py"}
    assert needed(("pl",), ()) == {"pl": "pl", "demo-pl": "pl"}
    assert set(needed((), ()).values()) == set(LANGUAGES)
    with pytest.raises(UnknownNameError, match="did you mean 'demo-sh'"):
        needed((), ("demo-sch",))


def test_doctor_shows_every_list_of_a_language_with_versions_or_the_remedy(poor: Machine) -> None:
    with Sandbox() as rich:
        checks = {check.name: check for check in check_provisions(rich, ["py"])}
    assert next(iter(checks)) == "provisions py"
    assert "numpy 2" in checks["provisions py"].saw
    with Sandbox(machine=poor) as sandbox:
        checks = {check.name: check for check in check_provisions(sandbox, needed(("sh",), ()))}
    assert set(checks) == {"provisions sh", "provisions demo-sh"}
    assert [check.ok for check in checks.values()] == [False, False]
    assert checks["provisions demo-sh"].saw.endswith(" sed")
