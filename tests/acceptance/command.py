"""Drive the command line as its users do: a real process, its exit code and what it said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
CHECKPOINT = ROOT / "scripts" / "podium" / "demo" / "checkpoint"
COMMAND = (sys.executable, "-m", "podium")
DEMO_CONFIG = """
[model]
org = "Acme"
model = "Small"
user = "ada"
checkpoint = "{checkpoint}"
dtype = "float32"

[evaluation]
profile = "demo"
n_samples = 3

[submit]
fork = "acme/leaderboard"

[publish]
space = "acme/leaderboard"
"""


class Said(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Podium:
    """Runs `podium` in one folder with a known environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HF_HUB_DISABLE_XET": "1"}
        if "PYTHONPATH" in os.environ:  # a checkout that is not the installed one
            self.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]

    def __call__(self, *arguments: str | Path, **environment: str) -> Said:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Start it in a process group of its own and return at once."""
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill_when(self, ready: Callable[[], bool], *arguments: str | Path) -> bool:
        """Start it, SIGKILL it as soon as `ready()`; returns whether it was killed before it ended by itself."""
        process = self.start(*arguments)
        while process.poll() is None:
            if ready():
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.005)
        return False

    def write_config(self) -> None:
        """Write a podium.toml whose checkpoint is the demo's and whose board is the demo's."""
        (self.folder / "podium.toml").write_text(DEMO_CONFIG.format(checkpoint=CHECKPOINT))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
