"""A rule: its stable name, its severity and the function that yields where it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from podium.records import Severity
from podium.validate.contents import Contents
from podium.validate.violations import Violation


class Rule(msgspec.Struct, frozen=True):
    """A rule over a whole folder."""

    name: str
    check: Callable[[Contents], Iterator[Violation]]
    severity: Severity = "error"


class DocumentRule(msgspec.Struct, frozen=True):
    """A rule over one parsed file (JSON value or text), called before its schema and therefore on anything."""

    name: str
    check: Callable[[str, Any], Iterator[Violation]]
    severity: Severity = "error"
