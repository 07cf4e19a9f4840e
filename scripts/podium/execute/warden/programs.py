"""Run one program: start it without rights, watch its output and the clock, end everything it left behind."""

from __future__ import annotations

import contextlib
import functools
import gc
import math
import os
import resource
import select
import signal
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.execute.warden import kernel
from podium.execute.warden.memory import LOOK_SECONDS
from podium.execute.warden.origin import IGNORED_BY_PYTHON
from podium.execute.warden.view import BOX_FOLDERS, NOBODY
from podium.inherited import OPEN_FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.execute.warden.groups import MemoryGroup, ProcessGroup
    from podium.execute.warden.memory import MemoryWatch

RESULT_BYTES = 1 << 20
RESULT_DESCRIPTOR = 2000
NONCE_BYTES = 16
READ_BYTES = 1 << 16
OUTER_MARGIN = 8  # processes that count as the same user: may be the warden and who started it, and some to spare
OWN_PROCESSES = 2
# Without a control group: what one process may reserve, over what all of them may hold.
RESERVED_SHARE = 16
# How much less CPU time the kernel may report than it had counted when it enforced the limit.
CPU_TOLERANCE = 0.8


@dataclass(frozen=True, kw_only=True)
class Warden:
    """How this process runs programs. `driver` is (program, seconds, result descriptor, nonce) and never returns.

    It is None where the interpreter cannot run programs itself.
    """

    isolated: bool
    becomes_nobody: bool
    box: Path
    environment: dict[str, str]
    driver: Callable[[bytes, float, int, bytes], None] | None
    processes: int  # descriptor of a /proc that can be written
    group: MemoryGroup | None
    process_group: ProcessGroup | None = None
    watch: MemoryWatch | None = None


def run(
    warden: Warden, control: int, request: dict[str, Any], files: list[bytes]
) -> tuple[dict[str, Any], list[bytes]]:
    """Run the steps of a program, until one fails, in a box that is empty. Raises EOFError when podium is gone."""
    if not request["driver"]:  # such a program reads no file, and the harness's working directory is empty
        _write_files(warden, request["files"], files)
    wall_seconds = cpu_seconds = 0.0
    for step in request["steps"]:
        header, outputs = _run_step(warden, control, request | step, files)
        wall_seconds, cpu_seconds = wall_seconds + header["wall_seconds"], cpu_seconds + header["cpu_seconds"]
        header["step"] = step["name"]
        header["busy_share"] = header["cpu_seconds"] / step["limits"]["wall_seconds"]
        if header["exit_code"] != 0 or header["output_exceeded"]:
            break
    return header | {"wall_seconds": wall_seconds, "cpu_seconds": cpu_seconds}, outputs


def _run_step(
    warden: Warden, control: int, request: dict[str, Any], files: list[bytes]
) -> tuple[dict[str, Any], list[bytes]]:
    resident, limits, nonce = bool(request["driver"]), request["limits"], os.urandom(NONCE_BYTES)
    _bound(warden, limits)
    pipes = _make_pipes(warden, 2 if resident else 3)  # failure, then result or stdout and stderr
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _live(warden, request, files, [write for _, write in pipes], nonce)
    for _, write in pipes:
        os.close(write)
    reads = {read: bytearray() for read, _ in pipes}
    limit = RESULT_BYTES if resident else limits["output_bytes"]
    drops = request["drops_output"] and not resident
    deadline = began + limits["wall_seconds"] + request["grace_seconds"]
    is_beyond = functools.partial(warden.watch.is_beyond, limits["memory_bytes"]) if warden.watch else None
    try:
        ended_by = _watch(pid, reads, limit, deadline, control, is_beyond, drops=drops)
    finally:
        wall_seconds = time.monotonic() - began
        ended = _end_all(pid, isolated=warden.isolated)
        ended_by = _drain(reads, math.inf if drops else limit) or ended_by
    failure, *outputs = (bytes(data) for data in reads.values())
    header = _describe(warden, ended, ended_by, limits)
    header |= {"error": failure.decode(errors="replace"), "wall_seconds": wall_seconds}
    if resident:
        said, found, result = outputs[0].partition(nonce)
        result, _, _ = result.partition(nonce)  # a forked copy of the program reports as well; the first one counts
        return header | {"has_result": bool(found)}, [b"", said, result]
    return header | {"has_result": False}, [*(output[:limit] for output in outputs), b""]


def _write_files(warden: Warden, names: list[str], contents: list[bytes]) -> None:
    """Put the files into the box, the program's own as whatever it makes itself; `tmp/NAME` beside its folder."""
    for name, content in zip(names, contents, strict=True):
        path = _place(warden, name)
        path.write_bytes(content)
        if warden.becomes_nobody:
            os.chown(path, NOBODY, NOBODY)


def _place(warden: Warden, name: str) -> Path:
    return warden.box / name if name.startswith(f"{BOX_FOLDERS[1]}/") else warden.box / BOX_FOLDERS[0] / name


def _bound(warden: Warden, limits: dict[str, Any]) -> None:
    if warden.group is not None:
        warden.group.limit(limits["memory_bytes"])
    if warden.process_group is not None:
        warden.process_group.limit(limits["processes"])
    if warden.watch is not None:
        warden.watch.begin()


def _make_pipes(warden: Warden, count: int) -> list[tuple[int, int]]:
    """(read, write) of each. A program that opens /dev/stdout or /dev/stderr anew must be allowed to."""
    pipes = [os.pipe() for _ in range(count)]
    if warden.becomes_nobody:
        for _, write in pipes[1:]:
            os.fchown(write, NOBODY, NOBODY)
    return pipes


def _cpu_limit(limits: dict[str, Any]) -> int:
    """Seconds of one process: so many on each core, or one that uses all of them would meet it before the clock."""
    seconds: float = limits["cpu_seconds"]
    return math.ceil(seconds) * len(os.sched_getaffinity(0))


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """How a program ended: exit code (negative: signal), its own CPU seconds; those and the number of all it left."""

    code: int
    own_seconds: float
    cpu_seconds: float
    processes: int


def _describe(warden: Warden, ended: _Ended, ended_by: str, limits: dict[str, Any]) -> dict[str, Any]:
    """What was seen of the end. A cause is named only where it was observed: any program can send itself signals."""
    was_busy = ended.own_seconds >= CPU_TOLERANCE * _cpu_limit(limits)
    hit_cpu_limit = not ended_by and was_busy and ended.code in (-signal.SIGKILL, -signal.SIGXCPU)
    box = os.statvfs(warden.box) if warden.isolated else None
    return {
        "exit_code": ended.code if ended.code >= 0 else None,
        "signal": -ended.code if ended.code < 0 else None,
        "cpu_seconds": ended.cpu_seconds,
        "timed_out": ended_by == "clock" or hit_cpu_limit,
        "output_exceeded": ended_by == "output",
        "memory_exceeded": (warden.group is not None and warden.group.has_counted()) or ended_by == "memory",
        "processes_exceeded": _has_met_processes(warden, ended, limits["processes"]),
        "files_exceeded": box is not None and 0 in (box.f_bfree, box.f_ffree),
    }


def _has_met_processes(warden: Warden, ended: _Ended, limit: int) -> bool:
    """Whether a fork was refused or, where nothing counts that, as many as may be were there at the end."""
    if warden.process_group is not None:
        return warden.process_group.has_counted()
    return warden.isolated and ended.processes >= limit + OUTER_MARGIN - OWN_PROCESSES


def renew_box(warden: Warden) -> bool:
    """Give the next program empty folders; False when what the last one left must not be walked by us."""
    for name in BOX_FOLDERS:
        folder = warden.box / name
        if folder.is_symlink() or (folder.exists() and not _remove(folder)):
            return False
    # As an ordinary user a program owns the box and could leave something beside its folders.
    if any(warden.box.iterdir()):
        return False
    for name in BOX_FOLDERS:
        (warden.box / name).mkdir(mode=0o700)
        if warden.becomes_nobody:
            os.chown(warden.box / name, NOBODY, NOBODY)
    return True


def _remove(folder: Path) -> bool:
    try:
        folder.chmod(0o700)
        for entry in folder.iterdir():
            if stat.S_ISDIR(entry.lstat().st_mode):
                return False  # a tree may be hostile to whoever walks it; a new warden costs less
            entry.unlink()
        folder.rmdir()
    except OSError:
        return False
    return True


def _live(warden: Warden, request: dict[str, Any], files: list[bytes], pipes: list[int], nonce: bytes) -> None:
    """In the child: become a program without rights; never returns."""
    # Kept here because a program in this interpreter may replace what the module holds.
    leave = os._exit
    failure = pipes[0]
    try:
        result = _keep_out_of_reach(pipes[1]) if request["driver"] else -1
        os.setsid()
        os.chdir(warden.box / BOX_FOLDERS[0])
        _set_limits(request["limits"], warden)
        _drop_rights(warden)
        _go_first(warden)
        if request["driver"]:
            if warden.driver is None:
                message = "no Python programs run in another root file system"
                raise OSError(message)
            os.closerange(3, result)
            os.closerange(result + 1, 1 << 16)
        else:
            for target, pipe in ((1, pipes[1]), (2, pipes[2])):
                os.dup2(pipe, target)
            for number in IGNORED_BY_PYTHON:
                signal.signal(number, signal.SIG_DFL)
            command = [
                str(_place(warden, part)) if part.startswith(f"{BOX_FOLDERS[1]}/") else part
                for part in request["command"]
            ]
            os.execvpe(command[0], command, warden.environment | request["environment"])  # noqa: S606
    except OSError as err:
        os.write(failure, f"{request['command'][0]}: {err}".encode())
        leave(127)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as Python itself sets it
        gc.enable()
        os.environ.update(request["environment"])
        warden.driver(files[0], request["limits"]["wall_seconds"], result, nonce)
    finally:
        leave(1)


def _keep_out_of_reach(pipe: int) -> int:
    """The pipe again, as a descriptor beyond those that programs close to be sure: the harness connects afterwards."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    unlimited = hard == resource.RLIM_INFINITY
    return os.dup2(pipe, RESULT_DESCRIPTOR if unlimited else min(RESULT_DESCRIPTOR, hard - 1), inheritable=False)


def _set_limits(limits: dict[str, Any], warden: Warden) -> None:
    cpu_limit = _cpu_limit(limits)
    wanted = {
        resource.RLIMIT_CPU: (cpu_limit, cpu_limit + 1),  # a second later it kills what ignored SIGXCPU
        resource.RLIMIT_FSIZE: (limits["file_bytes"],) * 2,
        resource.RLIMIT_NOFILE: (OPEN_FILES,) * 2,
    }
    if not warden.isolated:
        wanted[resource.RLIMIT_AS] = (limits["memory_bytes"],) * 2
    elif warden.group is None:
        wanted[resource.RLIMIT_AS] = (limits["memory_bytes"] * RESERVED_SHARE,) * 2
    if warden.isolated:  # outside a user namespace it would count everything this user runs
        # Where a control group counts what it refuses, this is only there should the group not hold.
        most = limits["processes"] * (1 if warden.process_group is None else 2) + OUTER_MARGIN
        wanted[resource.RLIMIT_NPROC] = (most, most)
    for name, values in wanted.items():
        _, hard = resource.getrlimit(name)
        soft, new = values if hard == resource.RLIM_INFINITY else (min(value, hard) for value in values)
        resource.setrlimit(name, (soft, new))


def _drop_rights(warden: Warden) -> None:
    if not warden.isolated:
        return
    if warden.becomes_nobody:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    kernel.drop_capabilities()
    kernel.control_process(kernel.PR_SET_DUMPABLE, 1)


def _go_first(warden: Warden) -> None:
    """Be what the kernel ends when memory runs out, not the warden."""
    with contextlib.suppress(OSError):  # where /proc is the machine's own it may be closed; limits hold anyway
        descriptor = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=warden.processes)
        os.write(descriptor, b"1000")
        os.close(descriptor)


def _watch(
    pid: int,
    reads: dict[int, bytearray],
    limit: int,
    deadline: float,
    control: int,
    is_beyond: Callable[[], bool] | None,
    *,
    drops: bool,
) -> str:
    """Collect output until the program ends ("") or must be ended: "clock", "output" or, where watched, "memory".

    With `drops` what is beyond the limit is read and forgotten instead.
    """
    poller = select.poll()
    process = os.pidfd_open(pid)
    longest = math.inf if is_beyond is None else LOOK_SECONDS
    try:
        for descriptor in (process, control, *reads):
            poller.register(descriptor, select.POLLIN)
        next_look = time.monotonic() + longest
        while (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in poller.poll(math.ceil(min(left, longest) * 1000)):
                if descriptor == process:
                    return ""
                if descriptor == control:
                    raise EOFError
                data = os.read(descriptor, READ_BYTES)
                reads[descriptor] += data
                if len(reads[descriptor]) > limit:
                    if not drops:
                        return "output"
                    del reads[descriptor][limit:]
                if not data:
                    poller.unregister(descriptor)
            if is_beyond is not None and time.monotonic() >= next_look:
                if is_beyond():
                    return "memory"
                next_look = time.monotonic() + longest
        return "clock"
    finally:
        os.close(process)


def _drain(reads: dict[int, bytearray], limit: float) -> str:
    """Read what is still in the pipes, and close them; nobody is left who could write."""
    for descriptor, data in reads.items():
        while len(data) <= limit and (part := os.read(descriptor, READ_BYTES)):
            data += part
        os.close(descriptor)
    return "output" if any(len(data) > limit for data in reads.values()) else ""


def _end_all(pid: int, *, isolated: bool) -> _Ended:
    """Kill and reap the program and all it started."""
    code, own_seconds, cpu_seconds, processes = 0, 0.0, 0.0, 0
    while True:
        _kill_all(pid, isolated=isolated)
        try:
            ended, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return _Ended(code=code, own_seconds=own_seconds, cpu_seconds=cpu_seconds, processes=processes)
        processes += 1
        cpu_seconds += usage.ru_utime + usage.ru_stime
        if ended == pid:
            code, own_seconds = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def _kill_all(pid: int, *, isolated: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if isolated:
            os.kill(-1, signal.SIGKILL)  # init of a pid namespace: everybody in it but itself
        else:
            os.killpg(pid, signal.SIGKILL)
    if not isolated:
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        for child in children.read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
