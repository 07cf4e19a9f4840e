"""What podium itself makes of the state it is started in; programs are another matter: test_origin.py."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.world


def settled(before: str, after: str) -> subprocess.CompletedProcess[str]:
    """Run Python lines in a process of their own, before and after it settles."""
    head = "import os, resource, signal, subprocess, sys\nfrom podium.inherited import settle_command\n"
    code = f"{head}{before}\nsettle_command()\n{after}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_children_are_waited_for_where_they_were_ignored() -> None:
    done = settled(
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)", "sys.exit(subprocess.run(['sh', '-c', 'exit 7']).returncode)"
    )
    assert done.returncode == 7, done.stderr


def test_closed_streams_are_opened_and_can_be_written() -> None:
    done = settled(
        "os.closerange(0, 3)\nsys.stdin = sys.stdout = sys.stderr = None",
        "print('out')\nprint('err', file=sys.stderr)\nassert sys.stdin.read() == ''\n"
        "sys.exit(os.open('/etc/passwd', os.O_RDONLY))",
    )
    assert done.returncode == 3


def test_soft_limits_are_lifted_and_hard_ones_left() -> None:
    done = settled(
        "_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\nresource.setrlimit(resource.RLIMIT_FSIZE, (512, hard))\n"
        "_, most = resource.getrlimit(resource.RLIMIT_NOFILE)\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, most))",
        "assert resource.getrlimit(resource.RLIMIT_FSIZE) == (hard, hard)\n"
        "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(1024, most), most)",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("umask", "kept"), [(0o777, 0o077), (0o027, 0o027), (0o000, 0o000)])
def test_what_is_written_can_be_read_by_who_wrote_it(umask: int, kept: int) -> None:
    done = settled(f"os.umask({umask})", f"assert os.umask(0) == {kept}, oct(os.umask(0))")
    assert done.returncode == 0, done.stderr
