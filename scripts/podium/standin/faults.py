"""Scripted failures: the nth call of a route answers wrongly, late or never, before or after its effect."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from podium.errors import UsageError
from podium.records import Count, Part, Positive, Record, Seconds, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Fault(Part, frozen=True, kw_only=True):
    """One failure: calls `nth` to `nth + times - 1` of `method` on a path that `path` (a regex) is found in.

    `status` answers with `status`, `body` and `headers` instead of the real answer: in place of the effect
    (`when: before`), or though it landed (`when: after`). `drop_before` and `drop_after` close the connection
    without an answer. `delay` waits `seconds`, then goes on as if nothing had been. `cut` closes the connection after
    `bytes` of the answer's body.
    """

    path: str
    method: str = "*"
    nth: Positive = 1
    times: Positive = 1
    action: Literal["status", "drop_before", "drop_after", "delay", "cut"] = "status"
    when: Literal["before", "after"] = "before"
    status: Count = 502
    body: Any = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    seconds: Seconds = 0.0
    bytes: Count = 0

    @property
    def lands(self) -> bool:
        """Whether the effect happens though the client is not told."""
        return self.action in {"drop_after", "delay", "cut"} or (self.action == "status" and self.when == "after")


class FaultScript(Record, frozen=True, kw_only=True, tag="faults"):
    """The file given by `--faults`."""

    faults: list[Fault]


class Faults:
    """Counts calls against a script; each fault counts for itself."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = [(fault, _compiled(fault)) for fault in faults]
        self._calls = [0] * len(self._faults)
        self._lock = threading.Lock()

    def next(self, method: str, path: str) -> Fault | None:
        """Count this call and return the first fault that is due. `path` includes the query."""
        due: Fault | None = None
        with self._lock:
            for index, (fault, pattern) in enumerate(self._faults):
                if fault.method not in {"*", method} or not pattern.search(path):
                    continue
                self._calls[index] += 1
                if due is None and fault.nth <= self._calls[index] < fault.nth + fault.times:
                    due = fault
        return due


def _compiled(fault: Fault) -> re.Pattern[str]:
    try:
        return re.compile(fault.path)
    except re.error as err:
        message = f"fault path {fault.path!r} is not a regular expression: {err}"
        raise UsageError(message, hint='a path like "/pulls$" is found anywhere in the request path') from err


def read_faults(path: Path) -> list[Fault]:
    """Read a fault file; unknown keys fail. Raises RecordError naming file and JSON path."""
    return read_record(path, FaultScript).faults
