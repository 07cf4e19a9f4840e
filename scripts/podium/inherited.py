"""What podium inherits from whoever starts it, set to what it relies on. Programs have `execute/warden/origin.py`."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING

from podium.errors import StorageError

if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer

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

READER_ENDED = "whoever read it has ended; run the same command again and let its output be read to the end"
NO_ROOM = "send standard output elsewhere, or free space where it goes, and run the same command again"


class StandardOutput(io.FileIO):
    """Standard output; what a command has to say is part of its work. Raises StorageError once, then is silent."""

    is_lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or say why that is impossible."""
        if self.is_lost:
            return len(memoryview(data))
        try:
            return super().write(data)
        except OSError as err:
            self.is_lost = True
            message = f"cannot write to standard output: {err.strerror}"
            raise StorageError(message, hint=READER_ENDED if err.errno == errno.EPIPE else NO_ROOM) from err


class StandardError(io.FileIO):
    """Standard error; hours of work do not end because nobody can read how they go."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write as far as that is possible."""
        try:
            return super().write(data)
        except OSError:
            return len(memoryview(data))


def _guard_streams() -> None:
    """Give standard output and error, unless somebody replaced them already, their own ways to fail."""
    if sys.stdout is sys.__stdout__ and sys.stdout is not None:
        sys.stdout = _guarded(StandardOutput, 1, sys.stdout)
    if sys.stderr is sys.__stderr__ and sys.stderr is not None:
        sys.stderr = _guarded(StandardError, 2, sys.stderr)


def _guarded(kind: type[io.FileIO], descriptor: int, stream: TextIO) -> io.TextIOWrapper:
    stream.flush()
    raw = kind(descriptor, "w", closefd=False)
    is_line_buffered = descriptor == 2 or raw.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors, line_buffering=is_line_buffered
    )


def settle_command() -> None:
    """In podium itself: standard streams that are open and fail in words, children that can be waited for, and limits.

    Soft limits are as high as allowed.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
        if getattr(sys, name) is None:  # Python found it closed
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", closefd=False))
    _guard_streams()
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
