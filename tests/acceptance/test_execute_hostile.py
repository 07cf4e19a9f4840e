"""Every hostile program is contained, as root and as an ordinary user, and nothing of it is left."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.world, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
ORDINARY = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]


def orphans() -> set[str]:
    """Processes of programs, and wardens whose podium is gone; those of other runs beside this test are theirs."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            text = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if "4991.5" in text or ("launcher.py" in text and parent == "1"):
            found.add(f"{path.name} {text}")
    return found


def machine() -> dict[str, set[str]]:
    """What a program could leave behind: processes, mounts, control groups, files in shared folders."""
    groups = Path("/sys/fs/cgroup").rglob("podium-*")
    return {
        "processes": orphans(),
        "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
        "groups": {str(path) for path in groups if not Path("/proc", path.name.removeprefix("podium-")).exists()},
        "files": {str(path) for folder in ("/dev/shm", "/box", "/var/tmp") for path in Path(folder).glob("*")},
    }


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process that hostile programs try to kill."""
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("user", ["as we are", "ordinary"])
def test_every_hostile_program_is_contained(user: str, tmp_path: Path, victim: subprocess.Popen[bytes]) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    command, environment = [sys.executable], {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    if user == "ordinary":
        if os.geteuid() != 0 or not SYSTEM_PYTHON.exists():
            pytest.skip(f"only root with {SYSTEM_PYTHON} can become an ordinary user")
        packages = Path(msgspec.__file__).parents[1]
        command = [*ORDINARY, str(SYSTEM_PYTHON)]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'scripts'}:{packages}"}
    before = machine()
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [ROOT / "tests" / "acceptance" / "hostile.py", secret, server.getsockname()[1], victim.pid]
        done = subprocess.run(
            [*command, *map(str, arguments)], env=environment, cwd="/", capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) >= 60
    assert victim.poll() is None
    assert [case for case in found if "ESCAPED" in case["message"] or case["outcome"] == "passed"] == []
    assert [case for case in found if case["outcome"] not in case["wanted"]] == []
    assert [case for case in found if case["after"] != "\npassed"] == []
    deadline = time.monotonic() + 5
    while (left := {kind: things - before[kind] for kind, things in machine().items()}) and any(left.values()):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
