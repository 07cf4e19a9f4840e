"""GitHub's expression language as far as the project's workflows use it; an unknown name is an error, not a null.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
TOKEN = re.compile(r"\s*('(?:[^']|'')*'|\d+|[A-Za-z_][\w-]*|&&|\|\||==|!=|[><!.(),])")
LITERALS = {"true": True, "false": False, "null": None}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "format": lambda text, *values: text.format(*values),
    "fromJSON": json.loads,
    "always": lambda: True,
    "cancelled": lambda: False,
}


class Parser:
    """Recursive descent over the tokens of one expression; evaluates while it reads."""

    def __init__(self, text: str, contexts: Mapping[str, Any]) -> None:
        self.tokens = TOKEN.findall(text)
        if "".join(self.tokens) != re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", text):
            message = f"cannot read the expression {text!r}"
            raise ValueError(message)
        self.contexts = contexts

    def value(self) -> Any:
        """`a || b`, the weakest operator."""
        left = self._and()
        while self._take("||"):
            right = self._and()
            left = left or right
        return left

    def _and(self) -> Any:
        left = self._comparison()
        while self._take("&&"):
            right = self._comparison()
            left = left and right
        return left

    def _comparison(self) -> Any:
        left = self._unary()
        if self._take("=="):
            return left == self._unary()
        if self._take("!="):
            return left != self._unary()
        if self._take(">"):
            return int(left) > int(self._unary())
        return left

    def _unary(self) -> Any:
        if self._take("!"):
            return not self._unary()
        token = self.tokens.pop(0)
        if token == "(":
            inner = self.value()
            self._expect(")")
            return inner
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        if token in LITERALS:
            return LITERALS[token]
        return self._call(token) if self._take("(") else self._path(token)

    def _call(self, name: str) -> Any:
        values: list[Any] = []
        while not self._take(")"):
            values.append(self.value())
            self._take(",")
        return self._below(FUNCTIONS[name](*values))

    def _path(self, name: str) -> Any:
        return self._below(self.contexts[name])

    def _below(self, found: Any) -> Any:
        while self._take("."):
            found = found[self.tokens.pop(0)]
        return found

    def _take(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            del self.tokens[0]
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            message = f"{token!r} is missing before {self.tokens}"
            raise ValueError(message)


def evaluate(text: str, contexts: Mapping[str, Any]) -> Any:
    """The value of one expression without its braces."""
    parser = Parser(text, contexts)
    found = parser.value()
    if parser.tokens:
        message = f"{text!r} goes on after its end: {parser.tokens}"
        raise ValueError(message)
    return found


def fill(text: Any, contexts: Mapping[str, Any]) -> Any:
    """A YAML value with its expressions replaced; text that is one expression keeps the expression's type."""
    if not isinstance(text, str):
        return text
    whole = EXPRESSION.fullmatch(text.strip())
    if whole and EXPRESSION.findall(text) == [whole.group(1)]:
        return evaluate(whole.group(1), contexts)
    return EXPRESSION.sub(lambda match: as_text(evaluate(match.group(1), contexts)), text)


def as_text(value: Any) -> str:
    """How GitHub writes a value into text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
