"""Run one program: start it without rights, watch its output and the clock, end everything it left behind."""

from __future__ import annotations

import contextlib
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
from podium.execute.warden.view import BOX_FOLDERS, NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.execute.warden.groups import MemoryGroup

OPEN_FILES = 512
RESULT_BYTES = 1 << 20
RESULT_DESCRIPTOR = 2000
NONCE_BYTES = 16
READ_BYTES = 1 << 16
OUTER_MARGIN = 8  # processes of the warden that count as the same user


@dataclass(frozen=True, kw_only=True)
class Warden:
    """How this process runs programs. `driver` is (program, seconds, result descriptor, nonce) and never returns."""

    isolated: bool
    becomes_nobody: bool
    box: Path
    environment: dict[str, str]
    driver: Callable[[bytes, float, int, bytes], None]
    processes: int  # descriptor of a /proc that can be written
    group: MemoryGroup | None


def run(
    warden: Warden, control: int, request: dict[str, Any], files: list[bytes]
) -> tuple[dict[str, Any], list[bytes]]:
    """Run the requested program to its end in a box that is empty. Raises EOFError when podium is gone."""
    if not request["resident"]:  # those read no file, and the harness's working directory is empty
        for name, content in zip(request["files"], files, strict=True):
            (warden.box / BOX_FOLDERS[0] / name).write_bytes(content)
    resident, limits, nonce = request["resident"], request["limits"], os.urandom(NONCE_BYTES)
    if warden.group is not None:
        warden.group.limit(limits["memory_bytes"])
    pipes = [os.pipe() for _ in range(2 if resident else 3)]  # failure, then result or stdout and stderr
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _live(warden, request, files, [write for _, write in pipes], nonce)
    for _, write in pipes:
        os.close(write)
    reads = {read: bytearray() for read, _ in pipes}
    limit = RESULT_BYTES if resident else limits["output_bytes"]
    try:
        ended_by = _watch(pid, reads, limit, began + limits["wall_seconds"] + request["grace_seconds"], control)
    finally:
        wall_seconds = time.monotonic() - began
        code, cpu_seconds = _end_all(pid, isolated=warden.isolated)
        ended_by = _drain(reads, limit) or ended_by
    failure, *outputs = (bytes(data) for data in reads.values())
    header = _describe(code, ended_by, cpu_seconds, limits["cpu_seconds"])
    header |= {"error": failure.decode(errors="replace"), "wall_seconds": wall_seconds, "cpu_seconds": cpu_seconds}
    if resident:
        _, found, result = outputs[0].partition(nonce)
        result, _, _ = result.partition(nonce)  # a forked copy of the program reports as well; the first one counts
        return header | {"has_result": bool(found)}, [b"", b"", result]
    return header | {"has_result": False}, [*(output[:limit] for output in outputs), b""]


def _describe(code: int, ended_by: str, cpu_seconds: float, cpu_limit: float) -> dict[str, Any]:
    killed = code in (-signal.SIGKILL, -signal.SIGXCPU) and not ended_by
    # The kernel counts the limit in ticks, which may be some way off the usage it reports.
    hit_cpu_limit = code == -signal.SIGXCPU or (killed and cpu_seconds >= cpu_limit * 0.8)
    return {
        "exit_code": code if code >= 0 else None,
        "signal": -code if code < 0 else None,
        "timed_out": ended_by == "clock" or hit_cpu_limit,
        "output_exceeded": ended_by == "output",
        "memory_exceeded": killed and not hit_cpu_limit,
    }


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
        result = _keep_out_of_reach(pipes[1]) if request["resident"] else -1
        os.setsid()
        os.chdir(warden.box / BOX_FOLDERS[0])
        _set_limits(request["limits"], warden)
        _drop_rights(warden)
        _go_first(warden)
        if request["resident"]:
            os.closerange(3, result)
            os.closerange(result + 1, 1 << 16)
        else:
            for target, pipe in ((1, pipes[1]), (2, pipes[2])):
                os.dup2(pipe, target)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execvpe(request["command"][0], request["command"], warden.environment)  # noqa: S606
    except OSError as err:
        os.write(failure, f"{request['command'][0]}: {err}".encode())
        leave(127)
    try:
        gc.enable()
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
    wanted = {
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_CPU: math.ceil(limits["cpu_seconds"]),
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    if warden.isolated:  # outside a user namespace it would count everything this user runs
        wanted[resource.RLIMIT_NPROC] = limits["processes"] + OUTER_MARGIN
    for name, value in wanted.items():
        _, hard = resource.getrlimit(name)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # A second later the CPU limit kills what ignored SIGXCPU.
        resource.setrlimit(name, (value, value + 1 if name == resource.RLIMIT_CPU and value != hard else value))


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


def _watch(pid: int, reads: dict[int, bytearray], limit: int, deadline: float, control: int) -> str:
    """Collect output until the program ends (""), the deadline passes ("clock") or a stream overflows ("output")."""
    poller = select.poll()
    process = os.pidfd_open(pid)
    try:
        for descriptor in (process, control, *reads):
            poller.register(descriptor, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in poller.poll(math.ceil(left * 1000)):
                if descriptor == process:
                    return ""
                if descriptor == control:
                    raise EOFError
                data = os.read(descriptor, READ_BYTES)
                reads[descriptor] += data
                if len(reads[descriptor]) > limit:
                    return "output"
                if not data:
                    poller.unregister(descriptor)
        return "clock"
    finally:
        os.close(process)


def _drain(reads: dict[int, bytearray], limit: int) -> str:
    """Read what is still in the pipes, and close them; nobody is left who could write."""
    for descriptor, data in reads.items():
        while len(data) <= limit and (part := os.read(descriptor, READ_BYTES)):
            data += part
        os.close(descriptor)
    return "output" if any(len(data) > limit for data in reads.values()) else ""


def _end_all(pid: int, *, isolated: bool) -> tuple[int, float]:
    """Kill and reap the program and all it started; its exit code (negative: signal) and everybody's CPU seconds."""
    code, cpu_seconds = 0, 0.0
    while True:
        _kill_all(pid, isolated=isolated)
        try:
            ended, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return code, cpu_seconds
        cpu_seconds += usage.ru_utime + usage.ru_stime
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)


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
