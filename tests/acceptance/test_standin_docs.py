"""docs/standin.md: every command in it runs, its files are read, and its tables name what there is."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.command import COMMAND, Podium
from tests.acceptance.workplace import TOML
from tests.unit.boards.runs import write_run

from podium.standin.faults import Fault
from podium.standin.world import BOT, FORK, Repository, Space, User, World

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.world

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "standin.md").read_text()
BLOCK = re.compile(r"```(?:json (\S+))?\n(.*?)```", re.DOTALL)
FILES = {name: body for name, body in BLOCK.findall(TEXT) if name}
COMMANDS = [
    line for name, body in BLOCK.findall(TEXT) if not name for line in body.splitlines() if line.startswith("podium ")
]
STARTS = [line for line in COMMANDS if line.startswith("podium standin")]


class Served:
    """A stand-in started by a command of the document, and podium pointed at it as the document says."""

    def __init__(self, podium: Podium, line: str) -> None:
        self._podium = podium
        self.process = subprocess.Popen(
            [*COMMAND, *shlex.split(line)[1:]],
            cwd=podium.folder,
            env=podium.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.facts: dict[str, Any] = json.loads(self.process.stdout.readline())

    def __call__(self, line: str) -> Any:
        variables = {
            "GITHUB_API_URL": self.facts["github_url"],
            "HF_ENDPOINT": self.facts["hub_url"],
            "PODIUM_FORK_TOKEN": self.facts["tokens"][BOT.login],
            "HF_TOKEN": self.facts["tokens"][BOT.login],
        }
        return self._podium(*shlex.split(line)[1:], **variables)

    def stop(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def serve(podium: Podium) -> Iterator[Any]:
    for name, body in FILES.items():
        (podium.folder / name).write_text(body)
    (podium.folder / "podium.toml").write_text(TOML)
    write_run(podium.folder / "runs" / "v1")
    started: list[Served] = []

    def start(line: str) -> Served:
        started.append(Served(podium, line))
        return started[-1]

    yield start
    for served in started:
        served.process.kill()
        served.process.communicate()


def test_the_document_has_commands_and_files() -> None:
    assert len(STARTS) == 3
    assert len(COMMANDS) - len(STARTS) == 5
    assert set(FILES) == {"world.json", "faults.json"}


@pytest.mark.parametrize("line", STARTS)
def test_every_command_of_it_runs_against_every_stand_in_of_it(serve: Any, line: str) -> None:
    served = serve(line)
    assert set(served.facts) == {"url", "github_url", "hub_url", "state", "tokens"}
    outcomes = []
    for command in (one for one in COMMANDS if one not in STARTS):
        said = served(command)
        assert said.code == 0, said.err
        if command.startswith("podium submit"):
            outcomes.append(json.loads(said.out)["outcome"])
    assert outcomes == ["created", "created", "closed", "closed"]
    assert served.stop() == 0


def test_its_world_has_the_fork_under_its_old_name_and_its_faults_strike(serve: Any) -> None:
    served = serve(f"{STARTS[1]} --faults faults.json")
    said = served("podium submit runs/v1")
    assert said.code == 0
    receipt = json.loads(said.out)
    assert "/paiml/leaderboard-fork/pull/1" in receipt["url"]
    assert any("is paiml/leaderboard-fork now" in note for note in receipt["notes"])
    assert any("label" in note and "403" in note for note in receipt["notes"])


def test_its_calls_make_a_release_with_an_asset(serve: Any, podium: Podium) -> None:
    facts = serve(STARTS[0]).facts
    (podium.folder / "model.safetensors").write_bytes(b"weights")
    environment = {
        **podium.environment,
        "GH_TOKEN": facts["tokens"][BOT.login],
        "GITHUB_API_URL": facts["github_url"],
        "GITHUB_REPOSITORY": FORK,
    }
    made, uploaded = [line for line in TEXT.splitlines() if line.startswith("curl ")]

    def answer(line: str) -> Any:
        done = subprocess.run(line, shell=True, cwd=podium.folder, env=environment, capture_output=True, check=True)
        return json.loads(done.stdout)

    address, _, _ = answer(made)["upload_url"].partition("{")
    asset = answer(uploaded.replace("UPLOAD_URL", address))
    assert (asset["name"], asset["size"]) == ("model.safetensors", 7)


def test_what_it_keeps_is_there_after_a_restart(serve: Any) -> None:
    first = serve(STARTS[0])
    assert first("podium submit runs/v1").code == 0
    first.stop()
    again = serve(STARTS[0])
    assert again.facts["url"] == first.facts["url"]
    assert json.loads(again("podium submit runs/v1").out)["outcome"] == "unchanged"


def test_its_tables_name_every_key_of_both_files() -> None:
    named = set(re.findall(r"`(\w+)`", "".join(line for line in TEXT.splitlines() if line.startswith("|"))))
    for kind in (World, User, Repository, Space, Fault):
        assert set(kind.__struct_fields__) <= named, kind.__name__
