"""Toolchains by distribution: the version that each has of a language's, and where to get one that has none.

Reads table.toml beside this file, and /etc/os-release.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from pathlib import Path

import msgspec

OS_RELEASE = Path("/etc/os-release")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Distribution(_Part, frozen=True, kw_only=True):
    """A distribution by its name; `tried` where every language's programs were run with its packages."""

    name: str
    tried: bool


class RootRecipe(_Part, frozen=True, kw_only=True):
    """How mmdebstrap makes a root file system that holds a toolchain: a Debian suite and packages of it."""

    suite: str
    packages: list[str]
    version: str


class Toolchain(_Part, frozen=True, kw_only=True):
    """What a language is compiled and run by: its package, and the version of it by distribution.

    A distribution without a version has no such package; `root` is made from another one's there. `modules` are those
    that the data set's tests load.
    """

    package: str
    versions: dict[str, str]
    modules: list[str] = []
    root: RootRecipe | None = None


class Table(_Part, frozen=True, kw_only=True):
    """The whole file."""

    distributions: dict[str, Distribution]
    languages: dict[str, Toolchain]


@functools.cache
def read_table() -> Table:
    """All toolchains, by the short names of their languages."""
    text = resources.files(__package__).joinpath("table.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


def toolchain_of(language: str) -> Toolchain | None:
    """The toolchain of a language, or of the list of provisions that has its name."""
    return read_table().languages.get(language)


def this_distribution(path: Path = OS_RELEASE) -> str:
    """This machine's, as `debian-12`; empty where it does not say."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    values = {key: value.strip("\"'") for key, separator, value in (line.partition("=") for line in lines) if separator}
    return f"{values['ID']}-{values['VERSION_ID']}" if {"ID", "VERSION_ID"} <= values.keys() else ""
