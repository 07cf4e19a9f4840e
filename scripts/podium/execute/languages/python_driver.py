"""Runs one Python program inside the warden's interpreter, with the semantics of the harness's `unsafe_execute`.

Standard library only; loaded by `warden/launcher.py`, never imported by podium itself. What the harness does and this
repeats: exec in empty globals, a 3 s alarm, write-only standard streams, about thirty functions replaced by None.

The result goes over a descriptor behind a random number that only this function knows. Defended: a program that exits
early in any way, that prints or writes "passed" anywhere, or that kills itself never passes. Not defended, here as in
the harness: a program that walks the interpreter's frames or memory on purpose, or objects whose `__eq__` is always
true, because the tests run in the same interpreter as the program.
"""

from __future__ import annotations

import builtins
import contextlib
import faulthandler
import hashlib
import importlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOVED_OS = (
    "kill", "system", "putenv", "remove", "removedirs", "rmdir", "fchdir", "setuid", "fork", "forkpty", "killpg",
    "rename", "renames", "truncate", "replace", "unlink", "fchmod", "fchown", "chmod", "chown", "chroot", "lchflags",
    "lchmod", "lchown", "getcwd", "chdir",
)  # fmt: skip
REMOVED_SHUTIL = ("rmtree", "move", "chown")
BLOCKED_MODULES = ("ipdb", "joblib", "resource", "psutil", "tkinter")
# The harness's process has these loaded when it forks, so a program's import finds them ready, guard or not.
LOADED_IN_HARNESS = ("numpy", "pandas")
MESSAGE_CHARACTERS = 4000


class TimeoutException(Exception):
    """The alarm rang; an ordinary Exception, as in the harness, so a program can swallow it."""


class WriteOnlyStringIO(io.StringIO):
    """Standard streams of a program: reading raises OSError, and there is no `.buffer`."""

    def read(self, *_: Any) -> str:
        """Refuse."""
        raise OSError

    def readline(self, *_: Any) -> str:  # type: ignore[override]
        """Refuse."""
        raise OSError

    def readlines(self, *_: Any) -> list[Any]:
        """Refuse."""
        raise OSError

    def readable(self, *_: Any) -> bool:
        """Say that it cannot be read."""
        return False


class _RedirectStdin(contextlib._RedirectStream):  # type: ignore[type-arg]
    _stream = "stdin"


@contextlib.contextmanager
def _swallow_streams() -> Iterator[None]:
    stream = WriteOnlyStringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream), _RedirectStdin(stream):
        yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> NoReturn:
        message = "Timed out!"
        raise TimeoutException(message)

    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGALRM, ring)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _guard() -> None:
    """Remove what the harness's reliability_guard removes; protects nothing here, but decides verdicts."""
    faulthandler.disable()
    os.environ["OMP_NUM_THREADS"] = "1"
    for module, names in ((builtins, ("exit", "quit", "help")), (os, REMOVED_OS), (shutil, REMOVED_SHUTIL)):
        for name in names:
            setattr(module, name, None)
    subprocess.Popen = None  # type: ignore[assignment,misc]
    for name in BLOCKED_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]


def _load_packages(program: bytes) -> None:
    for name in LOADED_IN_HARNESS:
        if name.encode() in program:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def main(program: bytes, seconds: float, descriptor: int, nonce: bytes) -> None:
    """Run a program and report `passed`, `timed out` or `failed: <exception>`; ends this process."""
    write, leave, exception, syntax_error = os.write, os._exit, BaseException, SyntaxError
    # The warden's random state is the same for every program: make it a function of the program instead.
    random.seed(hashlib.sha256(program).digest())
    _load_packages(program)
    _guard()
    kind = ""
    try:
        namespace: dict[str, Any] = {}
        with _swallow_streams(), _alarm(seconds):
            exec(program.decode("utf-8", "surrogatepass"), namespace)  # noqa: S102
        message = "passed"
    except TimeoutException:
        message = "timed out"
    except exception as err:
        message = f"failed: {err}"
        own = err.__traceback__
        # Raised by compiling the program, not by running it, when no frame lies below ours.
        is_ours = own is None or own.tb_next is None
        kind = type(err).__name__ if is_ours or not isinstance(err, syntax_error) else ""
    text = f"{kind}\n{message[:MESSAGE_CHARACTERS]}"
    write(descriptor, nonce + text.encode("utf-8", "backslashreplace"))
    leave(0)
