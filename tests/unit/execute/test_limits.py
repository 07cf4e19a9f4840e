"""What bounds a program: the cause of its end is named only where it was observed, and ordinary programs meet none."""

from __future__ import annotations

import os
import textwrap

import pytest
from tests.unit.execute.users import USERS, Case, judge_as

from podium.execute.languages import FILE_BYTES, LANGUAGES, language_named
from podium.execute.sandbox import BOX_BYTES

pytestmark = pytest.mark.world
MEMORY = 256 << 20
SMALL = {"memory_bytes": MEMORY, "wall_seconds": 8, "cpu_seconds": 30}


# What a program does to itself is not what a limit did to it.
BY_ITSELF = {
    "kills its group": Case("sh", "kill -9 0"),
    "kills itself": Case("sh", "kill -9 $$"),
    "kills its group from Python": Case("py", "import ctypes\nctypes.CDLL(None).killpg(0, 9)"),
    "kills all it may": Case("py", "import ctypes\nctypes.CDLL(None).kill(-1, 9)\nctypes.CDLL(None).kill(0, 9)"),
    "kills itself from Perl": Case("pl", "kill 'KILL', $$;"),
    "says that its CPU time is up": Case("sh", "kill -XCPU $$"),
    "says so from Python": Case("py", "import signal\nsignal.raise_signal(signal.SIGXCPU)"),
    "says that its file is too large": Case("sh", "kill -XFSZ $$"),
    "lets an alarm end it": Case("pl", "alarm 1; sleep 5;"),
}


@pytest.mark.parametrize("user", USERS)
def test_program_that_ends_itself_by_a_signal_is_crashed(user: str) -> None:
    found = judge_as(user, list(BY_ITSELF.values()))
    assert dict(zip(BY_ITSELF, (one.outcome for one in found), strict=True)) == dict.fromkeys(BY_ITSELF, "crashed")


def c_calls(*lines: str) -> str:
    """A Python program with the C library as `c`."""
    head = (
        "import ctypes, mmap, os, posix, socket, time",
        "c = ctypes.CDLL(None, use_errno=True)",
        "c.mmap.restype = ctypes.c_void_p",
        "c.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]",
        "c.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]",
        "c.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]",
        "mib, held = 1 << 20, []",
    )
    return "\n".join([*head, *lines, "time.sleep(1)", "raise ValueError('HELD')"])


# Ways to hold a gibibyte with a limit of a quarter of it.
HOARDS = {
    "one process": c_calls("held = b'x' * (1024 * mib)"),
    "several processes": c_calls(
        "for _ in range(10):",
        "    if posix.fork() == 0:",
        "        held = b'x' * (100 * mib)",
        "        time.sleep(9)",
        "        posix._exit(0)",
    ),
    "files of the box": c_calls("for n in range(20):", "    open(f'{n}', 'wb').write(bytes(50 * mib))"),
    "files of /dev/shm": c_calls("for n in range(20):", "    open(f'/dev/shm/{n}', 'wb').write(bytes(50 * mib))"),
    "deleted files": c_calls(
        "for n in range(20):",
        "    held.append(open('f', 'wb', buffering=0))",
        "    held[-1].write(bytes(50 * mib))",
        "    c.unlink(b'f')",
    ),
    "reserved files": c_calls(
        "for n in range(20):",
        "    held.append(open(f'{n}', 'wb'))",
        "    os.posix_fallocate(held[-1].fileno(), 0, 25 * mib)",
    ),
    "shared memory": c_calls("held = mmap.mmap(-1, 1024 * mib)", "held.write(b'x' * (1024 * mib))"),
    "shared memory that is mapped no more": c_calls(
        "for _ in range(20):",
        "    place = c.mmap(None, 50 * mib, 3, 0x21, -1, 0)",
        "    c.memset(place, 1, 50 * mib)",
        "    c.munmap(place + 4096, 50 * mib - 4096)",
    ),
    "shared zeros": c_calls(
        "zero = posix.open('/dev/zero', 2)",
        "for _ in range(20):",
        "    place = c.mmap(None, 50 * mib, 3, 1, zero, 0)",
        "    c.memset(place, 1, 50 * mib)",
        "    c.munmap(place + 4096, 50 * mib - 4096)",
    ),
    "buffers of sockets": c_calls(
        "for _ in range(10):",
        "    if posix.fork() == 0:",
        "        for _ in range(400):",
        "            held.append(socket.socketpair())",
        "            held[-1][0].setblocking(False)",
        "            try:",
        "                while True:",
        "                    held[-1][0].send(bytes(1 << 16))",
        "            except OSError:",
        "                pass",
        "        time.sleep(9)",
        "time.sleep(3)",
    ),
    "mappings": c_calls(
        "c.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]",
        "place = c.mmap(None, 240 * mib, 0, 0x4022, -1, 0)",
        "for n in range(0, 60_000, 2):",
        "    c.mprotect(place + n * 4096, 4096, 1)",
        "for _ in range(40):",
        "    if posix.fork() == 0:",
        "        time.sleep(9)",
        "        posix._exit(0)",
        "time.sleep(3)",
    ),
    "memory files": c_calls("held = [os.memfd_create('f') for _ in range(2)]"),
    "secret memory": c_calls("if c.syscall(447, 0) < 0:", "    raise OSError(ctypes.get_errno(), 'refused')"),
    "System V memory": c_calls("if c.shmget(0, mib, 0o1600) < 0:", "    raise OSError(ctypes.get_errno(), 'refused')"),
    "huge pages": c_calls(
        "held = mmap.mmap(-1, 2 * mib, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)",
    ),
    "pages given to a pipe": c_calls(
        "if c.vmsplice(os.pipe()[1], None, 0, 8) < 0:", "    raise OSError(ctypes.get_errno(), 'refused')"
    ),
    "locked memory": c_calls("if c.mlockall(3) < 0:", "    raise OSError(ctypes.get_errno(), 'refused')"),
    "a ring": c_calls("if c.syscall(425, 8, bytes(120)) < 0:", "    raise OSError(ctypes.get_errno(), 'refused')"),
    "keys": c_calls("if c.syscall(248, b'user', b'k', b'x', 1, -3) < 0:", "    raise OSError(1, 'refused')"),
}
REFUSED = (
    "memory files", "secret memory", "System V memory", "huge pages", "pages given to a pipe", "locked memory",
    "a ring", "keys",
)  # fmt: skip


@pytest.mark.parametrize("user", USERS)
def test_memory_is_bounded_or_refused_however_it_is_held(user: str) -> None:
    cases = [Case("py", program, SMALL) for program in HOARDS.values()]
    found = dict(zip(HOARDS, judge_as(user, cases), strict=True))
    wanted = {name: "failed" if name in REFUSED else "out_of_memory" for name in HOARDS}
    assert {name: one.outcome for name, one in found.items()} == wanted
    assert [name for name in REFUSED if "HELD" in found[name].message] == []


MANY = (
    "import posix, time\nfor _ in range(400):\n    if posix.fork() == 0:\n        time.sleep(9)\n        posix._exit(0)"
)
PERL_MANY = "for (1..400) { my $p = fork; defined $p or exit 1; if (!$p) { sleep 9; exit } }"
FLOOD = """
import os
for descriptor in range(3, 1 << 16):
    try:
        while True:
            os.write(descriptor, bytes(1 << 16))
    except OSError:
        pass
"""
MET = {
    "processes": (Case("py", MANY), "process_limit"),
    "processes in Perl": (Case("pl", PERL_MANY), "process_limit"),
    "room for files": (Case("sh", "head -c 900000000 /dev/zero > f && exit 0; exit 1"), "file_limit"),
    "room for files in Perl": (
        Case("pl", "open F, '>', 'f' or die; for (1..900) { print F 'x' x 1e6 or exit 1 } close F or exit 1"),
        "file_limit",
    ),
    "number of files": (Case("sh", "seq 1 40000 | xargs touch 2> /dev/null"), "file_limit"),
    "memory": (Case("py", "x = b'x' * (1 << 30)", SMALL), "out_of_memory"),
    "memory of a child": (Case("sh", "perl -e '$x = \"a\" x (1 << 30)' && exit 0; exit 1", SMALL), "out_of_memory"),
    "output": (Case("sh", "yes"), "output_limit"),
    "the result's size": (Case("py", FLOOD), "output_limit"),
    "the clock": (Case("py", "while True:\n    pass", {"wall_seconds": 1}), "timed_out"),
}
CAUGHT = f"try:\n{textwrap.indent(MANY, '    ')}\nexcept OSError:\n    pass"


@pytest.mark.parametrize("user", USERS)
def test_limit_that_decided_is_named_and_only_for_the_program_that_met_it(user: str) -> None:
    """After each a program that fails by itself, which no limit may be blamed for; at last one that passes."""
    cases = [case for met, _ in MET.values() for case in (met, Case("sh", "exit 1"))]
    found = [one.outcome for one in judge_as(user, [*cases, Case("py", CAUGHT)])]
    assert dict(zip(MET, found[:-1:2], strict=True)) == {name: wanted for name, (_, wanted) in MET.items()}
    assert found[1:-1:2] == ["failed"] * len(MET)
    assert found[-1] == "passed"


THREADS = """
import threading
go = threading.Event()
threads = [threading.Thread(target=go.wait) for _ in range(200)]
for thread in threads: thread.start()
go.set()
for thread in threads: thread.join()
"""
SHARED = """/usr/bin/python3 -c '
from multiprocessing import Array, Barrier, Lock, Pool, Queue, Semaphore, Value, shared_memory
memory = shared_memory.SharedMemory(create=True, size=1 << 20)
memory.buf[:3] = b"abc"
again = shared_memory.SharedMemory(memory.name)
assert bytes(again.buf[:3]) == b"abc"
again.close(); memory.close(); memory.unlink()
assert Semaphore(2).acquire() and Lock().acquire()
Value("i", 3), Array("d", 9), Barrier(2), Queue().put(1)
with Pool(4) as pool: assert pool.map(abs, [-1, 2]) == [1, 2]
'"""
ORDINARY = {
    "two hundred threads": Case("py", THREADS),
    "nine hundred files": Case("py", "files = [open('/dev/null') for _ in range(900)]"),
    "a large file": Case("py", "with open('f', 'wb') as f:\n    f.write(bytes(200 << 20))"),
    "ten thousand files": Case("py", "for n in range(10_000):\n    open(f'{n}', 'w').close()"),
    "much memory": Case("py", "x = b'x' * (1 << 30)", {"wall_seconds": 30}),
    "much reserved memory": Case("py", "import mmap\nx = mmap.mmap(-1, 10 << 30, flags=mmap.MAP_PRIVATE | 0x4020)"),
    "a deep recursion": Case(
        "py", "import sys\nsys.setrecursionlimit(20_000)\ndef f(n):\n    return n and 1 + f(n - 1)\nassert f(15_000)"
    ),
    "shared memory and semaphores": Case("sh", SHARED),
    "an anonymous shared mapping": Case("py", "import mmap\nx = mmap.mmap(-1, 1 << 20)\nx[0] = 1"),
    "sockets of its own": Case(
        "py", "import socket\na, b = socket.socketpair()\na.send(b'x')\nassert b.recv(1) == b'x'"
    ),
    "an event loop": Case("py", "import asyncio\nasyncio.run(asyncio.sleep(0))"),
    "pipes and processes": Case("sh", "seq 1000 | sort -R | sort -n | tail -1 | grep -qx 1000"),
    "a C library's callback": Case(
        "py", "import ctypes\nf = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 7)\nassert f() == 7"
    ),
    "a program of its own making": Case("sh", "printf '#!/bin/sh\\necho made' > p; chmod +x p; [ $(./p) = made ]"),
    "a recursion of Perl": Case(
        "pl", "no warnings; sub f { my $n = shift; $n ? 1 + f($n - 1) : 0 } exit(f(50000) == 50000 ? 0 : 1);"
    ),
}


@pytest.mark.parametrize("user", USERS)
def test_ordinary_programs_meet_no_limit(user: str) -> None:
    found = judge_as(user, list(ORDINARY.values()))
    odd = {name: one for name, one in zip(ORDINARY, found, strict=True) if one.outcome != "passed"}
    assert odd == {}


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_cpu_limit_of_a_process_grows_with_the_cores_that_it_may_use() -> None:
    """Threads that use all cores would else meet it before the clock."""
    busy = "import time\nwhile time.process_time() < {}:\n    pass"
    limits = {"cpu_seconds": 1, "wall_seconds": 60}
    cores = len(os.sched_getaffinity(0))
    found = judge_as("as we are", [Case("py", busy.format(1.5), limits), Case("py", busy.format(cores + 3), limits)])
    assert [one.outcome for one in found] == ["passed", "timed_out"]


def test_a_file_may_be_as_large_as_the_box() -> None:
    """The box, which is seen to be full, is met before the limit of one file, which is not seen."""
    assert FILE_BYTES >= BOX_BYTES
    for name in LANGUAGES:
        assert language_named(name).prepare(b"", "parity").limits["run"].file_bytes >= BOX_BYTES


REACHES_FOR_THE_WARDEN = {
    "ends it": Case("py", "import ctypes\nctypes.CDLL(None).kill(1, 2)"),
    "lowers its limits": Case(
        "py",
        "import ctypes, struct\nbound = ctypes.create_string_buffer(struct.pack('QQ', 60, 60))\n"
        "assert ctypes.CDLL(None).prlimit(1, 7, bound, None) == -1",
    ),
}
OWN_LIMIT = Case("py", "import os\nassert os.sysconf('SC_OPEN_MAX') == 1024")


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("name", REACHES_FOR_THE_WARDEN)
def test_what_a_program_does_to_the_warden_touches_no_other(user: str, name: str) -> None:
    *_, after = judge_as(user, [REACHES_FOR_THE_WARDEN[name], OWN_LIMIT])
    assert (after.outcome, after.message) == ("passed", "passed")
