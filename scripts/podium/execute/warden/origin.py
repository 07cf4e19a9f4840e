"""Where a warden comes from must not show: its inherited signals, limits and properties become ordinary ones.

An inherited signal mask, limit or priority would else decide verdicts, or whether the sandbox works at all.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from pathlib import Path

from podium.execute.warden import kernel
from podium.inherited import LIFTED_LIMITS, OPEN_FILES, raise_limit

STACK_BYTES = 8 << 20
LOCKED_BYTES = 8 << 20
TIMER_SLACK_NANOSECONDS = 50_000
# What may not be lower where programs run: limit, least value, its name, the option of ulimit, the option's unit.
NEEDED = (
    (resource.RLIMIT_NOFILE, OPEN_FILES, "open files", "n", 1),
    (resource.RLIMIT_STACK, STACK_BYTES, "stack", "s", 1 << 10),
    (resource.RLIMIT_NPROC, 512, "processes", "u", 1),
    (resource.RLIMIT_FSIZE, 512 << 20, "file size", "f", 1 << 10),
    (resource.RLIMIT_AS, 4 << 30, "address space", "v", 1 << 10),
    (resource.RLIMIT_DATA, 4 << 30, "data", "d", 1 << 10),
    (resource.RLIMIT_CPU, 60, "CPU seconds", "t", 1),
)
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def become_ordinary() -> bool:
    """Take what was inherited back as far as allowed; True where only a new exec makes a change effective."""
    _reset_signals()
    _reset_priority()
    _reset_properties()
    for name in LIFTED_LIMITS:
        raise_limit(name, resource.RLIM_INFINITY)
    raise_limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    raise_limit(resource.RLIMIT_MEMLOCK, LOCKED_BYTES)
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, LOCKED_BYTES),
        (resource.RLIMIT_NICE, 0),
        (resource.RLIMIT_RTPRIO, 0),
    ):
        _, hard = resource.getrlimit(name)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))
    # Threads get stacks of the size that was allowed at exec, and memory is laid out by it.
    return any([_set_stack(), _set_personality()])


def read_environment() -> dict[bytes, bytes]:
    """What this process was given: Python itself has changed the locale in what it shows."""
    pairs = Path("/proc/self/environ").read_bytes().split(b"\0")
    return dict(pair.split(b"=", 1) for pair in pairs if b"=" in pair)


def find_shortfalls() -> list[str]:
    """Limits that nobody here may raise and under which programs would meet other bounds than elsewhere."""
    short = []
    for name, needed, title, option, unit in NEEDED:
        _, hard = resource.getrlimit(name)
        if hard != resource.RLIM_INFINITY and hard < needed:
            short.append(f"{title} {hard}, needed {needed} (ulimit -H{option} {needed // unit})")
    return short


def _set_stack() -> bool:
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == STACK_BYTES:
        return False
    raise_limit(resource.RLIMIT_STACK, STACK_BYTES)
    raised, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if raised == resource.RLIM_INFINITY or raised > STACK_BYTES:
        resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, hard))
    return resource.getrlimit(resource.RLIMIT_STACK)[0] != soft


def _set_personality() -> bool:
    """Undo what setarch sets: addresses that do not vary, another machine's name, executable data."""
    if kernel.get_personality() == 0:
        return False
    kernel.set_personality(0)
    return kernel.get_personality() == 0


def _reset_signals() -> None:
    """Block none, ignore none but those that Python always ignores."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN and number not in IGNORED_BY_PYTHON:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def _reset_priority() -> None:
    """No advantage over others, no scheduling that could starve them; what is nice stays nice."""
    with contextlib.suppress(PermissionError):
        if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    if os.getpriority(os.PRIO_PROCESS, 0) < 0:
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def _reset_properties() -> None:
    kernel.control_process(kernel.PR_SET_TIMERSLACK, TIMER_SLACK_NANOSECONDS)
    kernel.control_process(kernel.PR_SET_THP_DISABLE, 0)
    adjustment = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError):  # only root may become less likely to be killed
        if int(adjustment.read_text()) > 0:
            adjustment.write_text("0")
