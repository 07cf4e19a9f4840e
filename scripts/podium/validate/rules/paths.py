"""Rules on the names of files: plain, and different on every system."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.validate.contents import Contents

HUB_LIMIT_BYTES = 10 << 20
HUB_HINT = "podium publish sends it as the Hub wants it; a plain git push is refused there"


def _twins(contents: Contents) -> list[list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path in contents.paths:
        groups[unicodedata.normalize("NFKC", path).casefold()].append(path)
    return [paths for paths in groups.values() if len(paths) > 1]


def name_twins(contents: Contents) -> Iterator[Violation]:
    """No two names differ in upper and lower case or Unicode form alone: on some systems they are one file."""
    for paths in _twins(contents):
        for path in paths[1:]:
            message = f"its name differs from {paths[0]} in case or Unicode form alone"
            yield Violation(path=path, message=message, hint="rename or remove one of them")


def name_characters(contents: Contents) -> Iterator[Violation]:
    """Names are printable ASCII without blanks and back slashes."""
    twins = {path for paths in _twins(contents) for path in paths}
    for path in contents.paths:
        if path in twins:
            continue
        if not path.isascii() or not path.isprintable() or " " in path or "\\" in path:
            yield Violation(path=path, message="its name holds a character that names here do not", hint="rename it")


def large_file(contents: Contents) -> Iterator[Violation]:
    """The Hub takes files over 10 MiB only as large files."""
    for path, digest in contents.digests.items():
        if digest.size_bytes > HUB_LIMIT_BYTES and contents.plan is None:
            message = f"it has {digest.size_bytes} bytes; over {HUB_LIMIT_BYTES} the Hub wants git-lfs or Xet"
            yield Violation(path=path, message=message, hint=HUB_HINT)
