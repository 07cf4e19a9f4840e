"""Which boards there are: every folder beside this file lists its own, so adding a board is adding a folder."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Literal

import msgspec

Stage = Literal["submit", "publish"]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A board: `where` is its class as `module:Class`, imported on use.

    `options` are the options of `podium submit` that it needs and the others refuse, as they are typed.
    """

    name: str
    where: str
    stage: Stage = "submit"
    options: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether it writes a folder on this machine, and so needs neither podium.toml nor tokens."""
        return "--to DIR" in self.options

    @property
    def usage(self) -> str:
        """How `podium submit` is called for it."""
        return " ".join(("podium submit RUN_DIR --board", self.name, *self.options))


def listed() -> dict[str, Listing]:
    """Every board by name."""
    package = importlib.import_module(__package__)
    modules = [found.name for found in pkgutil.iter_modules(package.__path__) if found.ispkg]
    rows = [row for name in modules for row in importlib.import_module(f"{__package__}.{name}").BOARDS]
    return {row.name: row for row in rows}
