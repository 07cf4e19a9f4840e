"""Which of two releases is the older one, by their tags alone; and the refusal to let it replace the newer one.

Folders before the last `/` must be the same, or numbers that are put in order (`release/2023/12`). Then, by what both
are: semantic versions as https://semver.org says, with `rc2` before `rc10`; versions as Python's packaging compares
them; the same words with other numbers (`step-900` before `step-1000`). Build texts (`+g5114f85`) give no order, nor
does a number behind a dash where one reading makes it a pre-release and another one a post-release. What is not clear
has no order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from podium.errors import OlderReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NUMBER = re.compile(r"(\d+)")
_PLAIN = r"0|[1-9]\d*"
_SEMANTIC = re.compile(rf"[vV]?({_PLAIN})\.({_PLAIN})\.({_PLAIN})(?:-((?:[0-9A-Za-z-]+)(?:\.[0-9A-Za-z-]+)*))?")
_COUNTED = re.compile(r"([A-Za-z-]*[A-Za-z])(\d+)")
_POST = re.compile(r"-\d+$")
_CORE = re.compile(r"[vV]?(\d+(?:\.\d+)*)(?:-.*)?")


def is_older(tag: str, other: str) -> bool | None:
    """Whether `tag` is of an older release than `other`; None if the two have no order."""
    sign = _compare(tag, other)
    return None if sign is None else sign < 0


def _compare(tag: str, other: str) -> int | None:
    """-1, 0 or 1 as `tag` is older than, as old as or newer than `other`; None where that is not clear."""
    (ours, left), (theirs, right) = (_split(name) for name in (tag, other))
    folders = _compare_folders(ours, theirs)
    names = _compare_names(left, right)
    return names if folders == 0 else (folders if names is not None else None)


def _split(tag: str) -> tuple[list[str], str]:
    *folders, name = tag.split("/")
    return folders, name


def _compare_folders(ours: list[str], theirs: list[str]) -> int | None:
    if len(ours) != len(theirs):
        return None
    for left, right in zip(ours, theirs, strict=True):
        if left == right:
            continue
        return _sign(int(left), int(right)) if left.isdecimal() and right.isdecimal() else None
    return 0


def _compare_names(left: str, right: str) -> int | None:
    """By the first reading that both tags have; equal but for what it leaves out is no order."""
    (left, ours), (right, theirs) = (name.partition("+")[::2] for name in (left, right))
    if _SEMANTIC.fullmatch(left) and _SEMANTIC.fullmatch(right):
        readings: tuple[Callable[[str, str], int | None], ...] = (_semantic,)
    else:
        readings = (_python, _numbers, _cores)
    sign = next((found for read in readings if (found := read(left, right)) is not None), None)
    return None if sign == 0 and ours != theirs else sign


def _semantic(left: str, right: str) -> int | None:
    ours, theirs = _SEMANTIC.fullmatch(left), _SEMANTIC.fullmatch(right)
    if ours is None or theirs is None:
        return None
    cores = [[int(part) for part in match.groups()[:3]] for match in (ours, theirs)]
    if cores[0] != cores[1]:
        return _sign(*cores)
    if ours[4] is None or theirs[4] is None:
        return _sign(ours[4] is None, theirs[4] is None)
    return _identifiers(ours[4].split("."), theirs[4].split("."))


def _identifiers(ours: list[str], theirs: list[str]) -> int | None:
    """Pre-release identifiers; a longer list is newer than its beginning."""
    for left, right in zip(ours, theirs, strict=False):
        if left == right:
            continue
        if left.isdecimal() or right.isdecimal():
            numbers = left.isdecimal() and right.isdecimal()
            return _sign(int(left), int(right)) if numbers else _sign(right.isdecimal(), left.isdecimal())
        return _words(left, right)
    return _sign(len(ours), len(theirs))


def _words(left: str, right: str) -> int | None:
    """`rc` before `rc2` before `rc10`, as people mean it; `RC2` beside `rc1` is not clear."""
    ours, theirs = (_COUNTED.fullmatch(text) for text in (left, right))
    stems = [match[1] if match else text for match, text in ((ours, left), (theirs, right))]
    if stems[0].lower() != stems[1].lower():
        return _sign(left, right)
    counts = [int(match[2]) if match else -1 for match in (ours, theirs)]
    return _sign(*counts) if stems[0] == stems[1] else None


def _python(left: str, right: str) -> int | None:
    if _POST.search(left) or _POST.search(right):
        return None
    try:
        return _sign(Version(left), Version(right))
    except InvalidVersion:
        return None


def _numbers(left: str, right: str) -> int | None:
    """Tags that are alike but for their numbers."""
    ours, theirs = _NUMBER.split(left), _NUMBER.split(right)
    if ours[::2] != theirs[::2]:
        return None
    return _sign(*([int(text) for text in parts[1::2]] for parts in (ours, theirs)))


def _cores(left: str, right: str) -> int | None:
    """Two versions whose numbers before the dash differ: what stands behind it does not matter then."""
    ours, theirs = _CORE.fullmatch(left), _CORE.fullmatch(right)
    if ours is None or theirs is None:
        return None
    return _sign(*(Version(match[1]) for match in (ours, theirs))) or None


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


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
