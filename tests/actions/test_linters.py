"""Other people's linters find nothing: actionlint with shellcheck, zizmor, and the published schemas."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.actions.documents import ACTION_FILES, CALLER_TEMPLATE, PINNED_RELEASE, REPOSITORY, WORKFLOW_FILES

pytestmark = pytest.mark.world
BESIDE_PYTHON = Path(sys.executable).parent


def program(name: str) -> str:
    """The linter from the environment the tests run in; the test is skipped where it is absent."""
    found = shutil.which(name, path=BESIDE_PYTHON) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def check(*command: str) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    """The caller workflow as `podium init` writes it, in a model's repository."""
    path = tmp_path / ".github" / "workflows" / "podium.yml"
    path.parent.mkdir(parents=True)
    text = CALLER_TEMPLATE.read_text(encoding="utf-8")
    path.write_text(text.replace("@podium@", f"{PINNED_RELEASE} # v0.1.0"), encoding="utf-8")
    return path


def test_actionlint_finds_nothing() -> None:
    check(program("actionlint"), "-shellcheck", program("shellcheck"), *map(str, WORKFLOW_FILES))


def test_actionlint_finds_nothing_in_the_caller(caller: Path) -> None:
    check(program("actionlint"), "-shellcheck", program("shellcheck"), str(caller))


def test_zizmor_finds_nothing_even_when_pedantic() -> None:
    check(program("zizmor"), "--offline", "--pedantic", "--strict-collection", ".github", "actions")


def test_zizmor_finds_nothing_in_the_caller(caller: Path) -> None:
    check(program("zizmor"), "--offline", "--pedantic", "--strict-collection", str(caller))


def test_workflows_fit_the_published_schema(caller: Path) -> None:
    paths = map(str, [*WORKFLOW_FILES, caller])
    check(program("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *paths)


def test_actions_fit_the_published_schema() -> None:
    check(program("check-jsonschema"), "--builtin-schema", "vendor.github-actions", *map(str, ACTION_FILES))
