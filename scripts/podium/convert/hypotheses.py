"""What labels cannot be trusted to say of a checkpoint: byte order, rotary pairing, head layout; every combination."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, get_args

import msgspec

from podium.errors import UsageError
from podium.names import closest
from podium.records import HeadLayout, Hypothesis, Order, Pairing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["AXES", "Grid", "HeadLayout", "Hypothesis", "Order", "Pairing", "parse_assumptions"]

ORDERS: tuple[Order, ...] = get_args(Order)
PAIRINGS: tuple[Pairing, ...] = get_args(Pairing)
HEADS: tuple[HeadLayout, ...] = get_args(HeadLayout)
AXES: dict[str, tuple[str, ...]] = {"order": ORDERS, "pairing": PAIRINGS, "head": HEADS}


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """The hypotheses that a checkpoint leaves open."""

    orders: tuple[Order, ...] = ORDERS
    pairings: tuple[Pairing, ...] = PAIRINGS
    heads: tuple[HeadLayout, ...]

    def hypotheses(self) -> list[Hypothesis]:
        """All combinations, in a fixed order."""
        combinations = itertools.product(self.orders, self.pairings, self.heads)
        return [Hypothesis(order=order, pairing=pairing, head=head) for order, pairing, head in combinations]

    def assuming(self, assumptions: Mapping[str, str]) -> Grid:
        """The grid left by assumptions. Raises UsageError for a head that the checkpoint cannot have."""
        fields = {"order": "orders", "pairing": "pairings", "head": "heads"}
        narrowed: dict[str, Sequence[str]] = {}
        for axis, value in assumptions.items():
            if value not in getattr(self, fields[axis]):
                message = f"{axis} {value} cannot be assumed: this checkpoint leaves {getattr(self, fields[axis])} open"
                raise UsageError(message, hint="own_vh and own_hv need lm_head.weight in the file, the others its lack")
            narrowed[fields[axis]] = (value,)
        return msgspec.structs.replace(self, **narrowed)


def parse_assumptions(text: str) -> dict[str, str]:
    """`order=in_out,pairing=adjacent` as a mapping. Raises UsageError with the names there are."""
    assumptions: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        axis, _, value = item.partition("=")
        if value not in AXES.get(axis, ()):
            known = "; ".join(f"{name}={'|'.join(values)}" for name, values in AXES.items())
            near = closest(value, AXES[axis]) if axis in AXES else closest(axis, AXES)
            message = f"cannot assume {item!r}{near}"
            raise UsageError(message, hint=f"--assume takes {known}, separated by commas")
        assumptions[axis] = value
    return assumptions
