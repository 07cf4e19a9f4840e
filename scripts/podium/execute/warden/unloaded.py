"""Modules that count as loaded, and are loaded in place when a program first asks for anything of them.

The harness's process has loaded hundreds of modules before it runs a program. Loading them all here would cost every
program the time to copy their memory; a stand-in in `sys.modules` costs next to nothing and cannot be told from the
module once it was touched.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import threading
import types
from importlib import _bootstrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

_look = types.ModuleType.__getattribute__


class _Settings:
    """`alone` surrounds each loading; `afterwards` has what is done once a module of a name was loaded."""

    alone: Callable[[], AbstractContextManager[None]]
    afterwards: dict[str, Callable[[types.ModuleType], None]]


class Unloaded(types.ModuleType):
    """A module of which nothing was asked yet."""

    def __getattribute__(self, name: str) -> Any:
        """Load, then look; what is being loaded by this very thread is looked at as it is."""
        return getattr(self, name) if _load(self) else _look(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        """Load, then set."""
        if _load(self):
            setattr(self, name, value)
        else:
            types.ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        """Load, then delete."""
        if _load(self):
            delattr(self, name)
        else:
            types.ModuleType.__delattr__(self, name)


Unloaded.__name__ = Unloaded.__qualname__ = "module"
Unloaded.__module__ = "builtins"


def stand_in(
    names: Iterable[str],
    alone: Callable[[], AbstractContextManager[None]],
    afterwards: dict[str, Callable[[types.ModuleType], None]],
) -> None:
    """Put stand-ins for modules into `sys.modules`; parents before children, and what is not installed is left out."""
    _Settings.alone, _Settings.afterwards = alone, afterwards
    for name in names:
        if name in sys.modules:
            continue
        parent_name, _, child = name.rpartition(".")
        parent = sys.modules.get(parent_name)
        spec = _find(name, parent) if parent is not None or not parent_name else None
        if spec is None:
            continue
        module = importlib.util.module_from_spec(spec)
        module.__class__ = Unloaded
        sys.modules[name] = module
        if parent is not None:
            types.ModuleType.__setattr__(parent, child, module)


def _find(name: str, parent: types.ModuleType | None) -> importlib.machinery.ModuleSpec | None:
    """The specification of a module that is a source file: others cannot be loaded into a module that exists."""
    path: Sequence[str] | None = _look(parent, "__dict__").get("__path__", ()) if parent is not None else None
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    return spec if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader) else None


# One thread loads at a time, and others that touch what is half loaded wait: they would find half of it. Not for ever:
# the one that loads may itself wait for a module that the other is importing.
_turn = threading.RLock()
_being_loaded: set[int] = set()
TURN_SECONDS = 1.0


def _load(module: types.ModuleType) -> bool:
    """Load a module unless that was done; False while this thread is at it, or another one beyond `TURN_SECONDS`."""
    has_turn = _turn.acquire(timeout=TURN_SECONDS)
    try:
        if object.__getattribute__(module, "__class__") is not Unloaded:
            return True  # another thread was faster
        if id(module) in _being_loaded:
            return False
        _being_loaded.add(id(module))
        try:
            _load_now(module)
        finally:
            _being_loaded.discard(id(module))
        return True
    finally:
        if has_turn:
            _turn.release()


def _load_now(module: types.ModuleType) -> None:
    spec = _look(module, "__spec__")
    with _Settings.alone():
        spec._initializing = True
        try:
            _bootstrap._exec(spec, module)  # type: ignore[attr-defined]
        except BaseException:
            sys.modules.pop(spec.name, None)
            raise
        finally:
            spec._initializing = False
            if object.__getattribute__(module, "__class__") is Unloaded:
                object.__setattr__(module, "__class__", types.ModuleType)
        replaced = sys.modules[spec.name]
        if replaced is not module:  # some packages put another object in their own place
            vars(module).update(vars(replaced))
            object.__setattr__(module, "__class__", type(replaced))
        if act := _Settings.afterwards.get(spec.name):
            act(module)
