"""What a machine lacks of what programs may use, and the command that installs it. Starts nothing itself."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.execute.provisions import Perl
from podium.execute.toolchains import this_distribution, toolchain_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.provisions import Provisions
    from podium.execute.provisions.machine import Machine
    from podium.execute.toolchains import RootRecipe

APT = Path("/usr/bin/apt-get")
MMDEBSTRAP = Path("/usr/bin/mmdebstrap")
ROOTS = Path("/opt/podium/roots")  # used where nobody names another


class Missing(msgspec.Struct, kw_only=True):
    """Debian packages, Python packages with versions, and by language the root file systems that would hold the rest.

    `inside` are packages by the root, already there, that lacks them.
    """

    packages: set[str] = msgspec.field(default_factory=set)
    python: set[str] = msgspec.field(default_factory=set)
    roots: dict[str, RootRecipe] = msgspec.field(default_factory=dict)
    inside: dict[str, set[str]] = msgspec.field(default_factory=dict)

    def __or__(self, other: Missing) -> Missing:
        """Both together."""
        both = self.inside.keys() | other.inside.keys()
        return Missing(
            packages=self.packages | other.packages,
            python=self.python | other.python,
            roots=self.roots | other.roots,
            inside={root: self.inside.get(root, set()) | other.inside.get(root, set()) for root in both},
        )

    def commands(self) -> list[list[str]]:
        """What installs all of it, one command after another; as root but for the Python packages."""
        makers = {"mmdebstrap"} if self.roots and not MMDEBSTRAP.exists() else set()
        packages = sorted(self.packages | makers)
        install = ["apt-get", "install", "--yes"] if APT.exists() else ["install"]
        found = [[*install, *packages]] if packages else []
        if self.roots:  # mmdebstrap makes the folder, but not those above it
            found.append(["mkdir", "--parents", str(ROOTS)])
        for language, root in sorted(self.roots.items()):
            included = f"--include={','.join(root.packages)}"
            found.append(["mmdebstrap", "--variant=essential", included, root.suite, str(ROOTS / language)])
        for place, names in sorted(self.inside.items()):
            found.append(["chroot", place, "apt-get", "install", "--yes", *sorted(names)])
        if self.python:
            found.append([sys.executable, "-m", "pip", "install", *sorted(self.python)])
        return found

    def __str__(self) -> str:
        """The same as one line for a shell; empty where nothing is missing."""
        return " && ".join(map(shlex.join, self.commands()))


def place(provisions: Provisions, packages: set[str], root: Path | None) -> Missing:
    """Where to get what a list lacks: from this distribution, from a root to be made, or into the one that is there."""
    if not packages:
        return Missing()
    if root is not None:
        return Missing(inside={str(root): packages})
    toolchain = toolchain_of(provisions.name)
    if toolchain and toolchain.root and this_distribution() not in toolchain.versions:
        return Missing(roots={provisions.name: toolchain.root})
    return Missing(packages=packages)


def how_to_repair(language: str, root: Path | None) -> str:
    """What to do about a language's toolchain that is there and gives known programs wrong verdicts."""
    toolchain = toolchain_of(language)
    if root is not None:
        what = f"make the root {root} anew, or name another with --root {language}=FOLDER"
    elif toolchain and APT.exists():
        what = f"apt-get install --reinstall --yes {toolchain.package}"
    else:
        what = f"install {toolchain.package if toolchain else language} anew"
    return f"{what}; then podium doctor tries it, and the same command goes on"


def find_missing(provisions: Provisions, machine: Machine) -> Missing:
    """What of a list no file of the machine, or of its root, holds; what that is like only the sandbox can tell."""
    return place(provisions, set(_absent(provisions, machine)), Path(machine.root) if machine.root else None)


def _absent(provisions: Provisions, machine: Machine) -> Iterator[str]:
    for name, target in provisions.targets.items():
        if not machine.command(target):
            yield provisions.package_of(name)
    for package, data in provisions.data.items():
        if not all(Path(f"{machine.root}{path}").exists() for path in data.paths):
            yield package
    for name, module in provisions.perl.modules.items():
        alone = msgspec.structs.replace(provisions, perl=Perl(modules={name: module}))
        if not any(machine.perl_modules(alone)):
            yield module.package
