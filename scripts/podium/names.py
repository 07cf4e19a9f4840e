"""Name tables: a wrong name fails with its closest match; `"module:Class"` entries are imported on use."""

from __future__ import annotations

import difflib
import importlib
import re
from typing import TYPE_CHECKING, Any

from podium.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# Names of repositories: OWNER/REPO on GitHub, OWNER/NAME on the Hub.
GITHUB_NAME = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")
HUB_NAME = re.compile(r"[A-Za-z0-9._-]{1,96}/[A-Za-z0-9._-]{1,96}")


def closest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean X?)` for the closest known name, or an empty string."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {match[0]!r}?)" if match else ""


def check_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return `name` if known; else raise UnknownNameError with the closest match and the whole list."""
    known = sorted(known)
    if name in known:
        return name
    message = f"unknown {kind} {name!r}{closest(name, known)}"
    raise UnknownNameError(message, hint=f"known {kind}s: {', '.join(known)}")


def load(kind: str, name: str, table: Mapping[str, str]) -> Any:
    """Import what `table[name]` (`"module:attribute"`) points to."""
    module, _, attribute = table[check_name(kind, name, table)].partition(":")
    return getattr(importlib.import_module(module), attribute)
