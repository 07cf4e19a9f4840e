"""A folder in which podium submits and publishes to the stand-in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from github import Auth, Github
from tests.unit.boards.runs import write_run

import podium
from podium.records import Receipt, decode
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.standin.server import Standin

TOML = f"""
[model]
org = "acme"
model = "Tiny-1"
user = "ann"
checkpoint = "checkpoints/{{tag}}"

[submit]
fork = "{FORK}"
labels = ["leaderboard"]

[publish]
space = "{LEADERBOARD}"
"""


class Workplace:
    """A folder with podium.toml and a run, and a stand-in for both boards."""

    timeout_seconds = 120

    def __init__(self, folder: Path, standin: Standin) -> None:
        self.folder, self.standin, self.run_dir = folder, standin, folder / "runs" / "v1"
        self.output = folder / "output.txt"
        (folder / "podium.toml").write_text(TOML)
        write_run(self.run_dir)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": "",
            # The tree under test, whatever is installed.
            "PYTHONPATH": str(Path(podium.__file__).parents[1]),
            "GITHUB_API_URL": self.standin.github_url,
            "PODIUM_FORK_TOKEN": BOT.token,
            "HF_ENDPOINT": self.standin.hub_url,
            "HF_TOKEN": BOT.token,
            "HF_HOME": str(self.folder / "hf"),
            "GITHUB_OUTPUT": str(self.output),
        }

    def podium(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the folder; an empty change takes a variable away."""
        return self.podium_in(
            {name: value for name, value in {**self.environment(), **changes}.items() if value}, *arguments
        )

    def podium_in(self, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the folder with exactly this environment."""
        return subprocess.run(
            [*self.command(), *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=self.timeout_seconds,
            check=False,
        )

    def command(self) -> list[str]:
        """What starts podium."""
        return [sys.executable, "-m", "podium"]

    def outputs(self) -> Mapping[str, str]:
        lines = self.output.read_text().splitlines()
        return {lines[at].partition("<<")[0]: lines[at + 1] for at in range(0, len(lines), 3)}

    def approve(self, number: int) -> None:
        client = Github(auth=Auth.Token(REVIEWER.token), base_url=self.standin.github_url, seconds_between_writes=0)
        client.get_repo(FORK).get_pull(number).create_review(body="Read.", event="APPROVE")
        client.close()

    def writes(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.standin.requests if request.method != "GET"]


def receipt_of(done: subprocess.CompletedProcess[str]) -> Receipt:
    return decode(done.stdout.encode(), Receipt, "stdout")
