"""Whoever starts podium, and in whatever state: programs see the same and get the same verdicts."""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.unit.execute import odd_parent
from tests.unit.execute.users import SYSTEM_PYTHON, USERS, Case, command_as, judge_as

if TYPE_CHECKING:
    from tests.unit.execute.users import Judged

pytestmark = pytest.mark.world
# Both tell what a process has from its parent: the first by its exception, the second on its streams.
TELL = """
import os, platform, signal, sys, threading, time
limits = [line.split("  ") for line in open("/proc/self/limits") if "msgqueue" not in line and "pending" not in line]
kept = ("Umask", "SigBlk", "SigIgn", "SigCgt", "CapEff", "NoNewPrivs", "Seccomp", "THP_enabled")
status = [line.split() for line in open("/proc/self/status") if line.startswith(kept)]
began = time.monotonic()
time.sleep(0.001)
deep = []
def down(n):
    deep[:] = [n]
    return down(n + 1) if n < 900 else n
thread = threading.Thread(target=down, args=(0,))
thread.start()
thread.join()
raise ValueError(
    [[word.strip() for word in line if word.strip()] for line in limits if line[0] != "Max stack size"], status, deep,
    os.sched_getscheduler(0), os.getpriority(0, 0) < 0, time.monotonic() - began > 0.5, platform.machine(), sys.flags,
    sorted(os.listdir("/proc/self/fd"), key=int)[:-1], dict(os.environ), os.path.realpath("/proc/self/cwd"),
    open("/proc/self/oom_score_adj").read(), os.getsid(0) == os.getpid(), signal.getitimer(signal.ITIMER_PROF),
    list({"a", "b", "c", "d"}), float("1e3"),
)
"""
SHOW = r"""
umask; trap; ulimit -c -f -n -s -u
grep -E 'Sig(Blk|Ign)|Umask|Cap' /proc/self/status
cat /proc/self/oom_score_adj; env | sort; uname -m; ls /proc/self/fd | wc -l
yes | head -1
exit 3
"""
WAITS = "sleep 0.2 & wait $! && (exit 7); [ $? = 7 ] && kill -0 $$"
CASES = (Case("py", TELL), Case("sh", SHOW), Case("sh", WAITS), Case("pl", "kill 'ALRM', $$; sleep 5;"))

# Closed streams leave nothing to answer on: tests/acceptance/test_execute_origin.py.
STATES = [name for name in odd_parent.STATES if name != "closed_streams"]


@functools.cache
def ordinarily(user: str) -> list[Judged]:
    return judge_as(user, CASES)


def odd(user: str, states: str) -> tuple[str, ...]:
    return (sys.executable if user == "as we are" else str(SYSTEM_PYTHON), odd_parent.__file__, states)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("state", [*STATES, ",".join(STATES)])
def test_programs_do_not_see_who_started_podium(user: str, state: str) -> None:
    wanted = ordinarily(user)
    found = judge_as(user, CASES, odd(user, state))
    assert [(one.outcome, one.message, one.stdout) for one in found] == [
        (one.outcome, one.message, one.stdout) for one in wanted
    ]
    assert [one.outcome for one in wanted] == ["failed", "failed", "passed", "crashed"]


HARD = 'ulimit -n 200; ulimit -s 1024; exec "$@"'


@pytest.mark.parametrize("user", USERS)
def test_hard_limits_are_lifted_or_named_with_the_remedy(user: str) -> None:
    """Who may lift them never meets them; who may not is told which, and how they are raised."""
    may_lift = (
        user == "as we are" and not subprocess.run(["sh", "-c", f"{HARD}; ulimit -Hn 1024"], check=False).returncode
    )
    code = "from podium.execute.sandbox import Sandbox\nwith Sandbox() as s:\n    s.facts()"
    command, environment = command_as(user, "-c", code)
    command = ["sh", "-c", f'{HARD}; exec "$@"', "sh", *command]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    if may_lift:
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert "limits are too low: open files 200, needed 1024 (ulimit -Hn 1024); stack 1048576, needed" in done.stderr
