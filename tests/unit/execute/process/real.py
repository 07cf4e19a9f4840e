"""A real harness process, where one is at hand, and what was recorded from one.

`python -m tests.unit.execute.process.real CHECKOUT PYTHON` records again; see CONTRIBUTING for the environment it needs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.unit.execute.process import generate, state

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDER = Path(__file__).with_name("record.py")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1"}


def ask(checkout: str, python: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    """The harness's text for each (generation, tests), from its own main.py."""
    with tempfile.TemporaryDirectory() as folder:
        request, answer = Path(folder, "programs.json"), Path(folder, "answers.json")
        request.write_text(json.dumps(list(rows)))
        command = [python, str(RECORDER), checkout, str(request), str(answer)]
        subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        texts: list[str] = json.loads(answer.read_text())
        return texts


def main() -> None:
    """Write what a real process shows and says into the examples."""
    checkout, python = sys.argv[1:3]
    items = state.programs()
    texts = map(state.normal, ask(checkout, python, [(text, "") for text in items.values()]))
    state.RECORDED.write_text(json.dumps(dict(zip(items, texts, strict=True)), indent=1) + "\n")
    programs = generate.programs()
    said = ask(checkout, python, [(program.text, program.tests) for program in programs])
    answers = {program.name: text for program, text in zip(programs, said, strict=True)}
    generate.RECORDED.write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main()
