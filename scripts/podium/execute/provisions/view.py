"""What of the machine the programs of a sandbox see, made from the lists: for the warden, or as a folder of links."""

from __future__ import annotations

import shlex
import sys
import sysconfig
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.execute.provisions import NAMES, WITHHELD_SIGNAL, Provisions, provisions_named
from podium.execute.provisions.machine import LOCALES

if TYPE_CHECKING:
    from podium.execute.provisions.machine import Machine

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
    """All lists at once, below one `root`: a folder a list for commands and Perl modules, one for Python packages."""

    def __init__(self, root: str = "/") -> None:
        """An empty view; `look_up` fills it."""
        self._root = Path(root)
        self.shown: list[tuple[str, str]] = []
        self.links: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.etc: list[str] = []
        self.packages = str(self._root / PACKAGES)

    def look_up(self, machine: Machine) -> None:
        """Find on this machine what the lists name."""
        for name in NAMES:
            self._add(provisions_named(name), machine)

    def environment(self, name: str) -> dict[str, str]:
        """What leads the programs of a list to their commands and modules."""
        environment = {"PATH": str(self._root / COMMANDS / name)}
        if provisions_named(name).perl.modules:
            environment["PERL5LIB"] = str(self._root / PERL / name)
        return environment

    def config(self, machine: Machine) -> dict[str, Any]:
        """For the warden's `build_view`: a view in which the machine's own folders are empty."""
        locales = [(path, path) for path in LOCALES if Path(path).is_dir()]
        return {
            "hidden": list(machine.hidden()),
            "provided": [*locales, *self.shown],
            "links": self.links,
            "texts": self.texts,
            "etc": self.etc,
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

    def _add(self, provisions: Provisions, machine: Machine) -> None:
        self.etc += [name for name in provisions.etc if name not in self.etc]
        commands, perl = self._root / COMMANDS / provisions.name, self._root / PERL / provisions.name
        for name, target in provisions.targets.items():
            if found := machine.command(target):
                self.links.append((str(commands / name), found))
        self.shown += [
            (source, str(self._root / PACKAGES / name)) for source, name in machine.python_packages(provisions)
        ]
        self.shown += [(source, str(perl / path)) for source, path in machine.perl_modules(provisions)]
        if provisions.python:
            interpreter = f"PYTHONPATH={shlex.quote(self.packages)} exec {shlex.quote(_interpreter())} -s"
            self.texts.append((str(commands / "python3"), f'{SHEBANG}{interpreter} "$@"\n'))
        withheld = provisions.withheld
        self._withhold("command", [(str(commands / name), name) for name in withheld.commands])
        # A module that this Python still has must be found there, also where our packages come first.
        absent = [name for name in withheld.python if not _is_standard(name)]
        self._withhold("python", [(str(self._root / PACKAGES / f"{name}.py"), name) for name in absent])
        modules = [(name.replace("::", "/") + ".pm", name) for name in withheld.perl]
        self._withhold("perl", [(str(perl / path), name) for path, name in modules])

    def _withhold(self, kind: str, places: list[tuple[str, str]]) -> None:
        self.texts += [(path, STUBS[kind].format(name=name)) for path, name in places]


def _is_standard(module: str) -> bool:
    folders = [sysconfig.get_path("stdlib"), str(Path(sysconfig.get_path("stdlib"), "lib-dynload"))]
    return module in sys.builtin_module_names or PathFinder.find_spec(module, folders) is not None


def _interpreter() -> str:
    return str(Path(sys.executable).resolve())
