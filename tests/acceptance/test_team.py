"""docs/team.md followed by somebody who reads nothing else: every command, from an empty repository to a release."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tests.acceptance.gh
from tests.acceptance.command import CHECKPOINT, COMMAND, ROOT

from podium.standin.server import Standin
from podium.standin.world import Repository, User, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.command import Podium

pytestmark = [pytest.mark.world, pytest.mark.slow]
MODEL, FORK = "acme/tiny-1", "acme/bigcode-models-leaderboard"
OWNER = User(login="acme", token="standin-owner-token", scopes=["repo"])
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands_of(document: str) -> list[list[str]]:
    """The commands of all shell blocks, in order, without their comments."""
    text = "".join(BLOCK.findall((ROOT / document).read_text()))
    return [shlex.split(line, comments=True) for line in text.splitlines() if line.strip()]


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    world = World(
        users=[OWNER],
        repositories=[
            Repository(full_name=MODEL, writers=[OWNER.login]),
            Repository(full_name=FORK, writers=[OWNER.login], files={"community_results/.gitkeep": ""}),
        ],
    )
    with Standin(tmp_path / "state", world) as running:
        yield running


@pytest.fixture
def team(podium: Podium, standin: Standin) -> Podium:
    """A clone of an empty repository with what training wrote beside it, and the tools that the page names."""
    podium.folder = podium.folder / "tiny-1"
    podium.folder.mkdir()
    origin = podium.folder.with_name("origin.git")
    who = {"GIT_AUTHOR_NAME": "ada", "GIT_AUTHOR_EMAIL": "ada@example.invalid"}
    podium.environment |= {
        **who,
        **{name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()},
        "GITHUB_API_URL": standin.github_url,
        "GITHUB_REPOSITORY": MODEL,
        "GH_TOKEN": OWNER.token,
        "PODIUM_FORK_TOKEN": OWNER.token,
    }
    for words in (["init", "-q"], ["init", "-q", "--bare", str(origin)], ["remote", "add", "origin", str(origin)]):
        run(podium, ["git", *words])
    shutil.copytree(CHECKPOINT, podium.folder / "checkpoint")
    return podium


def run(podium: Podium, words: list[str]) -> str:
    """One command of the page, as typed."""
    tools = {"podium": COMMAND, "gh": (sys.executable, tests.acceptance.gh.__file__)}
    words = [*tools.get(words[0], words[:1]), *words[1:]]
    done = subprocess.run(
        words, cwd=podium.folder, env=podium.environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_page_leads_from_an_empty_repository_to_a_pull_request(team: Podium, standin: Standin) -> None:
    install, *commands = commands_of("docs/team.md")
    assert install[:2] == ["pipx", "install"]
    for words in commands:
        if words[:2] == ["git", "add"]:
            small_board(team)
        run(team, words)
    (pull,) = standin.store.state.repositories[FORK].pulls
    assert pull.state == "open"
    assert pull.body is not None
    assert "Release `v1.0.0` at commit" in pull.body
    assert "not checked" not in pull.body, "the tag was held against the clone"
    assert (team.folder / "throughput.json").is_file()


def small_board(team: Podium) -> None:
    """The real board's twelve languages take days and its data; the demo's board asks for the same of small ones."""
    path = team.folder / "podium.toml"
    text = path.read_text().replace('profile = "bigcode"', 'profile = "demo"').replace('"bfloat16"', '"float32"')
    path.write_text(text.replace('space = "bigcode/', 'space = "acme/'))


def test_the_page_installs_this_package_under_its_name() -> None:
    (_, _, requirement), *_ = commands_of("docs/team.md")
    name = re.search(r'^name = "(.+)"', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert name is not None
    assert requirement.startswith(f"{name[1]}[model] @ git+https://github.com/")


def test_the_readmes_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = commands_of("README.md")
    assert [words[0] for words in commands] == ["make", "make"]
    for _, target in commands:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
