"""Every hostile source is contained by its compiler's sandbox, as root and as an ordinary user, and nothing is left."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.hostile_sources import SECRET, SOURCES
from tests.unit.execute.languages.cases import need_toolchain
from tests.unit.execute.users import USERS, command_as

from podium.execute.languages import LANGUAGES

pytestmark = [pytest.mark.world, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tests" / "acceptance" / "hostile_sources.py"


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("language", sorted(set(SOURCES) & set(LANGUAGES)))
def test_every_hostile_source_is_contained(user: str, language: str) -> None:
    need_toolchain(language)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        secret = Path(folder, "secret")
        secret.write_text(SECRET, encoding="utf-8")
        # Whoever runs the sources may read it: only the sandbox keeps it from them.
        for path, mode in ((Path(folder), 0o755), (secret, 0o644)):
            path.chmod(mode)
        command, environment = command_as(user, str(PROGRAM), language, str(secret), str(server.getsockname()[1]))
        done = subprocess.run(command, env=environment, cwd="/", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) >= 12
    assert [case for case in found if case["outcome"] not in case["wanted"]] == []
    assert [case for case in found if case["told"]] == []
    assert [case for case in found if case["left"] != "\npassed" or case["after"] != "passed"] == []
