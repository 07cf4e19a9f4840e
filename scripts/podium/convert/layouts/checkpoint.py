"""A detected checkpoint, whatever its layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.convert.adapter import Adapter, Delta
from podium.convert.containers import Container, Stored
from podium.convert.hypotheses import Grid
from podium.convert.model_config import ModelConfig
from podium.convert.tokenizer import TokenizerSource

if TYPE_CHECKING:
    from podium.convert.hypotheses import Order


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A detected checkpoint: its weights by Hugging Face name, its config, and the hypotheses it leaves open.

    `prior` says by axis what labels and metadata claim and why; it is shown, never followed. `defined` says by axis
    what the format itself means, which settles what scores leave open. With an adapter the weights are its base's.
    `told` is what people should know of how it was read, by a name for it.
    """

    layout: str
    container: Container
    weights: dict[str, Stored]
    config: ModelConfig
    tokenizer: TokenizerSource
    grid: Grid
    prior: dict[str, str]
    defined: dict[str, str] = {}
    adapter: Adapter | None = None
    told: dict[str, str] = {}

    @property
    def parameters(self) -> int:
        """Number of values that the weights hold."""
        return sum(stored.elements for stored in self.weights.values())

    def delta(self, name: str, order: Order) -> Delta | None:
        """What the adapter adds to a linear weight."""
        return self.adapter.delta(name, order) if self.adapter else None

    def has_bias(self, *names: str) -> bool:
        """Whether layers have a bias at any of these projections (`q`, `down`, ...)."""
        return any(f".{name}_proj.bias" in tensor for tensor in self.weights for name in names)
