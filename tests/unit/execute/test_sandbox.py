"""The sandbox, attacked: one test a promise of its docstring."""

from __future__ import annotations

import errno
import itertools
import os
import platform
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.errors import SandboxError
from podium.execute.jobs import one_step
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.warden import kernel, seccomp
from podium.records import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.jobs import Completed

pytestmark = pytest.mark.world
LIMITS = Limits(
    wall_seconds=2.0,
    cpu_seconds=10.0,
    memory_bytes=512 << 20,
    output_bytes=100_000,
    file_bytes=1 << 20,
    processes=20,
)
TOGETHER = "memory of all processes together"
SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def bash(sandbox: Sandbox, script: str, limits: Limits = LIMITS) -> Completed:
    return sandbox.run(one_step(["bash", "program.sh"], files={"program.sh": script.encode()}, limits=limits))


def python(sandbox: Sandbox, program: str, limits: Limits = LIMITS) -> Completed:
    return sandbox.run(
        one_step(
            ["program.py"], files={"program.py": program.encode()}, limits=limits, grace_seconds=1.0, driver="python"
        )
    )


def running(marker: str) -> list[str]:
    """Processes of this machine whose command line holds `marker`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if marker.encode() in command and path.parent.name != str(os.getpid()):
            found.append(path.parent.name)
    return found


def gone(marker: str, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while running(marker):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_every_layer_holds_as_root_and_is_listed(sandbox: Sandbox) -> None:
    facts = sandbox.facts()
    assert facts.isolated
    assert {"network namespace", "read-only system", "seccomp", "no capabilities"} <= set(facts.layers)
    if os.geteuid() == 0:
        assert "nobody" in facts.layers


def test_output_and_exit_code_come_back(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "echo out; echo err >&2; exit 7")
    assert (completed.exit_code, completed.stdout, completed.stderr) == (7, b"out\n", b"err\n")


def test_output_that_is_not_utf8_comes_back_as_it_is(sandbox: Sandbox) -> None:
    assert bash(sandbox, r"printf '\377\376\0x'").stdout == b"\xff\xfe\x00x"


def test_stdin_is_empty(sandbox: Sandbox) -> None:
    assert bash(sandbox, "cat; echo end").stdout == b"end\n"


def test_network_is_unreachable_even_on_loopback(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        completed = bash(sandbox, f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected")
    assert completed.stdout == b""
    assert b"unreachable" in completed.stderr
    assert os.strerror(errno.ENETUNREACH) in str(
        python(sandbox, "import socket\nsocket.create_connection(('192.0.2.1', 80), 1)").result
    )


@pytest.mark.parametrize("family", ["AF_VSOCK", "AF_NETLINK", "AF_PACKET"])
def test_sockets_that_pass_a_network_namespace_are_refused(sandbox: Sandbox, family: str) -> None:
    result = python(sandbox, f"import socket\nsocket.socket(socket.{family}, socket.SOCK_DGRAM)").result
    assert "not supported" in str(result)


def test_shadow_home_and_project_are_not_there(sandbox: Sandbox) -> None:
    secret = Path(__file__).resolve()
    script = f"cat /etc/shadow; cat {secret}; ls /home; ls -A {Path.home()} | grep -v pyenv; ls /proc/1/root"
    completed = bash(sandbox, script)
    assert completed.stdout == b""
    assert completed.exit_code != 0


def test_root_holds_only_what_is_listed(sandbox: Sandbox) -> None:
    seen = set(bash(sandbox, "ls -A /").stdout.decode().split())
    system = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr"}
    interpreter = Path(sys.base_prefix).parts[1]
    assert seen - system <= {"box", "commands", "dev", "etc", "packages", "perl", "proc", "tmp", interpreter}
    assert set(bash(sandbox, "ls -A /dev").stdout.decode().split()) == {
        *("null", "zero", "full", "random", "urandom", "tty"),
        *("fd", "stdin", "stdout", "stderr", "shm"),
    }


def test_environment_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "do-not-tell")
    with Sandbox() as fresh:
        seen = bash(fresh, "env; cat /proc/self/environ /proc/$PPID/environ /proc/1/environ").stdout
        also = str(python(fresh, "import os\nraise ValueError(dict(os.environ))").result)
    assert b"do-not-tell" not in seen
    assert b"PATH=" in seen
    assert "do-not-tell" not in also
    assert "PYTHON" not in also


def test_writing_outside_the_working_directory_fails(sandbox: Sandbox) -> None:
    places = "/usr/x /etc/x /dev/x /x /proc/sys/kernel/hostname /proc/sysrq-trigger"
    completed = bash(sandbox, f"for f in {places}; do (echo y > $f) 2>/dev/null && echo wrote $f; done; echo y > here")
    assert completed.stdout == b""
    assert completed.exit_code == 0


def test_program_is_nobody_without_capabilities(sandbox: Sandbox) -> None:
    lines = bash(sandbox, "id -u; id -G; grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status").stdout.decode().split()
    assert lines[:2] == ["65534", "65534"]
    capabilities = [value for name, value in itertools.pairwise(lines) if name.startswith("Cap")]
    assert set(capabilities) == {"0000000000000000"}
    assert lines[lines.index("NoNewPrivs:") + 1] == "1"
    assert lines[lines.index("Seccomp:") + 1] == "2"


def test_resident_program_has_no_rights_either(sandbox: Sandbox) -> None:
    program = """
        import os
        state = open("/proc/self/status").read()
        caps = {line.split()[1] for line in state.splitlines() if line.startswith("Cap")}
        raise ValueError(os.getuid(), os.getgroups(), caps)
    """
    assert "(65534, [65534], {'0000000000000000'})" in str(python(sandbox, textwrap.dedent(program)).result) or (
        "(65534, [], {'0000000000000000'})" in str(python(sandbox, textwrap.dedent(program)).result)
    )


@pytest.mark.parametrize("name", ["ptrace", "mount", "unshare", "setns", "bpf", "keyctl", "io_uring_setup", "shmget"])
def test_denied_system_call_is_refused(sandbox: Sandbox, name: str) -> None:
    number = seccomp.DENIED[name][seccomp.ARCHITECTURES[platform.machine()][0]]
    program = f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        raise ValueError(libc.syscall({number}, 0, 0, 0, 0), ctypes.get_errno())
    """
    assert "(-1, 1)" in str(python(sandbox, textwrap.dedent(program)).result)


def test_clone_with_a_new_namespace_is_refused(sandbox: Sandbox) -> None:
    number = seccomp.CLONE[seccomp.ARCHITECTURES[platform.machine()][0]]
    program = f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        raise ValueError([libc.syscall({number}, {kernel.CLONE_NEWUSER} | 17, 0, 0, 0, 0), ctypes.get_errno()],
                         [libc.syscall({seccomp.CLONE3}, 0, 0), ctypes.get_errno()])
    """
    assert f"([-1, {errno.EPERM}], [-1, {errno.ENOSYS}])" in str(python(sandbox, textwrap.dedent(program)).result)


def test_other_processes_cannot_be_seen_or_killed(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "ls /proc | grep -cE '^[0-9]+$'; kill -9 1; echo $?; cat /proc/1/cmdline")
    count, failed = completed.stdout.split()
    assert failed == b"1"
    assert int(count) <= 4
    assert bash(sandbox, "echo again").stdout == b"again\n"


def test_endless_loop_is_killed_at_its_limit(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "while :; do :; done", msgspec.structs.replace(LIMITS, wall_seconds=0.5))
    assert completed.timed_out
    assert completed.signal == signal.SIGKILL
    assert 0.5 <= completed.wall_seconds < 2


def test_cpu_limit_ends_a_program_before_a_long_wall_limit(sandbox: Sandbox) -> None:
    limits = msgspec.structs.replace(LIMITS, wall_seconds=30.0, cpu_seconds=1.0)
    completed = bash(sandbox, "while :; do :; done", limits)
    assert completed.timed_out
    assert completed.wall_seconds < 15


def test_fork_bomb_ends_and_the_next_program_runs(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "bomb() { bomb | bomb & }; bomb; sleep 0.5; echo over")
    assert b"unavailable" in completed.stderr
    assert int(bash(sandbox, "ls /proc | grep -cE '^[0-9]+$'").stdout) <= 4


def test_program_has_at_most_the_allowed_number_of_processes(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "for i in {1..60}; do sleep 5 & done 2>/dev/null; ls /proc | grep -cE '^[0-9]+$'")
    assert completed.timed_out or int(completed.stdout or 0) < 40
    limits = msgspec.structs.replace(LIMITS, processes=100)
    completed = bash(sandbox, "for i in {1..60}; do sleep 5 & done 2>/dev/null; ls /proc | grep -cE '^[0-9]+$'", limits)
    assert int(completed.stdout) > 60


def test_memory_bomb_meets_the_limit_and_is_seen_to(sandbox: Sandbox) -> None:
    completed = python(sandbox, "x = bytearray(b'x') * (1 << 30)")
    assert completed.result is None
    assert completed.memory_exceeded
    completed = bash(sandbox, "perl -e '$x = \"a\" x (1 << 30)'; exit 3")
    assert completed.exit_code == 3
    assert completed.memory_exceeded


def groups_of(*numbers: int) -> list[Path]:
    """The control groups of wardens with these process numbers; others may run beside this test."""
    return [path for number in numbers for path in Path("/sys/fs/cgroup").rglob(f"podium-{number}")]


def test_memory_of_all_processes_together_meets_the_limit_and_the_warden_lives(sandbox: Sandbox) -> None:
    if TOGETHER in sandbox.facts().missing:
        pytest.skip("this machine gives no control group")
    program = f"""
        import os, posix, time
        for _ in range(10):
            if posix.fork() == 0:
                held = bytearray({LIMITS.memory_bytes // 4})
                time.sleep(0.7)
                os._exit(0)
        raise ValueError([posix.wait()[1] for _ in range(10)].count(9))
    """
    patient = msgspec.structs.replace(LIMITS, wall_seconds=30.0)
    result = str(python(sandbox, textwrap.dedent(program), patient).result)
    killed = int(result.rpartition(" ")[2])
    assert 5 <= killed < 10
    assert python(sandbox, "pass").result == "\npassed"


def test_groups_go_with_their_warden_even_when_podium_is_killed() -> None:
    with Sandbox() as fresh:
        if TOGETHER in fresh.facts().missing:
            pytest.skip("this machine gives no control group")
        numbers = [warden._process.pid for warden in fresh._all]
        assert groups_of(*numbers)
    assert groups_of(*numbers) == []
    code = (
        "import os\nfrom podium.execute.sandbox import Sandbox\nsandbox = Sandbox()\nsandbox.facts()\n"
        "print(*(warden._process.pid for warden in sandbox._all), flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    numbers = [int(number) for number in done.stdout.split()]
    assert numbers
    deadline = time.monotonic() + 20
    while groups_of(*numbers):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_program_cannot_make_itself_the_last_to_be_killed(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "cat /proc/self/oom_score_adj; echo 0 > /proc/self/oom_score_adj")
    assert completed.stdout == b"1000\n"
    assert b"Read-only" in completed.stderr


def test_output_flood_is_cut_and_reported(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "yes")
    assert completed.output_exceeded
    assert len(completed.stdout) == LIMITS.output_bytes
    assert completed.wall_seconds < LIMITS.wall_seconds


def test_output_just_below_the_limit_is_whole(sandbox: Sandbox) -> None:
    completed = bash(sandbox, f"head -c {LIMITS.output_bytes} /dev/zero")
    assert not completed.output_exceeded
    assert len(completed.stdout) == LIMITS.output_bytes


def test_file_larger_than_the_limit_is_refused(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "head -c 2000000 /dev/zero > big; stat -c %s big")
    assert completed.stdout == b"1048576\n"


def test_daemonised_child_does_not_survive(sandbox: Sandbox) -> None:
    completed = bash(sandbox, "(setsid sleep 4713.25 >/dev/null 2>&1 &); nohup sleep 4713.25 & exit 0")
    assert completed.exit_code == 0
    assert completed.wall_seconds < 1
    assert not running("4713.25")


def test_nothing_of_a_program_is_left_for_the_next(sandbox: Sandbox) -> None:
    left = "echo s > left; echo s > $TMPDIR/left; echo s > /dev/shm/left; echo s > /box/left; mkdir -p d/e; chmod 0 d"
    bash(sandbox, f"({left}) 2>/dev/null")
    files = bash(sandbox, "find /box /dev/shm/ -type f -o -name d").stdout.split()
    assert files == [b"/box/work/program.sh"]


def test_printing_passed_or_exiting_early_is_no_result(sandbox: Sandbox) -> None:
    program = """
        import os
        for descriptor in range(256):
            try:
                os.write(descriptor, b"\\npassed")
            except OSError:
                pass
        os._exit(0)
    """
    completed = python(sandbox, textwrap.dedent(program))
    assert completed.result is None
    assert completed.exit_code == 0


def test_replacing_exit_does_not_free_a_resident_program(sandbox: Sandbox) -> None:
    program = "import os\nos._exit = print\nclass E(Exception):\n    def __str__(self):\n        1 / 0\nraise E"
    assert python(sandbox, program).result is None
    assert python(sandbox, "pass").result == "\npassed"


def test_packages_beside_podium_can_be_imported(sandbox: Sandbox) -> None:
    assert python(sandbox, "import numpy\nassert numpy.arange(3).sum() == 3").result == "\npassed"


def test_results_do_not_depend_on_the_hash_seed_or_an_earlier_program() -> None:
    program = "import random\nraise ValueError(random.random(), hash('a'), list({'x', 'y', 'z'}))"
    results = []
    for _ in range(2):
        with Sandbox() as fresh:
            results += [python(fresh, program).result for _ in range(2)]
    assert len(set(results)) == 1


def test_numpys_random_numbers_are_a_function_of_the_program_too() -> None:
    program = "import numpy.random\nraise ValueError(numpy.random.rand(), numpy.random.rand())"
    with Sandbox() as one, Sandbox() as other:
        assert python(one, program).result == python(other, program).result
        assert python(one, f"{program} # another").result != python(other, program).result


def test_python_program_finds_no_file_and_a_script_its_own(sandbox: Sandbox) -> None:
    assert python(sandbox, "import os\nassert os.listdir('.') == []").result == "\npassed"
    assert bash(sandbox, "ls -A").stdout == b"program.sh\n"


def test_forked_copy_of_a_program_does_not_spoil_the_result(sandbox: Sandbox) -> None:
    program = (
        "import os, posix\nif posix.fork() == 0:\n    raise ValueError('child')\nos.wait()\nraise ValueError('parent')"
    )
    assert python(sandbox, program).result == "ValueError\nfailed: child"


def test_program_that_closes_every_descriptor_is_still_judged(sandbox: Sandbox) -> None:
    assert python(sandbox, "import os\nos.closerange(3, 1024)").result == "\npassed"


def test_command_that_is_not_there_is_a_fault_of_ours(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="no-such-tool") as caught:
        sandbox.run(one_step(["no-such-tool"], files={}, limits=LIMITS))
    assert "toolchain" in caught.value.hint


def test_dead_warden_raises_and_is_never_a_verdict() -> None:
    with Sandbox() as fresh:
        fresh.facts()
        for warden in fresh._all:
            warden._process.kill()
            warden._process.wait()
        with pytest.raises(SandboxError, match="died"):
            bash(fresh, "true")
        assert bash(fresh, "echo new").stdout == b"new\n"


WITHOUT_NAMESPACES = """
from podium.errors import SandboxUnavailableError
from podium.execute.sandbox import Sandbox
from podium.execute.warden import kernel, seccomp
kernel.control_process(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.install_filter(seccomp.build_filter(kernel.MACHINE))
try:
    Sandbox().facts()
except SandboxUnavailableError as err:
    print(err.exit_code, err, err.hint)
"""


def test_machine_without_namespaces_is_refused_with_the_flag_named() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_NAMESPACES], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("7 this machine cannot isolate programs: PermissionError")
    assert "unshare" in done.stdout
    assert "--unsafe-no-sandbox" in done.stdout


CRASHING_PARENT = """
import os, sys, threading
from podium.execute.sandbox import {kind}
from podium.execute.jobs import one_step
from podium.records import Limits
limits = Limits(wall_seconds=60.0, cpu_seconds=60.0, memory_bytes=1 << 30, output_bytes=1000, file_bytes=1000,
                processes=20)
sandbox = {kind}()
script = b"(setsid sleep {marker} >/dev/null 2>&1 &) ; sleep {marker}"
run = lambda: sandbox.run(one_step(["bash", "p.sh"], files={{"p.sh": script}}, limits=limits))
threading.Thread(target=run, daemon=True).start()
print("started", flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize(("kind", "marker"), [("Sandbox", "5813.5"), ("UnsafeSandbox", "5814.5")])
def test_nothing_survives_a_killed_parent(tmp_path: Path, kind: str, marker: str) -> None:
    code = CRASHING_PARENT.format(kind=kind, marker=marker)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as parent:
        deadline = time.monotonic() + 20
        while len(running(f"sleep\0{marker}")) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        parent.kill()
    assert gone(f"sleep\0{marker}")
    deadline = time.monotonic() + 5
    while list(tmp_path.iterdir()):  # the box of a warden without isolation is a real folder
        assert time.monotonic() < deadline
        time.sleep(0.05)


AS_ORDINARY_USER = """
import json, os, sys
from podium.execute.sandbox import Sandbox
from podium.execute.jobs import one_step
from podium.records import Limits
limits = Limits(wall_seconds=2.0, cpu_seconds=5.0, memory_bytes=1 << 29, output_bytes=10000, file_bytes=100000,
                processes=20)
def bash(script):
    return sandbox.run(one_step(["bash", "p.sh"], files={"p.sh": script.encode()}, limits=limits)).stdout.decode()
with Sandbox() as sandbox:
    facts = sandbox.facts()
    out = {
        "uid": os.getuid(),
        "isolated": facts.isolated,
        "missing": facts.missing,
        "id": bash("id -u"),
        "caps": bash("grep CapEff /proc/self/status").split()[1],
        "seen": bash("cat /etc/shadow /etc/hostname; ls /home /root; ls /tmp; true"),
        "wrote": bash("for f in /usr/x /etc/x /x; do (echo > $f) 2>/dev/null && echo $f; done; true"),
        "left": bash("echo > /box/left; chmod 0 .") + bash("ls -A /box"),
        "init": bash("kill -9 1; kill -9 $PPID; echo on"),
    }
    program = b'raise ValueError(*(line for line in open("/proc/self/status") if line.startswith("CapEff")))'
    run = sandbox.run(one_step(["p.py"], files={"p.py": program}, limits=limits, driver="python"))
    out["python"] = run.result
print(json.dumps(out))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_ordinary_user_gets_the_same_isolation(tmp_path: Path) -> None:
    packages = Path(msgspec.__file__).parents[1]
    system_python = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
    if not system_python.exists():
        pytest.skip(f"no {system_python} that an ordinary user can start")
    command = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", str(system_python), "-c"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{SCRIPTS}:{packages}"}
    done = subprocess.run([*command, AS_ORDINARY_USER], env=environment, cwd="/", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    seen = msgspec.json.decode(done.stdout)
    missing = set(seen.pop("missing"))
    assert "nobody: programs keep the calling user's id outside, without rights" in missing
    assert missing <= {"nobody: programs keep the calling user's id outside, without rights", TOGETHER}
    assert seen == {
        "uid": 65533,
        "isolated": True,
        "id": "65534\n",
        "caps": "0000000000000000",
        "seen": "",
        "wrote": "",
        "left": "shm\ntmp\nwork\n",
        "init": "on\n",
        "python": "ValueError\nfailed: CapEff:\t0000000000000000\n",
    }


def test_unsafe_sandbox_says_so_and_still_ends_programs() -> None:
    with UnsafeSandbox() as unsafe:
        facts = unsafe.facts()
        assert not facts.isolated
        assert "network namespace" in facts.missing
        assert bash(unsafe, "(setsid sleep 4719.25 >/dev/null 2>&1 &); echo out").stdout == b"out\n"
        assert not running("4719.25")
        limits = msgspec.structs.replace(LIMITS, wall_seconds=0.3)
        assert bash(unsafe, "while :; do :; done", limits).timed_out
        assert python(unsafe, "import os\nos._exit(0)").result is None
        assert python(unsafe, "pass").result == "\npassed"
