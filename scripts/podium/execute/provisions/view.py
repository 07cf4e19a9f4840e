"""What of the machine the programs of a sandbox see, made from the lists: for the warden, or as a folder of links."""

from __future__ import annotations

import shlex
import sys
import sysconfig
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.execute.provisions import WITHHELD_SIGNAL, provisions_named
from podium.execute.provisions.machine import LOCALES

if TYPE_CHECKING:
    from podium.execute.provisions.machine import Machine

PYTHON_LIST = "py"
COMMANDS, PACKAGES, PERL = "commands", "packages", "perl"
SHEBANG = "#!/bin/sh\n"
# First the leader of the session, which is the program itself, then the group: what belongs to it ends, and the judge
# sees by what. `timeout` and shells with jobs put the asking process into a group of its own.
STUBS = {
    "python": (
        # The report's descriptor is the only high one; a program that is no resident has its stderr.
        "import posix\n\n"
        "try:\n    numbers = {{2, *map(int, posix.listdir('/proc/self/fd'))}} - {{0, 1, *range(3, 1000)}}\n"
        "except OSError:\n    numbers = {{2}}\n"
        "for number in numbers:\n"
        "    try:\n        posix.write(number, b'{name}\\n')\n    except OSError:\n        pass\n"
        f"posix.kill(posix.getsid(0), {WITHHELD_SIGNAL})\nposix.killpg(0, {WITHHELD_SIGNAL})\n"
    ),
    "perl": (
        "package {name};\nprint STDERR qq{{{name}\\n}};\n"
        "if (open my $stat, '<', '/proc/self/stat') {{\n"
        f"    my $session = (split ' ', <$stat>)[5];\n    kill {WITHHELD_SIGNAL}, $session if $session;\n}}}}\n"
        f"kill -{WITHHELD_SIGNAL}, getpgrp;\n1;\n"
    ),
    "command": (
        f"{SHEBANG}echo '{{name}}' >&2\n"
        f"read -r _ _ _ _ _ session _ </proc/self/stat && kill -{WITHHELD_SIGNAL} $session\n"
        f"kill -{WITHHELD_SIGNAL} 0\n"
    ),
}


class View:
    """One list, below one `base`: folders for its commands, Perl modules and Python packages, and no other list's."""

    def __init__(self, name: str, machine: Machine, base: str = "/") -> None:
        """Find on this machine what the list names. Raises UnknownNameError."""
        self._provisions, self._machine, self._base = provisions_named(name), machine, Path(base)
        self.shown: list[tuple[str, str]] = []
        self.links: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.packages = str(self._base / PACKAGES)
        self._look_up()

    def environment(self) -> dict[str, str]:
        """What leads the programs of the list to their commands and modules."""
        environment = {"PATH": str(self._base / COMMANDS / self._provisions.name)}
        if self._provisions.perl.modules:
            environment["PERL5LIB"] = str(self._base / PERL / self._provisions.name)
        return environment

    def config(self) -> dict[str, Any]:
        """For the warden's `build_view`: a view in which the machine's own folders are empty."""
        root = self._machine.root
        locales = [(f"{root}{path}", path) for path in LOCALES if Path(f"{root}{path}").is_dir()]
        return {
            "root": root,
            "hidden": list(self._machine.hidden()),
            "provided": [*locales, *self._machine.data(self._provisions), *self.shown],
            "links": self.links,
            "texts": self.texts,
            "etc": self._provisions.etc,
        }

    def write(self) -> None:
        """Lay the view out as a folder of links, where nothing can be mounted."""
        for target, path in [*self.shown, *((target, path) for path, target in self.links)]:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).symlink_to(target)
        for path, text in self.texts:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8")
            Path(path).chmod(0o755)

    def _look_up(self) -> None:
        provisions, machine = self._provisions, self._machine
        commands, perl = self._base / COMMANDS / provisions.name, self._base / PERL / provisions.name
        for name, target in provisions.targets.items():
            if found := machine.command(target):
                self.links.append((str(commands / name), found))
        # Scripts that may call our interpreter find what Python programs find.
        python = provisions_named(PYTHON_LIST) if provisions.python else provisions
        self.shown += [(source, str(self._base / PACKAGES / name)) for source, name in machine.python_packages(python)]
        self.shown += [(source, str(perl / path)) for source, path in machine.perl_modules(provisions)]
        if provisions.python:
            interpreter = f"PYTHONPATH={shlex.quote(self.packages)} exec {shlex.quote(_interpreter())} -s"
            self.texts.append((str(commands / "python3"), f'{SHEBANG}{interpreter} "$@"\n'))
        withheld = provisions.withheld
        self._withhold("command", [(str(commands / name), name) for name in withheld.commands])
        # A module that this Python still has must be found there, also where our packages come first.
        absent = [name for name in python.withheld.python if not _is_standard(name)]
        self._withhold("python", [(str(self._base / PACKAGES / f"{name}.py"), name) for name in absent])
        modules = [(name.replace("::", "/") + ".pm", name) for name in withheld.perl]
        self._withhold("perl", [(str(perl / path), name) for path, name in modules])

    def _withhold(self, kind: str, places: list[tuple[str, str]]) -> None:
        self.texts += [(path, STUBS[kind].format(name=name)) for path, name in places]


def _is_standard(module: str) -> bool:
    folders = [sysconfig.get_path("stdlib"), str(Path(sysconfig.get_path("stdlib"), "lib-dynload"))]
    return module in sys.builtin_module_names or PathFinder.find_spec(module, folders) is not None


def _interpreter() -> str:
    return str(Path(sys.executable).resolve())
