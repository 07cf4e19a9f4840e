"""Mutations of completions in any language, to compare verdicts on programs that are nearly right.

A mutation works on text and knows no grammar: many break the program, which is as good a comparison.
"""

from __future__ import annotations

import itertools
import random
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "===": "!==", "!==": "===", "~=": "==",
    "+": "-", "-": "+", "*": "+", "/": "*", "%": "*", "+=": "-=", "-=": "+=", "++": "--", "&&": "||", "||": "&&",
    "and": "or", "or": "and", "true": "false", "false": "true", "TRUE": "FALSE", "FALSE": "TRUE", "#t": "#f",
    "#f": "#t", "min": "max", "max": "min", "if": "while", "break": "continue",
}  # fmt: skip
TOKEN = re.compile(r"[A-Za-z_#][A-Za-z_0-9]*|[-+*/%<>=!&|~.^]+|\d+")
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
RETURN = re.compile(r"^[ \t]*return\b.*$", re.MULTILINE)
LINE_BYTES = 99
# About what one program may print where the harness reads 1 kB every 0.1 s, and far more than that.
LITTLE_LINES, MUCH_LINES = 300, 40_000


class Mutation(NamedTuple):
    """A completion made from another, and how."""

    kind: str
    completion: str


class Statements(NamedTuple):
    """What a language calls printing COUNT lines of TEXT, failing, ending with success, and never ending."""

    flood: str
    fail: str
    leave: str
    hang: str


STATEMENTS = {
    "cpp": Statements(
        'for (int i_ = 0; i_ < COUNT; i_++) std::cout << "TEXT\\n";', 'throw std::runtime_error("told");', "exit(0);",
        "for (volatile int i_ = 0;; i_ = i_ + 1) {}",
    ),
    "d": Statements(
        'import std.stdio : writeln; foreach (i_; 0 .. COUNT) writeln("TEXT");', 'throw new Exception("told");',
        "import core.stdc.stdlib : exit; exit(0);", "for (int i_ = 0;; i_++) {}",
    ),
    "go": Statements(
        'for i_ := 0; i_ < COUNT; i_++ { println("TEXT") }', 'if true { panic("told") }', "if true { os.Exit(0) }",
        "for { }",
    ),
    "java": Statements(
        'for (int i_ = 0; i_ < COUNT; i_++) System.out.println("TEXT");',
        'if (true) throw new RuntimeException("told");', "System.exit(0);", "for (int i_ = 0; i_ < 2; i_ += 0) {}",
    ),
    "jl": Statements('for i_ in 1:COUNT println("TEXT") end', 'error("told")', "exit(0)", "while true end"),
    "js": Statements(
        'for (let i_ = 0; i_ < COUNT; i_++) console.log("TEXT");', 'throw new Error("told");', "process.exit(0);",
        "for (;;) {}",
    ),
    "lua": Statements('for i_ = 1, COUNT do print("TEXT") end', 'error("told")', "os.exit(0)", "while true do end"),
    "php": Statements(
        'for ($i_ = 0; $i_ < COUNT; $i_++) echo "TEXT\\n";', 'throw new Exception("told");', "exit(0);", "for (;;) {}"
    ),
    "r": Statements('for (i_ in 1:COUNT) cat("TEXT\\n")', 'stop("told")', "quit(status = 0)", "repeat {}"),
    "rb": Statements('COUNT.times { puts "TEXT" }', 'raise "told"', "exit!(0)", "loop { }"),
    "rkt": Statements(
        '(for ([i_ COUNT]) (displayln "TEXT"))', '(error "told")', "(exit 0)", "(let loop_ () (loop_))"
    ),
    "rs": Statements(
        'for _ in 0..COUNT { println!("TEXT"); }', 'if true { panic!("told"); }', "std::process::exit(0);",
        "loop { std::hint::spin_loop(); }",
    ),
    "swift": Statements(
        'for _ in 0..<COUNT { print("TEXT") }', 'if true { fatalError("told") }',
        "exit(0);", "while true {}",
    ),
}  # fmt: skip


def mutations(completion: str, language: str) -> list[Mutation]:
    """All mutations that differ from the completion and from each other, kind by kind."""
    seen, found = {completion}, []
    for kind, make in KINDS.items():
        for text in make(completion, language):
            if text not in seen:
                seen.add(text)
                found.append(Mutation(kind, text))
    return found


def sample(found: list[Mutation], count: int, seed: int) -> list[Mutation]:
    """So many of them, of each kind about the same number; the same ones for the same seed."""
    shuffled = random.Random(seed).sample(found, len(found))
    by_kind: dict[str, list[Mutation]] = {}
    for mutation in shuffled:
        by_kind.setdefault(mutation.kind, []).append(mutation)
    in_turn = (mutation for turn in itertools.zip_longest(*by_kind.values()) for mutation in turn if mutation)
    return list(itertools.islice(in_turn, count))


def _replaced(text: str, match: re.Match[str], by: str) -> str:
    return text[: match.start()] + by + text[match.end() :]


def _swap(text: str, _: str) -> Iterator[str]:
    for match in TOKEN.finditer(text):
        if other := SWAPS.get(match[0]):
            yield _replaced(text, match, other)


def _renumber(text: str, _: str) -> Iterator[str]:
    for match in NUMBER.finditer(text):
        yield _replaced(text, match, str(int(match[0]) + 1))
        yield _replaced(text, match, "0")


def _drop(text: str, _: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.strip():
            yield "".join(lines[:number] + lines[number + 1 :])


def _return_early(text: str, language: str) -> Iterator[str]:
    for match in RETURN.finditer(text):
        yield _begun(text, language, match[0].strip())


def _break(text: str, _: str) -> Iterator[str]:
    yield text[: len(text) // 2]
    yield text + "\n)"
    for pattern in (r"\(", r"\)", r"[\]}]", r"[\"']", r";", r"\bend\b", r"="):
        for match in list(re.finditer(pattern, text))[-1:]:
            yield _replaced(text, match, "")


def _rename(text: str, _: str) -> Iterator[str]:
    """One use of a name, not the others: an unknown name."""
    for match in list(re.finditer(r"\b[a-z][a-z_]{2,}\b", text))[::3]:
        yield _replaced(text, match, match[0] + "_gone")


def _begun(text: str, language: str, statement: str) -> str:
    """With a statement before all others: behind the first line end, or the first brace where the text opens one."""
    opened = re.match(r"\s*\{\n?", text) if language == "d" else re.match(r"[ \t]*\n", text)
    end = opened.end() if opened else 0
    return f"{text[:end]}    {statement}\n{text[end:]}"


def _flood(text: str, language: str) -> Iterator[str]:
    if statements := STATEMENTS.get(language):
        for count in (LITTLE_LINES, MUCH_LINES):
            statement = statements.flood.replace("COUNT", str(count)).replace("TEXT", "x" * LINE_BYTES)
            yield _begun(text, language, statement)


def _inserting(name: str) -> Callable[[str, str], Iterator[str]]:
    def insert(text: str, language: str) -> Iterator[str]:
        if statements := STATEMENTS.get(language):
            yield _begun(text, language, getattr(statements, name))

    return insert


KINDS: dict[str, Callable[[str, str], Iterator[str]]] = {
    "operator": _swap,
    "number": _renumber,
    "line dropped": _drop,
    "early return": _return_early,
    "syntax": _break,
    "unknown name": _rename,
    "flood": _flood,
    "failure": _inserting("fail"),
    "early exit": _inserting("leave"),
    "endless": _inserting("hang"),
}
