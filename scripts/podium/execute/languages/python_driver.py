"""Runs one Python program inside the warden's interpreter, with the semantics of the harness's `unsafe_execute`.

Standard library only; loaded by `warden/launcher.py`, never imported by podium itself. What the harness does and this
repeats: exec in empty globals, a 3 s alarm, write-only standard streams, about thirty functions replaced by None. What
its process is and this one looks like: see `prepare`.

No `from __future__` import may stand here: exec would hand it on to every program.

The result goes over a descriptor behind a random number that only this function knows. Defended: a program that exits
early in any way, that prints or writes "passed" anywhere, or that kills itself never passes. Not defended, here as in
the harness: a program that walks the interpreter's frames or memory on purpose, or objects whose `__eq__` is always
true, because the tests run in the same interpreter as the program.
"""

import builtins
import contextlib
import ctypes
import faulthandler
import hashlib
import importlib
import io
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from podium.execute.warden import unloaded

REMOVED_OS = (
    "kill", "system", "putenv", "remove", "removedirs", "rmdir", "fchdir", "setuid", "fork", "forkpty", "killpg",
    "rename", "renames", "truncate", "replace", "unlink", "fchmod", "fchown", "chmod", "chown", "chroot", "lchflags",
    "lchmod", "lchown", "getcwd", "chdir",
)  # fmt: skip
REMOVED_SHUTIL = ("rmtree", "move", "chown")
BLOCKED_MODULES = ("ipdb", "joblib", "resource", "psutil", "tkinter")
MESSAGE_CHARACTERS = 4000
# Which modules the harness's process has loaded by then: recorded from a real one by tests/unit/execute/process. Read
# now, as is the interpreter's own place: neither can be seen from inside the sandbox.
MODULES = json.loads(Path(__file__).with_name("python_modules.json").read_text(encoding="utf-8"))
EXECUTABLE = os.path.realpath(sys.executable)
# How the leaderboard has saved generations evaluated; argparse and unittest.main read it.
ARGUMENTS = (
    "main.py", "--model", "org/model", "--tasks", "humaneval", "--load_generations_path", "generations.json",
    "--metric_output_path", "metrics.json", "--temperature", "0.2", "--n_samples", "50", "--allow_code_execution",
)  # fmt: skip
MAIN_FILE = "/app/main.py"
FLAGS = {
    "dont_write_bytecode": 0, "no_user_site": 0, "no_site": 0, "safe_path": False, "hash_randomization": 1, "utf8_mode": 0,
}  # fmt: skip
THREAD_NAME = "ThreadPoolExecutor-1_0"
# Python frames below a program's own: what is left of the recursion limit decides verdicts. Before 3.12 a call that
# goes through C counted as well, and the harness's stack has one such call more than ours.
FRAMES_BELOW = 14 + (sys.version_info < (3, 12))
LOADING_FRAMES = 1000


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
    def signal_handler(*_: object) -> NoReturn:
        message = "Timed out!"
        raise TimeoutException(message)

    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGALRM, signal_handler)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Guard:
    """What the harness's reliability_guard removes: it protects nothing here, but decides verdicts."""

    removed: tuple[tuple[types.ModuleType, str, Any], ...] = ()
    set_timer = staticmethod(signal.setitimer)

    @classmethod
    def close(cls) -> None:
        """Remove."""
        faulthandler.disable()
        os.environ["OMP_NUM_THREADS"] = "1"
        cls.removed = tuple(
            (module, name, getattr(module, name, None))
            for module, names in (
                (builtins, ("exit", "quit", "help")),
                (os, REMOVED_OS),
                (shutil, REMOVED_SHUTIL),
                (subprocess, ("Popen",)),
            )
            for name in names
        )
        for module, name, _ in cls.removed:
            setattr(module, name, None)
        for name in BLOCKED_MODULES:
            sys.modules[name] = None  # type: ignore[assignment]

    @classmethod
    @contextlib.contextmanager
    def lifted(cls) -> Iterator[None]:
        """Undo everything around a program for as long as a module is loaded that the harness had loaded before it.

        What the program itself has put in the place of a removed function stays.
        """
        timer = cls.set_timer(signal.ITIMER_REAL, 0)
        streams, limit = (sys.stdin, sys.stdout, sys.stderr), sys.getrecursionlimit()
        removed = [(module, name) for module, name, _ in cls.removed if getattr(module, name, 0) is None]
        blocked = [name for name in BLOCKED_MODULES if cls.removed and sys.modules.get(name, 0) is None]
        sys.setrecursionlimit(limit + LOADING_FRAMES)
        sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__  # type: ignore[assignment]
        for module, name, original in cls.removed:
            if (module, name) in removed:
                setattr(module, name, original)
        for name in blocked:
            del sys.modules[name]
        try:
            yield
        finally:
            for module, name in removed:
                setattr(module, name, None)
            sys.modules.update(dict.fromkeys(blocked, None))  # type: ignore[arg-type]
            sys.stdin, sys.stdout, sys.stderr = streams
            sys.setrecursionlimit(limit)
            cls.set_timer(signal.ITIMER_REAL, *timer)


def _as_started_process(context: types.ModuleType) -> None:
    """Let multiprocessing know that this is the second process that the harness's forked, not the main one."""
    process = context.process
    parent, own = process._current_process, context.Process(name="Process-2")
    own._identity, own._parent_pid = (2,), os.getppid()
    sentinel, _ = os.pipe()
    process._current_process = own
    process._parent_process = process._ParentProcess(parent.name, own._parent_pid, sentinel)
    process._children, process._process_counter = set(), itertools.count(1)
    context._default_context._actual_context = context._concrete_contexts["fork"]


def _with_a_seed(numpy: types.ModuleType) -> None:
    """A program's random numbers are a function of the program; see `main`."""
    importlib.import_module("numpy.random")
    numpy.random.seed(random.Random(random.getstate()[1][0]).getrandbits(32))


AFTERWARDS: dict[str, Callable[[types.ModuleType], None]] = {
    "multiprocessing.context": _as_started_process,
    "numpy": _with_a_seed,
}


def prepare(temporary: str) -> None:
    """Once a warden, before any program: make this process look like the harness's from inside.

    That process was started without flags as `python main.py ...`, has loaded some hundred modules, has used
    `tempfile`, whose folder is `temporary`, and has forked in a thread of a pool.
    """
    for name in MODULES["ready"]:
        importlib.import_module(name)
    site = sys.modules["site"]
    for add in (site.setquit, site.setcopyright, site.sethelper, site.enablerlcompleter):
        add()
    for number, name in enumerate(sys.flags.__match_args__):
        if name in FLAGS:
            ctypes.pythonapi.PyStructSequence_SetItem(
                ctypes.py_object(sys.flags), ctypes.c_ssize_t(number), ctypes.py_object(FLAGS[name])
            )
    sys.dont_write_bytecode = False
    sys.executable = EXECUTABLE
    sys.argv[:] = ARGUMENTS
    sys.orig_argv[:] = [sys.executable, *ARGUMENTS]
    main = types.ModuleType("__main__")
    main.__file__, main.__builtins__ = MAIN_FILE, builtins  # type: ignore[attr-defined]
    sys.modules["__main__"] = main
    sys.stdin.close()
    tempfile.tempdir = temporary
    thread = threading.main_thread()
    thread.name, thread.__class__ = THREAD_NAME, threading.Thread
    unloaded.stand_in([*MODULES["standard"], *MODULES["packages"]], _Guard.lifted, AFTERWARDS)


def main(program: bytes, seconds: float, descriptor: int, nonce: bytes) -> None:
    """Run a program and report `passed`, `timed out` or `failed: <exception>`; ends this process."""
    write, leave = os.write, os._exit
    # The warden's random state is the same for every program: make it a function of the program instead.
    random.seed(hashlib.sha256(program).digest())
    _Guard.close()
    text = _descend(FRAMES_BELOW - _frames() - 2, lambda: _judge(program, seconds))
    write(descriptor, nonce + text)
    leave(0)


def _frames() -> int:
    """Python frames below the caller's caller, and its own."""
    frame, count = sys._getframe(1), 0
    while frame is not None:
        frame, count = frame.f_back, count + 1  # type: ignore[assignment]
    return count


def _descend(levels: int, judge: Callable[[], bytes]) -> bytes:
    return judge() if levels <= 1 else _descend(levels - 1, judge)


def _judge(program: bytes, seconds: float) -> bytes:
    """Run a program; its kind of failure and the harness's text, as bytes."""
    exception, syntax_error = BaseException, SyntaxError
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
    return f"{kind}\n{message[:MESSAGE_CHARACTERS]}".encode("utf-8", "backslashreplace")
