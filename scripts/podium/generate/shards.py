"""Which problems a shard draws: every N-th one from the I-th on, so that hard and easy ones are spread."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from podium.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = "1/1"
T = TypeVar("T")


def parse_shard(shard: str) -> tuple[int, int]:
    """`I/N` as numbers. Raises UsageError unless 1 <= I <= N."""
    match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", shard)
    number, count = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= count:
        message = f"shard {shard!r} is not I/N with 1 <= I <= N"
        raise UsageError(message, hint="pass for example --shard 2/4")
    return number, count


def part_of(items: Sequence[T], shard: str) -> list[T]:
    """The shard's items, in order."""
    number, count = parse_shard(shard)
    return list(items[number - 1 :: count])


def joined(parts: Sequence[Sequence[T]]) -> list[T]:
    """All items in their first order, from the parts in order of shards. Raises ValueError when sizes cannot fit."""
    total = sum(map(len, parts))
    sizes = [len(range(number, total, len(parts))) for number in range(len(parts))]
    if [len(part) for part in parts] != sizes:
        message = f"parts of {[len(part) for part in parts]} items are no shards of one list of {total}"
        raise ValueError(message)
    result: list[T | None] = [None] * total
    for number, part in enumerate(parts):
        result[number :: len(parts)] = part
    return [item for item in result if item is not None]
