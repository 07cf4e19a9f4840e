"""From checkpoint to model, tensor by tensor: where the bytes lie and what has to be done to them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from podium.convert.adapter import Delta
from podium.convert.containers import Stored
from podium.convert.layouts.names import EMBEDDING, HEAD
from podium.convert.layouts.tensors import bias_name, layer_shapes
from podium.records import TensorMap

if TYPE_CHECKING:
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.records import Hypothesis, Transformation

ROTATED = ("q_proj", "k_proj")


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor of the model and how it is made. Without a source it is all zeros.

    `transpose`: the stored bytes are those of the transposed matrix. `pairs_of_head`: width of a head whose rows
    lie as adjacent rotary pairs and are wanted as halves (rows 0, 2, 4, ... then 1, 3, 5, ... of each head); else 0.
    """

    name: str
    shape: tuple[int, ...]
    source: Stored | None
    transpose: bool = False
    pairs_of_head: int = 0
    delta: Delta | None = None

    @property
    def elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def is_untouched(self) -> bool:
        """Whether the stored values come out in their stored order, so that equal dtypes mean equal bytes."""
        return self.source is not None and not (self.transpose or self.pairs_of_head or self.delta)

    @property
    def transformations(self) -> list[Transformation]:
        """What is done to the stored values, in order."""
        if self.source is None:
            return ["zeros"]
        done: dict[Transformation, bool] = {
            "transpose": self.transpose,
            "add_lora": self.delta is not None,
            "pairs_to_halves": self.pairs_of_head > 0,
        }
        return [name for name, is_done in done.items() if is_done] or ["copy"]

    def as_map(self) -> TensorMap:
        """The record of where it came from."""
        source = self.source
        return TensorMap(
            name=self.name,
            shape=list(self.shape),
            source=source.name if source else "",
            source_file=source.path.name if source else "",
            source_range=(source.begin, source.end) if source else (0, 0),
            source_dtype=source.dtype if source else "",
            transformation=self.transformations,
        )


def tensors_of(checkpoint: Checkpoint, hypothesis: Hypothesis) -> tuple[Tensor, ...]:
    """Every tensor of the Hugging Face model, in the order of the file, made as the hypothesis says."""
    config, weights = checkpoint.config, checkpoint.weights
    vectors = {EMBEDDING: (config.vocab_size, config.hidden_size), "model.norm.weight": (config.hidden_size,)}
    tensors = [Tensor(name=name, shape=shape, source=weights[name]) for name, shape in vectors.items()]
    tensors.append(_head(checkpoint, hypothesis))
    for number in range(config.num_hidden_layers):
        for name, shape in layer_shapes(config).items():
            tensors += _of_layer(checkpoint, hypothesis, f"model.layers.{number}.{name}", shape)
    return tuple(sorted(tensors, key=lambda tensor: tensor.name))


def _head(checkpoint: Checkpoint, hypothesis: Hypothesis) -> Tensor:
    """An explicit head always: loaders disagree about the tie flag, some replace a head by the embedding."""
    shape = (checkpoint.config.vocab_size, checkpoint.config.hidden_size)
    source = checkpoint.weights[HEAD if hypothesis.head in ("own_vh", "own_hv") else EMBEDDING]
    return Tensor(name=HEAD, shape=shape, source=source, transpose=hypothesis.head in ("own_hv", "reinterpreted"))


def _of_layer(checkpoint: Checkpoint, hypothesis: Hypothesis, name: str, shape: tuple[int, ...]) -> list[Tensor]:
    if len(shape) == 1:
        return [Tensor(name=name, shape=shape, source=checkpoint.weights[name])]
    is_turned = hypothesis.pairing == "adjacent" and any(part in name for part in ROTATED)
    pairs = checkpoint.config.head_width if is_turned else 0
    weight = Tensor(
        name=name,
        shape=shape,
        source=checkpoint.weights[name],
        transpose=hypothesis.order == "in_out",
        pairs_of_head=pairs,
        delta=checkpoint.delta(name, hypothesis.order),
    )
    bias = bias_name(name)
    # One switch gives all four projections of attention a bias, and one all three of the MLP.
    group = "qkvo" if ".self_attn." in name else ("gate", "up", "down")
    if not checkpoint.has_bias(*group):
        return [weight]
    return [weight, Tensor(name=bias, shape=shape[:1], source=checkpoint.weights.get(bias), pairs_of_head=pairs)]
