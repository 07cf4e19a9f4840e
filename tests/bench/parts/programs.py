"""Programs to measure and compare with: canonical solutions, a weak model's mix, and odd ones."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# Shares of what a weak model writes; see the docstring of `mix`.
WRONG, RIGHT, NAME_ERROR, SYNTAX, ENDLESS = 55, 20, 15, 7, 3
ODD = {
    "exits with os._exit": "import os\nos._exit(0)",
    "exits with 0": "import sys\nsys.exit(0)",
    "exits with 1": "raise SystemExit(1)",
    "dies of a signal": "import ctypes\nctypes.string_at(0)",
    "raises what cannot be said": "class E(Exception):\n    def __str__(self):\n        raise self\nraise E()",
    "swallows the alarm": (
        "import time\nt = time.monotonic()\nwhile time.monotonic() - t < 3.3:\n"
        "    try:\n        time.sleep(0.05)\n    except Exception:\n        pass"
    ),
    "swallows everything": (
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    ),
    "disarms the alarm": (
        "import signal, time\nsignal.alarm(0)\nsignal.setitimer(signal.ITIMER_REAL, 0)\ntime.sleep(30)"
    ),
    "main block": "if __name__ == '__main__':\n    raise ValueError('ran')",
    "reads stdin": "input()",
    "writes to the buffer": "import sys\nsys.stdout.buffer.write(b'x')",
    "prints much": "print('x' * 3_000_000)",
    "asks for the folder": "import os\nos.getcwd()",
    "removes a file": "import os\nopen('f', 'w').close()\nos.remove('f')",
    "starts a process": "import subprocess\nsubprocess.run(['true'])",
    "imports resource": "import resource",
    "imports psutil": "import psutil",
    "calls exit": "exit()",
    "calls help": "help(int)",
    "nests deeply": "def f(n):\n    return f(n + 1)\nf(0)",
    "has a null": "x = 'a\x00b'",
    "has a lone surrogate": "x = '\ud800'",
    "has a tab error": "def f():\n\tif 1:\n        return 1",
    "asserts": "assert False, 'told'",
    "raises KeyboardInterrupt": "raise KeyboardInterrupt('now')",
    "raises GeneratorExit": "raise GeneratorExit",
    "compares as it likes": "class A:\n    def __eq__(self, other):\n        return True\nassert A() == 5",
    "starts a thread": "import threading\nthreading.Thread(target=print, args=(1,)).start()",
    "leaves a thread hanging": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(0.2,), daemon=True).start()"
    ),
    "makes a syntax warning an answer": "x = 1\nassert x is not None",
    "runs exec": "exec('raise ValueError(7)')",
    "says much when failing": "raise ValueError('y' * 3000)",
}


def humaneval(data_dir: Path) -> list[tuple[str, str, str]]:
    """(prompt, canonical solution, tests) of the 164 problems."""
    with gzip.open(data_dir / "humaneval" / "HumanEval.jsonl.gz", "rt") as stream:
        rows: list[dict[str, Any]] = [json.loads(line) for line in stream]
    return [
        (row["prompt"].strip(), row["canonical_solution"], f"\n{row['test']}\ncheck({row['entry_point']})")
        for row in rows
    ]


def canonical(data_dir: Path, repeats: int) -> list[tuple[str, str]]:
    """(generation, tests) of right solutions, each repeat a text of its own."""
    return [
        (f"{prompt}\n{solution}\n# {number}", tests)
        for number in range(repeats)
        for prompt, solution, tests in humaneval(data_dir)
    ]


def mix(data_dir: Path, count: int) -> list[tuple[str, str]]:
    """(generation, tests) as of a weak model: 55 % wrong, 20 % right, 15 % NameError, 7 % syntax, 3 % endless."""
    chance = random.Random(0)
    problems = humaneval(data_dir)
    bodies = {"wrong": "\n    return None", "name": "\n    return undefined_name", "syntax": "\n    return ((1"}
    bodies["endless"] = "\n    while True:\n        pass"
    kinds = ["wrong"] * WRONG + ["right"] * RIGHT + ["name"] * NAME_ERROR + ["syntax"] * SYNTAX + ["endless"] * ENDLESS
    rows = []
    for number in range(count):
        prompt, solution, tests = problems[number % len(problems)]
        kind = kinds[number * 37 % 100]
        rows.append((f"{prompt}\n{bodies.get(kind, solution)}\n# {number} {chance.random()}", tests))
    return rows


def odd() -> list[tuple[str, str]]:
    """(generation, tests) of programs at the edges of the harness's semantics."""
    return [(text, "\npass") for text in ODD.values()]
