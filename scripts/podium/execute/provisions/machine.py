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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.provisions import Distribution, Provisions

# The system's own: what stands in /usr/local or anywhere else on PATH never takes a command's place.
COMMAND_FOLDERS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
# Where Debian keeps modules that are not Perl's own; versions and architectures lie below some of them.
PERL_FOLDERS = (
    "/usr/local/lib/*/perl", "/usr/local/share/perl", "/usr/local/lib/site_perl", "/usr/lib/*/perl5",
    "/usr/share/perl5",
)  # fmt: skip
# Locales, word lists and the interpreters' own packages: they differ from machine to machine.
MACHINE_FOLDERS = (
    "/usr/lib/locale", "/usr/share/dict", "/usr/lib/python3*/dist-packages", "/usr/local/lib/python3*/dist-packages",
    "/usr/lib/python3*/site-packages", "/usr/local/lib/python3*/site-packages",
)  # fmt: skip
LOCALES = ("/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8")


def package_folders() -> list[Path]:
    """Where packages beside podium lie, the first before the others."""
    names = [*([site.getusersitepackages()] if site.ENABLE_USER_SITE else []), *site.getsitepackages()]
    # Without HOME that of the user begins with a bare ~; with somebody else's it may be closed to us.
    folders = [Path(name).resolve() for name in names if Path(name).is_absolute()]
    return [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112  False where it may not be seen


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Folders to look in, the first before the others."""

    commands: tuple[str, ...] = COMMAND_FOLDERS
    packages: tuple[Path, ...] = msgspec.field(default_factory=lambda: tuple(package_folders()))
    perl: tuple[str, ...] = PERL_FOLDERS

    def command(self, name: str) -> str | None:
        """The file behind a command, whatever alternatives lead to it."""
        for folder in self.commands:
            path = Path(folder, name)
            if path.is_file() and os.access(path, os.X_OK):
                return str(path.resolve())
        return None

    def hidden(self) -> Iterator[str]:
        """Folders whose content programs must not see."""
        own = Path(sys.base_prefix, "lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
        for pattern in dict.fromkeys((*self.perl, *PERL_FOLDERS, *MACHINE_FOLDERS, str(own))):
            for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
                # Elsewhere than on Debian, Perl's own modules lie there.
                if folder.is_dir() and not folder.is_symlink() and not (folder / "strict.pm").exists():
                    yield str(folder)

    def python_packages(self, provisions: Provisions) -> Iterator[tuple[str, str]]:
        """(entry of a package folder, its name) of everything that the listed distributions brought."""
        for name, listed in provisions.distributions.items():
            found = importlib.metadata.distributions(name=name, path=[str(folder) for folder in self.packages])
            if distribution := next(iter(found), None):
                yield from _entries(distribution, listed)

    def perl_modules(self, provisions: Provisions) -> Iterator[tuple[str, str]]:
        """(file or folder of a Perl library, its path below the library) of the listed modules."""
        folders = [folder for pattern in self.perl for folder in _libraries(pattern)]
        for module in provisions.perl.modules.values():
            for path in module.paths:
                if source := next((found for folder in folders if (found := folder / path).exists()), None):
                    yield str(source.resolve()), path


def _libraries(pattern: str) -> Iterator[Path]:
    for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
        yield folder
        yield from sorted(inner for inner in folder.glob("[0-9]*") if inner.is_dir())


def _entries(distribution: importlib.metadata.Distribution, listed: Distribution) -> Iterator[tuple[str, str]]:
    root = Path(str(distribution.locate_file(""))).resolve()
    names = {file.parts[0] for file in distribution.files or []} | set(listed.modules)
    for name in sorted(names - {"..", "__pycache__"}):
        if not name.endswith(".pth") and (root / name).exists():
            yield str((root / name).resolve()), name
