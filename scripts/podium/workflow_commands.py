"""What a step tells GitHub Actions: outputs, summary, annotations.

Writes the files that the environment names for outputs and summary.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from podium.errors import StorageError
from podium.files import write_remedy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.records import Severity


def write_outputs(environment: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Append step outputs to the file GITHUB_OUTPUT names, if it is set. Raises StorageError."""
    lines = []
    for name, value in outputs.items():
        # A delimiter that the value cannot contain, whatever it holds.
        delimiter = f"podium_{hashlib.sha256(value.encode()).hexdigest()}"
        lines.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    _append(environment, "GITHUB_OUTPUT", "".join(lines))


def write_summary(environment: Mapping[str, str], markdown: str) -> None:
    """Append to the job's summary page, if there is one. Raises StorageError."""
    _append(environment, "GITHUB_STEP_SUMMARY", markdown.rstrip("\n") + "\n")


def _append(environment: Mapping[str, str], name: str, text: str) -> None:
    path = environment.get(name, "")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as err:
        message = f"cannot write the file that {name} names: {err.strerror}"
        raise StorageError(message, hint=f"{write_remedy(err)}; outside GitHub Actions unset {name}") from err


def annotation(severity: Severity, message: str, *, path: str = "", line: int = 0, title: str = "") -> str:
    """One workflow command (`::error file=..::..`) that GitHub shows at the file; every part is escaped."""
    properties = {"file": path, "line": str(line) if line else "", "title": title}
    listed = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items() if value)
    return f"::{severity}{' ' if listed else ''}{listed}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
