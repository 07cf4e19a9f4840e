"""What podium inherits from whoever starts it, set to what it relies on. Programs have `execute/warden/origin.py`."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys

OPEN_FILES = 1024  # the usual limit, under which the harness runs too
# Limits that bound only those who set them; a soft one may be lifted by anybody.
LIFTED_LIMITS = (
    resource.RLIMIT_CPU,
    resource.RLIMIT_FSIZE,
    resource.RLIMIT_DATA,
    resource.RLIMIT_RSS,
    resource.RLIMIT_NPROC,
    resource.RLIMIT_AS,
    resource.RLIMIT_SIGPENDING,
)


def settle_command() -> None:
    """In podium itself: open standard streams, children that can be waited for, soft limits as high as allowed."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
        if getattr(sys, name) is None:  # Python found it closed
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", closefd=False))
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.umask(os.umask(0o077) & 0o077)  # what it writes it must be able to read
    for limit in LIFTED_LIMITS:
        raise_limit(limit, resource.getrlimit(limit)[1])
    raise_limit(resource.RLIMIT_NOFILE, OPEN_FILES)


def raise_limit(name: int, wanted: int) -> None:
    """Lift a soft limit to `wanted`, the hard one with it where that is allowed, else to the hard one."""
    soft, hard = resource.getrlimit(name)
    if soft == resource.RLIM_INFINITY or (wanted != resource.RLIM_INFINITY and soft >= wanted):
        return
    is_beyond = hard != resource.RLIM_INFINITY and (wanted == resource.RLIM_INFINITY or wanted > hard)
    if is_beyond:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (wanted, wanted))
            return
    resource.setrlimit(name, (hard if is_beyond else wanted, hard))
