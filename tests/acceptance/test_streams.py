"""Standard output that cannot be written ends a command in words; standard error that cannot be read ends nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO

import pytest
from tests.acceptance.command import COMMAND

pytestmark = [
    pytest.mark.world,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full"),
]
WRONG = '{"results": [{"task": "humaneval", "pass@1": 14.0}], "meta": {"model": "a/b"}}'
INIT = ("init", "--org", "A", "--model", "B", "--user", "c")


def _podium(folder: Path, *words: str, out: int | IO[bytes], err: int | IO[bytes] = subprocess.PIPE) -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    done = subprocess.run([*COMMAND, *words], cwd=folder, env=environment, stdout=out, stderr=err, check=False)
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("validate", "a_b_c.json"), (*INIT, "--print"), INIT])
@pytest.mark.parametrize(("kind", "cause"), [("full", "No space left on device"), ("closed", "Broken pipe")])
def test_output_that_cannot_be_written_is_no_bug_but_told_with_its_cause(
    tmp_path: Path, words: tuple[str, ...], kind: str, cause: str
) -> None:
    (tmp_path / "a_b_c.json").write_text(WRONG)
    if kind == "full":
        with Path("/dev/full").open("wb") as full:
            code, said = _podium(tmp_path, *words, out=full)
    else:
        read, write = os.pipe()
        os.close(read)
        code, said = _podium(tmp_path, *words, out=write)
        os.close(write)
    assert code == 13, said
    assert f"cannot write to standard output: {cause}" in said
    assert "what to do" in said
    for word in ("bug in podium", "Traceback", "Exception ignored"):
        assert word not in said


def test_a_command_does_its_work_where_nobody_can_read_its_progress(tmp_path: Path) -> None:
    (tmp_path / "a_b_c.json").write_text(WRONG)
    with Path("/dev/full").open("wb") as full:
        code, _ = _podium(tmp_path, "validate", "a_b_c.json", "-o", "findings.json", out=subprocess.DEVNULL, err=full)
    assert code == 1
    assert (tmp_path / "findings.json").exists()
