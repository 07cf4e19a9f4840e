"""The one place where programs run: `Sandbox` with isolation, `UnsafeSandbox` without; both speak to wardens.

A warden is a separate bare interpreter (`warden/launcher.py`) that runs one program at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from podium.errors import SandboxError, SandboxUnavailableError
from podium.execute.jobs import DEFAULT_PROVISIONS, Completed
from podium.execute.provisions.machine import Machine, machine_in
from podium.execute.provisions.view import View
from podium.execute.warden import wire
from podium.records import SandboxFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from podium.execute.jobs import Job

EXECUTE_FOLDER = Path(__file__).resolve().parent
LAUNCHER = EXECUTE_FOLDER / "warden" / "launcher.py"
PYTHON_DRIVER = EXECUTE_FOLDER / "languages" / "python_driver.py"
BOX_BYTES = 512 << 20
START_SECONDS = 30.0
# One thread for numpy: with one a core it would meet the limit of processes on a large machine. The board's image has
# universal time as well. PATH is the list's.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "TZ": "UTC0", "LC_CTYPE": "C.UTF-8"}
ANSWER_SECONDS = 30.0  # over the program's own limit: killing and reaping on a loaded machine
LAYERS = (
    "user namespace", "pid namespace", "mount namespace", "network namespace", "ipc namespace", "uts namespace",
    "read-only system", "private tmpfs", "fresh proc", "nobody", "no capabilities", "no new privileges", "seccomp",
    "resource limits", "memory of all processes together", "output limit", "killed as a group",
)  # fmt: skip
UNSAFE_LAYERS = ("resource limits", "output limit", "killed as a group")


class Runner(Protocol):
    """Where programs run."""

    def facts(self) -> SandboxFacts:
        """Which layers of isolation hold, found out by starting one warden."""

    def root_of(self, provisions: str) -> Path | None:
        """The root file system that programs of a list see instead of this machine's."""

    def run(self, job: Job) -> Completed:
        """Run one program to its end. Raises SandboxError for any fault that is not the program's."""

    def close(self) -> None:
        """End all wardens and what runs in them."""


class Sandbox:
    """Runs programs apart from the machine, from each other and from us; works as root and as an ordinary user.

    Covered: no network, not even loopback, and no sockets but UNIX and IP; a read-only view of /usr, the interpreter
    and a handful of /etc and /dev entries: no home, no /etc/shadow, no other process; a private working directory in
    memory, limited in size and emptied after every program; the id of nobody (as root: the real one; else the calling
    user without any rights, shown as nobody), no capabilities, no way to gain any, a deny list of system calls;
    limits of memory, CPU, file size, open files, processes and output; no environment but PATH, HOME, TMPDIR, TZ and
    what a list or numpy needs; everything a program started is killed and reaped before the next begins, and when
    podium dies by whatever signal. Nothing inherited by podium reaches a program.

    Not covered: a flaw of the kernel itself; where no control group can be made, which `facts` says, memory taken
    between two looks and buffers of pipes (SECURITY.md has the sums); CPU time taken from programs beside it; readable
    files below /usr and the interpreter's folder, so also commands and libraries that are on no list, by their whole
    path; side channels. Programs that one warden runs one after another share its namespaces and see growing process
    numbers, nothing else of each other. A Python program shares its interpreter with its tests, see
    `languages/python_driver.py`.
    """

    isolated = True

    def __init__(
        self, read_only: Sequence[Path] = (), machine: Machine | None = None, roots: Mapping[str, Path] | None = None
    ) -> None:
        """`read_only` are folders with toolchains outside /usr that programs may read, with all that is in them.

        `roots` are the root file systems that programs of some lists see instead of this machine's. Raises UsageError.
        """
        self._read_only = tuple(read_only)
        self._machine = machine or Machine()
        self._machines = {name: machine_in(root) for name, root in (roots or {}).items()}
        self._views: dict[str, View] = {}
        self._idle: dict[str, list[_WardenProcess]] = {}
        self._all: set[_WardenProcess] = set()
        self._lock = threading.Lock()
        self._closed = False

    def facts(self) -> SandboxFacts:
        """Which layers of isolation hold. Raises SandboxUnavailableError when a necessary one does not."""
        warden = self._take(DEFAULT_PROVISIONS)
        self._give_back(warden)
        missing = [*warden.missing]
        if not warden.becomes_nobody:
            missing.append("nobody: programs keep the calling user's id outside, without rights")
        layers = [layer for layer in LAYERS if layer not in missing and (layer != "nobody" or warden.becomes_nobody)]
        return SandboxFacts(isolated=True, layers=layers, missing=missing)

    def root_of(self, provisions: str) -> Path | None:
        """The root file system that programs of a list see instead of this machine's."""
        return Path(self._machines[provisions].root) if provisions in self._machines else None

    def run(self, job: Job) -> Completed:
        """Run the steps of a job with /dev/null as stdin, until one fails. Raises SandboxError."""
        request = {
            "steps": msgspec.to_builtins(job.steps),
            "files": list(job.files),
            "driver": job.driver,
            "environment": job.environment,
        }
        warden = self._take(job.provisions)
        try:
            seconds = ANSWER_SECONDS + sum(step.limits.wall_seconds + step.grace_seconds for step in job.steps)
            answer, outputs = warden.ask(request, list(job.files.values()), seconds)
            if not outputs:  # it ended over something that is not the program's
                message = f"a warden gave up: {answer.get('error', 'without a word')}"
                raise SandboxError(message, hint="run the same command again; finished verdicts are kept")
        except SandboxError:
            self._drop(warden)
            raise
        if answer.pop("spent"):
            self._drop(warden)
        else:
            self._give_back(warden)
        if error := answer.pop("error"):
            message = f"the sandbox cannot start a program: {error}"
            raise SandboxError(message, hint="install the language's toolchain below /usr; podium execute needs it")
        stdout, stderr, result = outputs
        text = result.decode(errors="replace") if answer.pop("has_result") else None
        return Completed(stdout=stdout, stderr=stderr, result=text, **answer)

    def close(self) -> None:
        """End all wardens and what runs in them."""
        with self._lock:
            self._closed = True
            wardens, self._all, self._idle = self._all, set(), {}
        for warden in wardens:
            warden.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _take(self, provisions: str) -> _WardenProcess:
        """A warden of a list; those of others, but for the guards' own, have ended their work when a list is new."""
        with self._lock:
            if idle := self._idle.get(provisions):
                return idle.pop()
            others = self._idle.keys() - {provisions, DEFAULT_PROVISIONS}
            ended = [warden for name in others for warden in self._idle.pop(name)]
        for warden in ended:
            self._drop(warden)
        warden = self._start(provisions)
        with self._lock:
            self._all.add(warden)
            closed = self._closed
        if closed:
            self._drop(warden)
            message = "the sandbox is closed"
            raise SandboxError(message, hint="run the same command again to continue")
        return warden

    def _give_back(self, warden: _WardenProcess) -> None:
        with self._lock:
            self._idle.setdefault(warden.provisions, []).append(warden)

    def _drop(self, warden: _WardenProcess) -> None:
        with self._lock:
            self._all.discard(warden)
        warden.close()

    def _start(self, provisions: str) -> _WardenProcess:
        with self._lock:
            if provisions not in self._views:
                self._views[provisions] = View(provisions, self._machines.get(provisions, self._machine))
            view = self._views[provisions]
        return _WardenProcess(self._configure(view), provisions)

    def _configure(self, view: View) -> dict[str, Any]:
        config = view.config()
        shown, links = [], []
        # Another root has all that its programs need; Python ones, which need our interpreter, have none.
        for folder in () if config["root"] else (Path(sys.base_prefix), *self._read_only):
            real = folder.resolve()
            if not real.is_relative_to("/usr"):
                shown.append((str(real), str(real)))
            if real != folder:
                links.append((str(folder), str(real)))
        whole = [folder.resolve() for folder in self._read_only]
        config["hidden"] = [path for path in config["hidden"] if not any(map(Path(path).is_relative_to, whole))]
        config["links"] = links + config["links"]
        environment = {**ENVIRONMENT, **view.environment(), "HOME": "/box/tmp", "TMPDIR": "/box/tmp"}
        return {"shown": shown, "module_path": [view.packages], "environment": environment, **config}


class UnsafeSandbox(Sandbox):
    """Runs programs as the calling user, with the limits of one process and nothing else between them and the machine.

    Covered: limits of memory a process, CPU, file size, open files and output; time; what a program started is killed
    as far as it can be found. Not covered: everything else that `Sandbox` lists.
    """

    isolated = False

    def facts(self) -> SandboxFacts:
        """No isolation, and which layers that leaves out."""
        missing = [layer for layer in LAYERS if layer not in UNSAFE_LAYERS]
        return SandboxFacts(isolated=False, layers=list(UNSAFE_LAYERS), missing=missing)

    def _start(self, provisions: str) -> _WardenProcess:
        folder = tempfile.mkdtemp(prefix="podium-box-")
        Path(folder).chmod(0o700)  # whatever umask was inherited
        view, box = View(provisions, self._machine, f"{folder}/view"), Path(folder, "box")
        box.mkdir()
        view.write()
        home = dict.fromkeys(("HOME", "TMPDIR"), str(box / "tmp"))
        environment = {**ENVIRONMENT, **view.environment(), **home}
        config = {"module_path": [view.packages], "environment": environment, "box": str(box)}
        return _WardenProcess(config, provisions, folder)


class _WardenProcess:
    """One guarding process and the socket to it."""

    def __init__(self, config: dict[str, Any], provisions: str, folder: str | None = None) -> None:
        """`folder` holds the box and the view where nothing can be mounted: the warden takes it away at its end."""
        self.provisions, self._folder = provisions, folder
        self._socket, pair = socket.socketpair()
        # Above the standard streams, which the new process gets in any case: any of them may be closed here.
        with pair:
            inner = socket.socket(fileno=fcntl.fcntl(pair, fcntl.F_DUPFD_CLOEXEC, 3))
        # Hash seed: set order, and with it some verdicts, would else change from run to run. -I would ignore it;
        # with this environment -s -S -P is the same otherwise.
        command = [sys.executable, "-s", "-S", "-P", str(LAUNCHER), str(inner.fileno())]
        with inner:
            self._process = subprocess.Popen(
                command,
                env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
                pass_fds=(inner.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        base = {"isolated": folder is None, "driver": str(PYTHON_DRIVER), "box_bytes": BOX_BYTES}
        try:
            hello, _ = self.ask(base | config, [], START_SECONDS)
        except SandboxError as err:
            self.close()
            raise SandboxUnavailableError(str(err), hint=UNAVAILABLE_HINT) from err
        if "error" in hello:
            self.close()
            message = f"this machine cannot isolate programs: {hello['error']}"
            raise SandboxUnavailableError(message, hint=hello.get("hint", UNAVAILABLE_HINT))
        self.missing: list[str] = hello["missing"]
        self.becomes_nobody: bool = hello["becomes_nobody"]

    def ask(self, header: dict[str, Any], blobs: list[bytes], seconds: float) -> tuple[dict[str, Any], list[bytes]]:
        """Send one frame and wait for the answer. Raises SandboxError when none comes."""
        try:
            wire.send(self._socket.fileno(), header, blobs)
            poller = select.poll()
            poller.register(self._socket, select.POLLIN)
            if poller.poll(seconds * 1000):
                return wire.receive(self._socket.fileno())
        except (OSError, EOFError, ValueError) as err:
            message = f"a warden died: {type(err).__name__}: {err}"
            raise SandboxError(message, hint="run the same command again; finished verdicts are kept") from err
        message = f"a warden gave no answer in {seconds:.0f} s"
        raise SandboxError(message, hint="use fewer --workers; finished verdicts are kept")

    def close(self) -> None:
        """End the process and all in it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2 if self._folder is None else 5)
        self._process.kill()
        self._process.wait()
        self._socket.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


UNAVAILABLE_HINT = (
    "allow user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0; in a "
    "container: --security-opt seccomp=unconfined), or pass --unsafe-no-sandbox on a machine you can lose"
)
