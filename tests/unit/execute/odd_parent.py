"""A parent in an odd state: `python odd_parent.py STATE COMMAND...` takes the state on and becomes the command."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NO_RANDOM_ADDRESSES, LINUX32 = 0x0040000, 0x0008
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_TIMERSLACK, PR_SET_SUBREAPER = 1, 4, 29, 36
PR_SET_NO_NEW_PRIVS, PR_SET_THP_DISABLE = 38, 41
SPARED = (signal.SIGKILL, signal.SIGSTOP)


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), zero, zero, zero)


def _soften(name: int, value: int) -> None:
    resource.setrlimit(name, (value, resource.getrlimit(name)[1]))


def ignored_signals() -> None:
    """As under nohup, in the background of a shell, or under a service that ignores its children."""
    for number in signal.valid_signals() - set(SPARED):
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_IGN)


def blocked_signals() -> None:
    """As started by a thread that waits for signals."""
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())


def tight_limits() -> None:
    """Soft limits that whoever meets them may lift."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # Python would keep what the file size cut off
    _soften(resource.RLIMIT_NOFILE, 64)
    _soften(resource.RLIMIT_NPROC, 40)
    _soften(resource.RLIMIT_FSIZE, 1024)
    _soften(resource.RLIMIT_CPU, 5)
    _soften(resource.RLIMIT_STACK, 512 << 10)
    _soften(resource.RLIMIT_AS, 2 << 30)
    _soften(resource.RLIMIT_DATA, 1 << 30)
    _soften(resource.RLIMIT_SIGPENDING, 0)
    _soften(resource.RLIMIT_MEMLOCK, 0)


def wide_limits() -> None:
    """A stack without an end lays memory out differently; rights to priority are an advantage."""
    for name in (resource.RLIMIT_STACK, resource.RLIMIT_NICE, resource.RLIMIT_RTPRIO, resource.RLIMIT_CORE):
        with contextlib.suppress(ValueError):
            resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _soften(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK)[1])
    _soften(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def odd_folders() -> None:
    """No working directory, nowhere for temporary files, nobody may read what is made."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        os.chdir(name)
    os.umask(0o777)
    os.environ.update(TMPDIR="/no such/fol\tder", PWD="/no/where")
    os.environ.pop("HOME", None)


def odd_environment() -> None:
    """Variables that change how interpreters, libraries and shells behave."""
    os.environ.update(
        PYTHONHASHSEED="7", PYTHONOPTIMIZE="2", PYTHONWARNINGS="error::DeprecationWarning", PYTHONINTMAXSTRDIGITS="0",
        PYTHONDONTWRITEBYTECODE="1", PYTHONIOENCODING="latin-1", LD_LIBRARY_PATH="/nowhere", LD_BIND_NOW="1",
        MALLOC_PERTURB_="7", BASH_ENV="/etc/profile", POSIXLY_CORRECT="1", PERL5OPT="-Mstrict", TZ="Asia/Tokyo",
        LANG="tr_TR.UTF-8", LC_ALL="C", IFS="a",
    )  # fmt: skip


def foreign_home() -> None:
    """As under sudo without -H."""
    os.environ["HOME"] = "/root"


def closed_streams() -> None:
    """As under a careless service manager."""
    os.closerange(0, 3)


def many_descriptors() -> None:
    """Open and inheritable."""
    for _ in range(100):
        os.set_inheritable(os.open("/etc/passwd", os.O_RDONLY), True)


def odd_priority() -> None:
    """Real time or idle, lazy timers, first to be killed."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -5)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    if os.sched_getscheduler(0) == os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    Path("/proc/self/oom_score_adj").write_text("1000")
    _prctl(PR_SET_TIMERSLACK, 900_000_000)
    _prctl(PR_SET_THP_DISABLE, 1)


def odd_rights() -> None:
    """No way to gain rights, none by being root, and orphans that come to the parent."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_SUBREAPER, 1)
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_PDEATHSIG, signal.SIGUSR1)


def odd_personality() -> None:
    """As under setarch: addresses that do not vary, the name of another machine."""
    ctypes.CDLL(None).personality(ctypes.c_ulong(NO_RANDOM_ADDRESSES | LINUX32))


def ringing_timer() -> None:
    """A timer that the next program inherits."""
    signal.setitimer(signal.ITIMER_VIRTUAL, 1000.0)
    signal.setitimer(signal.ITIMER_PROF, 1000.0)


STATES: dict[str, Callable[[], None]] = {
    state.__name__: state
    for state in (
        ignored_signals, blocked_signals, tight_limits, wide_limits, odd_folders, foreign_home, odd_environment,
        closed_streams, many_descriptors, odd_priority, odd_rights, odd_personality, ringing_timer,
    )
}  # fmt: skip


def main() -> None:
    """Take on the states named with commas between, then become the command."""
    names, *command = sys.argv[1:]
    for name in filter(None, names.split(",")):
        STATES[name]()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
