"""Which programs are executed: a seeded order in which every problem has had its turn before any has the next."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.execute.programs import Program


def in_drawn_order(programs: list[Program], seed: int, task: str) -> list[Program]:
    """All programs; any beginning of the list is a fair part, and a longer one contains every shorter one."""
    chance = random.Random(f"podium verify {seed} {task}")  # noqa: S311  to be repeated, not to be secret
    rows: dict[str, list[Program]] = {}
    for program in programs:
        rows.setdefault(program.problem, []).append(program)
    for row in rows.values():
        chance.shuffle(row)
    order: list[Program] = []
    for turn in range(max(map(len, rows.values()), default=0)):
        drawn = [row[turn] for row in rows.values() if turn < len(row)]
        chance.shuffle(drawn)
        order += drawn
    return order
