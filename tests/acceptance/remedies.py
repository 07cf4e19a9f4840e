"""Every remedy that a message of podium can print, collected from its source, with what it tells people to type."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import podium
from podium.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(podium.__file__).parent
# What stands for a value that is known only when the message is printed.
VALUE = "VALUE"
COMMAND = re.compile(rf"podium ({'|'.join(COMMANDS)})(?![\w-])([^.;,]*)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]")
LINE = re.compile(r"`([a-z_0-9]+)(?: = [^`]*)?`(?: and `[^`]*`)? below \[(\w+)\]")
FOREIGN = re.compile(r"\b(pip install|apt-get install|git [a-z-]+ |gh release |rm |kill |unset |evalplus\.\w+)")
Definition = ast.FunctionDef | ast.AsyncFunctionDef


class Remedy(NamedTuple):
    """A remedy's text, and the file and line it stands in."""

    text: str
    place: str

    @property
    def is_typed(self) -> bool:
        """Whether it names a command, a flag or a line of podium.toml."""
        return any(pattern.search(self.text) for pattern in (COMMAND, FLAG, LINE, FOREIGN))


@cache
def collected() -> tuple[Remedy, ...]:
    """Every remedy of the package, each text once."""
    found: dict[str, Remedy] = {}
    for path in sorted(ROOT.rglob("*.py")):
        module = _Module(path)
        for text, line in module.remedies():
            if text.strip(VALUE + " "):
                found.setdefault(text, Remedy(text, f"{path.relative_to(ROOT).as_posix()}:{line}"))
    return tuple(found.values())


class _Module:
    """One source file: its constants, its functions, and the expressions that become remedies."""

    def __init__(self, path: Path) -> None:
        self._tree = ast.parse(path.read_text(encoding="utf-8"))
        self._functions = {node.name: node for node in ast.walk(self._tree) if isinstance(node, Definition)}
        self._constants = {
            target.id: node.value
            for node in self._tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        self._imported = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(self._tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def remedies(self) -> Iterator[tuple[str, int]]:
        """Text and line of each."""
        for function in [self._tree, *self._functions.values()]:
            local = {
                target.id: node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name) and "hint" in target.id.lower()
            }
            for node in ast.walk(function):
                if isinstance(node, ast.keyword) and node.arg == "hint":
                    for text in self._texts(node.value, local, 0):
                        yield text, node.value.lineno

    def _texts(self, node: ast.expr, local: dict[str, ast.expr], depth: int) -> list[str]:
        if depth > 6:
            return [VALUE]
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                return self._joined([self._texts(part, local, depth + 1) for part in parts])
            case ast.FormattedValue(value=ast.Name() | ast.IfExp() as inner):
                return self._texts(inner, local, depth + 1)
            case ast.BinOp(left=left, right=right, op=ast.Add()):
                return self._joined([self._texts(side, local, depth + 1) for side in (left, right)])
            case ast.IfExp(body=first, orelse=second):
                return [*self._texts(first, local, depth + 1), *self._texts(second, local, depth + 1)]
            case ast.BoolOp(values=values):
                return [text for value in values for text in self._texts(value, local, depth + 1)]
            case ast.Name(id=name):
                return self._named(name, local, depth)
            case ast.Subscript(value=ast.Name(id=name)) if isinstance(self._constants.get(name), ast.Dict):
                values = self._constants[name].values  # type: ignore[attr-defined]
                return [text for value in values for text in self._texts(value, local, depth + 1)]
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                returned = [one.value for one in ast.walk(self._functions[name]) if isinstance(one, ast.Return)]
                return [text for value in returned if value for text in self._texts(value, local, depth + 1)]
        return [VALUE]

    def _named(self, name: str, local: dict[str, ast.expr], depth: int) -> list[str]:
        if name in local:
            return self._texts(local[name], {key: value for key, value in local.items() if key != name}, depth + 1)
        if name in self._constants:
            return self._texts(self._constants[name], local, depth + 1)
        module, original = self._imported.get(name, ("", ""))
        if module.startswith("podium") and name.isupper():
            value = getattr(importlib.import_module(module), original)
            return [value] if isinstance(value, str) else [VALUE]
        return [VALUE]

    @staticmethod
    def _joined(pieces: list[list[str]]) -> list[str]:
        """Every text that the alternatives of the pieces make, up to a number."""
        texts = [""]
        for alternatives in pieces:
            texts = [text + piece for text in texts for piece in alternatives][:24]
        return texts
