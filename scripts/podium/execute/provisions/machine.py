"""Where this machine keeps what the lists name: commands, Python packages, Perl modules.

Reads the file system. Starts nothing; what it does not find is missing in the view, and `checks` says so from inside.
"""

from __future__ import annotations

import importlib.metadata
import os
import site
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.provisions import Distribution, Provisions

# The system's own: what stands in /usr/local or anywhere else on PATH never takes a command's place.
COMMAND_FOLDERS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
# Who makes a root puts toolchains elsewhere, too.
COMMAND_FOLDERS_OF_ROOTS = ("/usr/local/bin", *COMMAND_FOLDERS, "/opt/*/bin", "/opt/*/usr/bin", "/*/bin")
# Where Debian keeps modules that are not Perl's own; versions and architectures lie below some of them.
PERL_FOLDERS = (
    "/usr/local/lib/*/perl", "/usr/local/share/perl", "/usr/local/lib/site_perl", "/usr/lib/*/perl5",
    "/usr/share/perl5",
)  # fmt: skip
# Locales, word lists and the interpreters' own packages: they differ from machine to machine. Of the files that a list
# names, those in such folders are shown.
MACHINE_FOLDERS = (
    "/usr/lib/locale", "/usr/share/dict", "/usr/lib/python3*/dist-packages", "/usr/local/lib/python3*/dist-packages",
    "/usr/lib/python3*/site-packages", "/usr/local/lib/python3*/site-packages",
    "/usr/share/lua", "/usr/lib/lua", "/usr/lib/*/lua", "/usr/local/share/lua", "/usr/local/lib/lua",
    "/usr/lib/R/site-library", "/usr/local/lib/R", "/usr/local/lib/ruby", "/usr/local/lib/site_ruby",
)  # fmt: skip
MOST_STEPS = 400  # of a path with links in a circle
LOCALES = ("/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8")


def package_folders() -> list[Path]:
    """Where packages beside podium lie, the first before the others."""
    names = [*([site.getusersitepackages()] if site.ENABLE_USER_SITE else []), *site.getsitepackages()]
    # Without HOME that of the user begins with a bare ~; with somebody else's it may be closed to us.
    folders = [Path(name).resolve() for name in names if Path(name).is_absolute()]
    return [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112  False where it may not be seen


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Folders to look in, the first before the others: this machine's, or those below another `root`."""

    root: str = ""
    commands: tuple[str, ...] = COMMAND_FOLDERS
    packages: tuple[Path, ...] = msgspec.field(default_factory=lambda: tuple(package_folders()))
    perl: tuple[str, ...] = PERL_FOLDERS

    def command(self, name: str) -> str | None:
        """The file behind a command, whatever alternatives lead to it."""
        for folder in self.commands:
            for place in self._below(folder) if "*" in folder else (folder,):
                path = self._follow(f"{place}/{name}")
                outside = Path(f"{self.root}{path}")
                if outside.is_file() and os.access(outside, os.X_OK):
                    return path
        return None

    def _below(self, pattern: str) -> list[str]:
        """The folders that a pattern names, as they are called inside the root."""
        found = Path(self.root or "/").glob(pattern.lstrip("/"))
        return sorted(str(folder).removeprefix(self.root) for folder in found)

    def _follow(self, path: str) -> str:
        """Where links lead as seen from inside the root: their absolute targets lie in it, too."""
        return follow(self.root, path) if self.root else str(Path(path).resolve())

    def hidden(self) -> Iterator[str]:
        """Folders whose content programs must not see."""
        own = Path(sys.base_prefix, "lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
        for pattern in dict.fromkeys((*self.perl, *PERL_FOLDERS, *MACHINE_FOLDERS, str(own))):
            for folder in sorted(Path(self.root or "/").glob(pattern.lstrip("/"))):
                # Elsewhere than on Debian, Perl's own modules lie there.
                if folder.is_dir() and not folder.is_symlink() and not (folder / "strict.pm").exists():
                    yield str(folder).removeprefix(self.root)

    def data(self, provisions: Provisions) -> Iterator[tuple[str, str]]:
        """(file or folder outside, its path) of the listed data that lies in a hidden folder."""
        hidden = tuple(self.hidden())
        for path in (path for data in provisions.data.values() for path in data.paths):
            if any(map(Path(path).is_relative_to, hidden)) and Path(f"{self.root}{path}").exists():
                yield f"{self.root}{self._follow(path)}", path

    def python_packages(self, provisions: Provisions) -> Iterator[tuple[str, str]]:
        """(entry of a package folder, its name) of everything that the listed distributions brought."""
        for name, listed in provisions.distributions.items():
            found = importlib.metadata.distributions(name=name, path=[str(folder) for folder in self.packages])
            if distribution := next(iter(found), None):
                yield from _entries(distribution, listed)

    def perl_modules(self, provisions: Provisions) -> Iterator[tuple[str, str]]:
        """(file or folder of a Perl library, its path below the library) of the listed modules."""
        folders = [folder for pattern in self.perl for folder in _libraries(self.root or "/", pattern)]
        for module in provisions.perl.modules.values():
            for path in module.paths:
                if source := next((found for folder in folders if (found := folder / path).exists()), None):
                    yield f"{self.root}{self._follow(str(source).removeprefix(self.root))}", path


def machine_in(root: Path) -> Machine:
    """A whole root file system that lies in a folder. Raises UsageError where it is none."""
    real = root.resolve()
    shell = Path(f"{real}{follow(str(real), '/bin/sh')}")
    if real == Path("/") or not shell.is_file():
        what = "is this machine's own root" if real == Path("/") else "holds no root file system: it has no /bin/sh"
        message = f"{root} {what}"
        raise UsageError(message, hint="podium toolchains prints the command that makes one with mmdebstrap")
    return Machine(root=str(real), commands=COMMAND_FOLDERS_OF_ROOTS)


def describe_root(root: Path | None) -> str:
    """A root file system by its place and its distribution; empty for this machine's own."""
    if root is None:
        return ""
    path = Path(f"{root}{follow(str(root), '/etc/os-release')}")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    name = values.get("PRETTY_NAME", "a distribution that does not say its name")
    return f"{root}: {name.strip(chr(34))}"


def follow(root: str, path: str) -> str:
    """The place inside another root that a path leads to when all links are followed there."""
    waiting, place = path.split("/"), "/"
    for _ in range(MOST_STEPS):
        if not waiting:
            break
        part = waiting.pop(0)
        if part in ("", "."):
            continue
        place = os.path.normpath(f"{place.rstrip('/')}/{part}")
        if Path(f"{root}{place}").is_symlink():
            target = os.readlink(f"{root}{place}")  # noqa: PTH115
            waiting = target.split("/") + waiting
            place = "/" if target.startswith("/") else str(Path(place).parent)
    return place


def _libraries(root: str, pattern: str) -> Iterator[Path]:
    for folder in sorted(Path(root).glob(pattern.lstrip("/"))):
        yield folder
        yield from sorted(inner for inner in folder.glob("[0-9]*") if inner.is_dir())


def _entries(distribution: importlib.metadata.Distribution, listed: Distribution) -> Iterator[tuple[str, str]]:
    root = Path(str(distribution.locate_file(""))).resolve()
    names = {file.parts[0] for file in distribution.files or []} | set(listed.modules)
    for name in sorted(names - {"..", "__pycache__"}):
        if not name.endswith(".pth") and (root / name).exists():
            yield str((root / name).resolve()), name
