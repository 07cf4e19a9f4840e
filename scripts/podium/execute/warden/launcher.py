"""The separate interpreter that guards programs, started as a script: `python -s -S -P launcher.py DESCRIPTOR`.

It makes namespaces, forks their init, and that init runs one program after another as the frames on the socket ask.
When the socket closes, or either of the two processes dies, the kernel ends everything inside.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import signal
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # The real packages import what this bare interpreter does not have; their folders are all we need.
    for name, folder in (("podium", 2), ("podium.execute", 1), ("podium.execute.warden", 0)):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(__file__).resolve().parents[folder])]
        sys.modules[name] = package

from podium.execute.warden import groups, kernel, memory, origin, programs, seccomp, view, wire

SIGKILL = 9
NO_GROUP = "memory of all processes together"
LIMITS_HINT = "raise these hard limits for this user (as root, or in /etc/security/limits.conf), then run it again"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where programs will run: what it gives, and the names of the layers that it does not."""

    box: Path
    processes: int
    missing: list[str] = field(default_factory=list)
    becomes_nobody: bool = False
    group: groups.MemoryGroup | None = None
    process_group: groups.ProcessGroup | None = None
    watch: memory.MemoryWatch | None = None


def load_driver(path: str) -> types.ModuleType:
    """Load the file whose `main` runs a program inside this interpreter, after its `prepare`."""
    spec = importlib.util.spec_from_file_location("driver", path)
    if spec is None or spec.loader is None:
        message = f"{path} is not a Python file"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lock_down() -> None:
    """Take from this process, for good, what neither it nor any program needs."""
    kernel.drop_bounding_set()
    kernel.control_process(kernel.PR_SET_DUMPABLE, 0)
    kernel.control_process(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.install_filter(seccomp.build_filter(kernel.MACHINE))


def serve(control: int, warden: programs.Warden) -> None:
    """Answer requests until podium closes the socket."""
    spent = not programs.renew_box(warden)
    while not spent:
        request, files = wire.receive(control)
        answer, outputs = programs.run(warden, control, request, files)
        spent = not programs.renew_box(warden)
        wire.send(control, answer | {"spent": spent}, outputs)


def settle(control: int, config: dict[str, Any]) -> None:
    """Isolate this process, or at least follow what it starts, then serve. Raises OSError where it cannot be had."""
    # In another root the interpreter finds none of its own files, so it runs no programs itself.
    driver = load_driver(config["driver"]) if not config.get("root") else None
    if config["isolated"]:
        surroundings = isolate(control, config)
        if surroundings is None:
            return
    else:
        kernel.control_process(kernel.PR_SET_CHILD_SUBREAPER, 1)
        surroundings = Surroundings(box=Path(config["box"]), processes=os.open("/proc", os.O_PATH | os.O_DIRECTORY))
    prepare_interpreter(config, driver)
    # Python's own handler would let a program of the same user end this process, which no other signal can.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    warden = programs.Warden(
        isolated=config["isolated"],
        becomes_nobody=surroundings.becomes_nobody,
        box=surroundings.box,
        environment=dict(os.environ),
        driver=driver.main if driver else None,
        processes=surroundings.processes,
        group=surroundings.group,
        process_group=surroundings.process_group,
        watch=surroundings.watch,
    )
    wire.send(control, {"missing": surroundings.missing, "becomes_nobody": surroundings.becomes_nobody}, [])
    try:
        serve(control, warden)
    finally:
        if not warden.isolated:  # podium may be dead; an isolated box ends with its namespace
            shutil.rmtree(warden.box.parent, ignore_errors=True)  # with the view beside it


def isolate(control: int, config: dict[str, Any]) -> Surroundings | None:
    """Fork init of new namespaces. Returns the surroundings inside, in init; outside, when init has ended, None."""
    seccomp.build_filter(kernel.MACHINE)
    if short := origin.find_shortfalls():
        wire.send(control, {"error": f"its limits are too low: {'; '.join(short)}", "hint": LIMITS_HINT}, [])
        return None
    group = groups.create()
    process_group = groups.create_for_processes(group)
    made = [one for one in (group, process_group) if one is not None]
    outside = os.getpid()
    try:
        becomes_nobody = view.enter_namespaces()
        init = os.fork()
        if init == 0:
            return settle_inside(config, group, process_group, becomes_nobody=becomes_nobody)
        os.close(control)
        os.waitpid(init, 0)
        return None
    finally:
        if os.getpid() == outside:
            for one in made:
                one.remove()


def settle_inside(
    config: dict[str, Any],
    group: groups.MemoryGroup | None,
    process_group: groups.ProcessGroup | None,
    *,
    becomes_nobody: bool,
) -> Surroundings:
    """In init: enter the groups, replace the root, take every right away."""
    kernel.control_process(kernel.PR_SET_PDEATHSIG, SIGKILL)
    for one in (group, process_group):
        if one is not None:
            one.enter()
    missing, processes = view.build_view(config)
    lock_down()
    watch = None
    if group is None:
        missing = [*missing, NO_GROUP]
        readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=processes)
        watch = memory.MemoryWatch(processes=readable, box=view.BOX)
    return Surroundings(
        box=view.BOX,
        processes=processes,
        missing=missing,
        becomes_nobody=becomes_nobody,
        group=group,
        process_group=process_group,
        watch=watch,
    )


def prepare_interpreter(config: dict[str, Any], driver: types.ModuleType | None) -> None:
    """What a program in this interpreter finds: its module path and environment, and nothing of ours by name."""
    os.environ.clear()
    os.environ.update(config["environment"])
    sys.path[:] = [entry for entry in sys.path if entry != str(Path(__file__).parent)] + config["module_path"]
    if driver is not None:
        driver.prepare(config["environment"]["TMPDIR"])
    for name in [name for name in sys.modules if name == "driver" or name.partition(".")[0] == "podium"]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()  # a forked program then touches, and so copies, fewer pages
    gc.disable()


def main() -> None:
    """Read the configuration from the socket and settle; say why not where that fails."""
    control = int(sys.argv[1])
    if origin.become_ordinary():
        os.execve(sys.executable, sys.orig_argv, origin.read_environment())  # noqa: S606
    os.set_inheritable(control, False)
    os.umask(0o022)
    try:
        config, _ = wire.receive(control)
        settle(control, config)
    except EOFError:
        return
    except (OSError, KeyError, ImportError) as err:
        wire.send(control, {"error": f"{type(err).__name__}: {err}"}, [])


if __name__ == "__main__":
    main()
