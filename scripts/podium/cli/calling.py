"""How podium is called from here: what it tells people to type works where they are, on the PATH or not."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

from podium.cli import COMMANDS

CALL = re.compile(rf"(?<![\w./-])podium(?= (?:{'|'.join(COMMANDS)})\b)")


def program() -> str:
    """`podium` where the shell finds this one by that name, or where it was called by a program, else its place."""
    script, found = Path(sys.argv[0]), shutil.which("podium")
    if script.name != "podium" or not script.exists() or (found and script.samefile(found)):
        return "podium"
    return shlex.quote(sys.argv[0])


def as_called(text: str) -> str:
    """A text with its calls of podium as they work from here."""
    return CALL.sub(lambda _: program(), text)
