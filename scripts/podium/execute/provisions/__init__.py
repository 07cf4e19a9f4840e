"""Provisions: everything outside the interpreter that a language's programs may use, one stated list a language.

Reads the lists, `<name>.toml` beside this file. What is not on a list is not there for a program, whatever the machine
has; what is on it and missing stops the job.
"""

from __future__ import annotations

import tomllib
from importlib import resources

import msgspec

from podium.names import check_name

# What lists have in common has a name that begins with an underscore.
_FILES = sorted(path.name for path in resources.files(__package__).iterdir() if path.name.endswith(".toml"))
NAMES = tuple(name.removesuffix(".toml") for name in _FILES if not name.startswith("_"))
# A program that asks for something withheld ends by this signal, which nothing else sends.
WITHHELD_SIGNAL = 41
NO_IMAGE = "none"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Commands(_Part, frozen=True, kw_only=True):
    """Commands of one Debian package. `also` are further names (awk) for one of them; `version` prints a first line.

    `says` stands in that line if it is the right kind of the command; `image` is the version in the board's image,
    "none" where that has none.
    """

    names: list[str]
    also: dict[str, str] = {}
    version: list[str] = []
    says: str = ""
    image: str = ""

    @property
    def targets(self) -> dict[str, str]:
        """Name for programs → command of the machine."""
        return {**{name: name for name in self.names}, **self.also}


class Distribution(_Part, frozen=True, kw_only=True):
    """A Python package: the version in constraints.txt, and the modules it brings."""

    version: str
    modules: list[str]


class PerlModule(_Part, frozen=True, kw_only=True):
    """A Perl module: its Debian package, and what of a library folder belongs to it."""

    package: str
    paths: list[str]
    image: str = ""


class Perl(_Part, frozen=True, kw_only=True):
    """Modules of Perl itself that must be there, and others by name."""

    standard: list[str] = []
    modules: dict[str, PerlModule] = {}


class Data(_Part, frozen=True, kw_only=True):
    """Files that one Debian package brings."""

    paths: list[str]


class Withheld(_Part, frozen=True, kw_only=True):
    """What the harness has beside its programs and we do not give: asking for it is an outcome of its own."""

    python: list[str] = []
    perl: list[str] = []
    commands: list[str] = []


class Provisions(_Part, frozen=True, kw_only=True):
    """One list. `python`: programs find our interpreter, with its packages, as the command python3.

    `etc` are the toolchain's own files and folders below /etc; no program sees others there.
    `board` is False for tasks that are on no board: nothing can differ from its image.
    """

    name: str = ""
    include: list[str] = []
    python: bool = False
    board: bool = True
    commands: dict[str, Commands] = {}
    distributions: dict[str, Distribution] = {}
    standard: dict[str, str] = {}
    perl: Perl = Perl()
    data: dict[str, Data] = {}
    etc: list[str] = []
    withheld: Withheld = Withheld()
    image: dict[str, str] = {}

    @property
    def targets(self) -> dict[str, str]:
        """Name for programs → command of the machine, over all packages."""
        return {name: target for commands in self.commands.values() for name, target in commands.targets.items()}

    def package_of(self, command: str) -> str:
        """The Debian package that brings a command of the list."""
        return next(package for package, commands in self.commands.items() if command in commands.targets)


def provisions_named(name: str) -> Provisions:
    """Return a list by its name, with what it includes. Raises UnknownNameError."""
    return _read(check_name("list of provisions", name, NAMES))


def _read(name: str) -> Provisions:
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    own = msgspec.convert(tomllib.loads(text), Provisions)
    included = [_read(other) for other in own.include]
    standard = [module for other in included for module in other.perl.standard]
    return msgspec.structs.replace(
        own,
        name=name,
        commands={key: value for part in (*included, own) for key, value in part.commands.items()},
        perl=Perl(standard=standard + own.perl.standard, modules=own.perl.modules),
    )
