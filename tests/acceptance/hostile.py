# ruff: noqa: E501  one line a program reads best
"""Hostile programs, each with the promise it attacks. `python hostile.py SECRET_FILE PORT VICTIM_PID` runs them all.

A program reports a success by an exception that says ESCAPED, or by passing. Prints a JSON list of what each came to.
"""

from __future__ import annotations

import json
import os
import sys
from typing import NamedTuple

import msgspec

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox

WALL_SECONDS = 1.0


class Hostile(NamedTuple):
    """A program, in Python unless `language` says otherwise; `wanted` are the outcomes that show it was contained."""

    promise: str
    program: str
    wanted: tuple[str, ...] = ("failed",)
    language: str = "py"


def attempt(promise: str, *deeds: str, setup: str = "") -> Hostile:
    """A program that says ESCAPED when any of the expressions does not raise."""
    lines = ["import ctypes, os, posix, signal, socket, sys, time", "libc = ctypes.CDLL(None, use_errno=True)", setup]
    for deed in deeds:
        lines += ["try:", f"    got = {deed}", "except Exception:", "    pass", "else:"]
        lines += [f"    raise ValueError('ESCAPED', {deed!r}, got)"]
    return Hostile(promise, "\n".join([*lines, "raise ValueError('contained')"]))


def refuse(promise: str, *calls: str, setup: str = "") -> Hostile:
    """A program that says ESCAPED when any of the C calls gives something else than -1."""
    checks = [f"if {call} != -1:\n    raise ValueError('ESCAPED', {call!r})" for call in calls]
    head = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    return Hostile(promise, "\n".join([head + setup, *checks, "raise ValueError('contained')"]))


def shell(promise: str, *commands: str) -> Hostile:
    """A bash script that prints and passes when any command succeeds."""
    lines = [f"if {command} 2>/dev/null; then exit 0; fi" for command in commands]
    return Hostile(promise, "\n".join([*lines, "exit 1"]), ("failed",), "sh")


def hostile(secret: str, port: int, victim: int) -> list[Hostile]:
    """All programs against a secret file, a listening port and a process of the same user outside."""
    stopped = ("timed_out", "crashed", "failed", "out_of_memory", "process_limit", "file_limit", "output_limit")
    return [
        attempt("no password hashes", "open('/etc/shadow').read()"),
        attempt("no home folder", f"open({secret!r}).read()", f"os.stat({secret!r})"),
        attempt("no home folder by the warden's root", f"open('/proc/1/root' + {secret!r}).read()"),
        attempt("no home folder by its folder", "os.listdir('/proc/1/cwd')", "os.listdir('/home')"),
        attempt("no environment of the runner", "open('/proc/1/environ').read()"),
        Hostile(
            "no token", "import os\nraise ValueError('ESCAPED' if 'do-not-tell' in str(os.environ) else 'contained')"
        ),
        shell("no token in a shell", "env | grep -q do-not-tell", "grep -q do-not-tell /proc/*/environ"),
        attempt("no file of the machine", "open('/etc/hostname').read()", "open('/etc/machine-id').read()"),
        attempt("no kernel memory", "open('/dev/mem')", "open('/dev/kmsg')", "open('/proc/kcore').read(1)"),
        attempt("no sysfs", "os.listdir('/sys')", "os.listdir('/sys/fs/cgroup')"),
        attempt("no writing in /usr", "open('/usr/x', 'w')", "posix.mkdir('/usr/bin/x')"),
        attempt("no writing in /etc", "open('/etc/passwd', 'a')", "posix.unlink('/etc/passwd')"),
        attempt("no writing at the root", "posix.mkdir('/x')", "open('/x', 'w')"),
        attempt("no writing in packages", "open(ctypes.__file__, 'a')", "open(sys.executable, 'a')"),
        attempt(
            "no writing in /proc",
            "open('/proc/self/oom_score_adj', 'w').write('0')",
            "open('/proc/sys/kernel/core_pattern', 'w')",
        ),
        attempt("no writing in /dev", "open('/dev/x', 'w')", "posix.mkdir('/dev/y')"),
        attempt("no network over IPv4", "socket.create_connection(('192.0.2.1', 80), 0.3)"),
        attempt("no network over IPv6", "socket.create_connection(('2001:db8::1', 80), 0.3)"),
        attempt("no loopback of the machine", f"socket.create_connection(('127.0.0.1', {port}), 0.3)"),
        attempt("no UDP", "socket.socket(2, 2).sendto(b'x', ('192.0.2.1', 53))"),
        attempt("no raw sockets", "socket.socket(2, 3, 1)", "socket.socket(10, 3, 58)"),
        attempt("no netlink", "socket.socket(16, 3, 0)"),
        attempt("no packet sockets", "socket.socket(17, 3, 0)"),
        attempt("no virtual machine sockets", "socket.socket(40, 1, 0)"),
        attempt("no bluetooth", "socket.socket(31, 3, 1)"),
        attempt("no kernel cryptography sockets", "socket.socket(38, 5, 0)"),
        attempt("no abstract socket of the machine", "socket.socket(1, 1).connect('\\0podium-hostile')"),
        attempt("no docker", "socket.socket(1, 1).connect('/var/run/docker.sock')"),
        shell("no network in a shell", f"exec 3<>/dev/tcp/127.0.0.1/{port}", "exec 3<>/dev/udp/192.0.2.1/53"),
        refuse("no tracing of the parent", "libc.ptrace(16, 1, 0, 0)", "libc.ptrace(16, os.getppid(), 0, 0)"),
        refuse("no reading of others' memory", "libc.process_vm_readv(1, 0, 0, 0, 0, 0)"),
        attempt("no memory of the warden", "open('/proc/1/mem', 'rb').read(1)", "open('/proc/1/maps').read(1)"),
        Hostile(
            "no killing of the warden",
            "import ctypes, os\nfor pid in (1, os.getppid()):\n    ctypes.CDLL(None).kill(pid, 9)\nraise ValueError('contained')",
        ),
        refuse("no killing of processes outside", f"libc.kill({victim}, 9)"),
        Hostile(
            "no killing of everybody",
            "import ctypes\nctypes.CDLL(None).kill(-1, 9)\nraise ValueError('contained')",
            stopped,
        ),
        Hostile(
            "no stopping of the warden",
            "import ctypes, os\nctypes.CDLL(None).kill(os.getppid(), 19)\nraise ValueError('contained')",
        ),
        Hostile(
            "fork bomb",
            "import posix\nwhile True:\n    try:\n        posix.fork()\n    except OSError:\n        pass",
            stopped,
        ),
        Hostile(
            "fork bomb in a shell",
            "b() { b | b & }; b; sleep 9",
            ("failed", "timed_out", "output_limit", "process_limit"),
            "sh",
        ),
        Hostile(
            "thread bomb",
            "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(9,)).start()",
            stopped,
        ),
        Hostile("memory bomb", "x = []\nwhile True:\n    x.append(bytearray(1 << 26))", stopped),
        Hostile(
            "memory bomb over processes",
            "import posix, time\nfor _ in range(20):\n    if posix.fork() == 0:\n        x = bytearray(200 << 20)\n        time.sleep(9)\ntime.sleep(9)",
            stopped,
        ),
        Hostile(
            "disk flood", "n = 0\nwhile True:\n    open(f'f{n}', 'wb').write(bytes(30 << 20))\n    n += 1", stopped
        ),
        Hostile("flood of empty files", "n = 0\nwhile True:\n    open(f'f{n}', 'w')\n    n += 1", stopped),
        Hostile("one large file", "f = open('f', 'wb')\nwhile True:\n    f.write(bytes(1 << 20))", stopped),
        Hostile(
            "deep folders",
            "import posix\nfor _ in range(3000):\n    posix.mkdir('d')\n    posix.chdir('d')\nraise ValueError('contained')",
        ),
        Hostile("output flood", "import os\nwhile True:\n    os.write(1, b'x' * 65536)", stopped),
        Hostile("output flood in a shell", "yes", ("output_limit",), "sh"),
        Hostile("flood of the result", "import os\nwhile True:\n    os.write(3, b'x' * 65536)", stopped),
        Hostile(
            "escape the alarm",
            "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass",
            stopped,
        ),
        Hostile(
            "disarm the alarm", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True:\n    pass", stopped
        ),
        Hostile(
            "catch BaseException",
            "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
            stopped,
        ),
        Hostile("ignore every signal", "trap '' TERM INT HUP XCPU; while :; do :; done", ("timed_out",), "sh"),
        Hostile(
            "exit handlers", "import atexit, os, time\natexit.register(os.write, 3, b'passed')\nraise SystemExit(0)"
        ),
        Hostile("daemon", "(setsid sleep 4991.5 >/dev/null 2>&1 &)\nexit 1", ("failed",), "sh"),
        Hostile(
            "daemon of a daemon",
            "(setsid bash -c 'setsid sleep 4991.5 & disown' >/dev/null 2>&1 &)\nexit 1",
            ("failed",),
            "sh",
        ),
        Hostile(
            "forge a pass by descriptors",
            "import os\nfor d in range(300):\n    try:\n        os.write(d, b'\\npassed')\n    except OSError:\n        pass\nos._exit(0)",
            stopped,
        ),
        Hostile("exit 0 early", "import os\nos._exit(0)", stopped),
        Hostile("exit 0 by sys", "import sys\nsys.exit(0)"),
        Hostile(
            "exit 0 by a signal",
            "import ctypes\nctypes.CDLL(None).raise_(15) if 0 else ctypes.CDLL(None).abort()",
            stopped,
        ),
        Hostile(
            "replace builtins",
            "import builtins\nbuiltins.open = builtins.exec = None\nbuiltins.BaseException = int\nraise ValueError",
        ),
        Hostile(
            "replace the judge's modules",
            "import sys, os\nos.write = os._exit = lambda *a: None\nsys.modules.clear()\nraise ValueError",
        ),
        Hostile(
            "replace the traceback", "class E(Exception):\n    def __str__(self):\n        return 'passed'\nraise E"
        ),
        Hostile("say timed out and passed", "print('passed')\nraise ValueError('\\npassed')"),
        attempt("no set-uid", "posix.setuid(0)", "posix.setgid(0)", "posix.setgroups([0])"),
        Hostile("no set-uid files", "cp /bin/bash b; chmod 4755 b; [ $(./b -p -c 'id -u') = 0 ]", ("failed",), "sh"),
        shell("no sudo or su", "su -c id", "sudo -n id"),
        refuse("no mount", "libc.mount(b'none', b'/box/tmp', b'tmpfs', 0, 0)", "libc.umount2(b'/proc', 2)"),
        refuse("no namespaces", "libc.unshare(0x10000000)", "libc.unshare(0x20000)", "libc.setns(0, 0)"),
        refuse("no chroot", "libc.chroot(b'/box')", "libc.syscall(155, b'.', b'.')"),
        refuse("no devices", "libc.mknod(b'd', 0o60644, 0x801)", "libc.mknod(b'c', 0o20644, 0x101)"),
        refuse(
            "no kernel doors",
            "libc.syscall(321, 0, 0, 0)",
            "libc.syscall(425, 8, 0)",
            "libc.syscall(298, 0, 0, -1, -1, 0)",
        ),
        refuse("no keys of the kernel", "libc.syscall(250, 0, -3, 0)", "libc.syscall(248, b'user', b'x', b'y', 1, -3)"),
        refuse(
            "no shared memory with others",
            "libc.shmget(1, 4096, 0o1666)",
            "libc.semget(1, 1, 0o1666)",
            "libc.msgget(1, 0o1666)",
        ),
        refuse("no clock", "libc.settimeofday(b'\\0' * 16, 0)", "libc.sethostname(b'x', 1)"),
        refuse("no higher priority", "libc.setpriority(0, 0, -10)"),
        refuse(
            "no higher limits",
            "libc.setrlimit(1, (ctypes.c_ulong * 2)(-1, -1))",
            "libc.setrlimit(6, (ctypes.c_ulong * 2)(9999, 9999))",
        ),
        Hostile(
            "a seccomp filter of its own",
            "import ctypes\nl = ctypes.CDLL(None)\nl.prctl(38, 1, 0, 0, 0)\nl.prctl(22, 1, 0, 0, 0)\nwhile True:\n    open('/dev/null')",
            stopped,
        ),
        Hostile(
            "links out of the box",
            "ln -s /etc/shadow a; ln -s / b; ln -s /proc/1/root c; cat a b/etc/shadow c/etc/shadow",
            ("failed",),
            "sh",
        ),
        Hostile(
            "a link in place of the box",
            "cd /; rm -rf /box/work /box/tmp; ln -s /etc /box/work; exit 1",
            ("failed",),
            "sh",
        ),
        Hostile(
            "closed folders left behind", "mkdir -p d/e/f; touch d/e/f/g; chmod 0 d/e d; exit 1", ("failed",), "sh"
        ),
        Hostile(
            "pipes and sockets left behind",
            "mkfifo p; echo x > $TMPDIR/left; echo x > /dev/shm/left; exit 1",
            ("failed",),
            "sh",
        ),
        Hostile("a frozen child", "(kill -STOP $BASHPID) & exit 1", ("failed",), "sh"),
        Hostile("a hundred open pipes", "import os\nx = [os.pipe() for _ in range(9999)]"),
    ]


def run_all(secret: str, port: int, victim: int) -> list[dict[str, object]]:
    """Every program and, after each, one that must pass and finds nothing of it."""
    found: list[dict[str, object]] = []
    clean = b"import os\nassert os.listdir('.') == [], os.listdir('.')\nassert not os.listdir('/dev/shm/')"
    clean += b"\nassert len([p for p in os.listdir('/proc') if p.isdigit()]) <= 2"
    python = language_named("py")
    limits = msgspec.structs.replace(python.limits("parity"), memory_bytes=512 << 20, file_bytes=16 << 20)
    with Sandbox() as sandbox:
        for case in hostile(secret, port, victim):
            language = language_named(case.language)
            run = language.prepare(case.program.encode())
            short = msgspec.structs.replace(limits, wall_seconds=WALL_SECONDS, output_bytes=200_000)
            completed = sandbox.run(
                run.command, files=run.files, limits=short, grace_seconds=run.grace_seconds, resident=run.resident
            )
            outcome, message = language.read(completed, "parity")
            after = sandbox.run(["program.py"], files={"program.py": clean}, limits=limits, resident=True)
            result = {"outcome": outcome, "wanted": case.wanted, "message": message[:300], "after": after.result}
            found.append({"promise": case.promise, **result})
    return found


if __name__ == "__main__":
    os.environ["SECRET_TOKEN"] = "do-not-tell"
    print(json.dumps(run_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
