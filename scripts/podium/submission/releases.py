"""Which release a pull request holds, and which of two releases is the older one.

The order of tags: what stands before the last `/` is left out (`model/v1.2` counts as `v1.2`). Two versions compare as
Python's packaging compares them, so `v1.10` follows `v1.9` and `v1.0-rc.1` comes before `v1.0`. Other tags compare
number by number if they are alike but for their numbers (`step-900` before `step-1000`). Any others have no order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from podium.errors import OlderReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = re.compile(r"(\d+)")


def is_older(tag: str, other: str) -> bool | None:
    """Whether `tag` is of an older release than `other`; None if the two have no order."""
    left, right = tag.rpartition("/")[2], other.rpartition("/")[2]
    try:
        return Version(left) < Version(right)
    except InvalidVersion:
        pass
    ours, theirs = _NUMBER.split(left), _NUMBER.split(right)
    if ours[::2] != theirs[::2]:
        return None
    return [int(text) for text in ours[1::2]] < [int(text) for text in theirs[1::2]]


def refuse_older(tag: str, known: Iterable[str], where: str, *, force: bool) -> None:
    """Raises OlderReleaseError if the board holds a release that `tag` may not replace; `force` lets all pass."""
    for other in known:
        older = not force and other not in {"", tag} and is_older(tag, other)
        if older is None:
            message = f"{where} holds the release {other}, and whether {tag} is older cannot be told from the names"
            raise OlderReleaseError(message, hint=f"--force replaces {other}, if {tag} is the newer one")
        if older:
            message = f"{where} holds the release {other}, and {tag} is older"
            raise OlderReleaseError(message, hint=f"--force replaces {other} all the same; it is the only way back")
