"""Checkpoint layouts behind one seam: `detect` names the layout, says where every tensor lies and what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.convert.adapter import Adapter, Base, Delta, pinned, read_adapter
from podium.convert.containers import Container, Stored, open_container
from podium.convert.hypotheses import Grid
from podium.convert.model_config import ModelConfig
from podium.convert.tokenizer import TokenizerSource
from podium.errors import CheckpointError
from podium.names import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.convert.hypotheses import Order

# layout -> function (folder, container) -> Checkpoint or why it is none; the order is the order of detection
LAYOUTS = {
    "apr": "podium.convert.layouts.apr:describe",
    "albor-converted": "podium.convert.layouts.albor_converted:describe",
    "entrenar-flat": "podium.convert.layouts.entrenar:describe_flat",
    "entrenar-labelled": "podium.convert.layouts.entrenar:describe_labelled",
    "huggingface": "podium.convert.layouts.huggingface:describe",
}
HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A detected checkpoint: its weights by Hugging Face name, its config, and the hypotheses it leaves open.

    `prior` says by axis what labels and metadata claim and why; it is shown, never followed. `defined` says by axis
    what the format itself means, which settles what scores leave open. With an adapter the weights are its base's.
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


def detect(checkpoint: Path, base: Base | None = None) -> Checkpoint:
    """Find the layout of a checkpoint, a folder or one weight file, and describe it; `base` is a LoRA's.

    Raises CheckpointError.
    """
    folder = checkpoint if checkpoint.is_dir() else checkpoint.parent
    container = open_container(checkpoint)
    adapter = read_adapter(folder, container)
    if adapter is None:
        return _describe(checkpoint, folder, container)
    described = detect(pinned(adapter, base))
    return msgspec.structs.replace(
        described,
        layout=f"{adapter.kind} over {described.layout}",
        weights=adapter.over(described.weights),
        adapter=adapter,
    )


def _describe(checkpoint: Path, folder: Path, container: Container) -> Checkpoint:
    reasons = []
    for name in LAYOUTS:
        describe: Callable[[Path, Container], Checkpoint | str] = load("layout", name, LAYOUTS)
        answer = describe(folder, container)
        if isinstance(answer, Checkpoint):
            return answer
        reasons.append(f"not {name}: {answer}")
    message = f"the layout of {checkpoint} is not known ({'; '.join(reasons)})"
    raise CheckpointError(message, hint="convert it to a known layout first: " + ", ".join(LAYOUTS))
