"""Hypotheses tried in memory: one forward pass of the checkpoint's bytes under each, nothing written.

Layer by layer, all hypotheses side by side, so that only one layer's weights are needed at a time. Formulas as in
transformers' modeling_llama.py; weights are views of the mapped file, never copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import torch
from torch.nn import functional

from podium.convert.containers.storage import float32_of
from podium.convert.layouts.names import EMBEDDING, HEAD
from podium.convert.layouts.tensors import bias_name, layer_shapes
from podium.rotary.frequencies import frequencies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.convert.containers import Stored
    from podium.convert.hypotheses import HeadLayout, Order, Pairing
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.convert.model_config import ModelConfig
    from podium.progress import Progress

LOGITS_AT_ONCE = 128  # positions whose logits are held in memory together


class Trunk(msgspec.Struct, frozen=True):
    """All of a hypothesis but its head: what the layers compute. `is_causal` is off to look for a missing mask."""

    order: Order
    pairing: Pairing
    is_causal: bool = True


class Linear(msgspec.Struct, frozen=True):
    """A linear layer under one byte order: weight [out, in], bias [out], and a LoRA's factors with their scale."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    lora: tuple[torch.Tensor, torch.Tensor, float] | None

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Shapes: rows [..., in]; returns [..., out]."""
        output = functional.linear(rows, self.weight, self.bias)
        if self.lora is None:
            return output
        a, b, scale = self.lora
        return output + scale * functional.linear(functional.linear(rows, a), b)


def final_states(
    checkpoint: Checkpoint,
    trunks: Sequence[Trunk],
    batches: Sequence[torch.Tensor],
    report: Progress,
    dtype: torch.dtype = torch.float32,
) -> dict[Trunk, list[torch.Tensor]]:
    """Normed states before the head, for each trunk and batch of ids [rows, length]: [rows, length, hidden].

    `dtype` is what is computed in; float64 shows how much of a difference is float32's own rounding.
    """
    embedding = _matrix(checkpoint.weights[EMBEDDING], (checkpoint.config.vocab_size, checkpoint.config.hidden_size))
    states = {trunk: [embedding[batch].to(dtype) for batch in batches] for trunk in trunks}
    report.start("convert: try every reading of the bytes", checkpoint.config.num_hidden_layers, "layers")
    with torch.inference_mode():
        for number in range(checkpoint.config.num_hidden_layers):
            orders = {trunk.order for trunk in trunks}
            layers = {order: _Layer(checkpoint, number, order, dtype) for order in orders}
            for trunk, values in states.items():
                states[trunk] = [layers[trunk.order].run(value, trunk) for value in values]
            report.advance()
        report.finish()
        norm = _vector(checkpoint.weights["model.norm.weight"]).to(dtype)
        return {trunk: [_norm(checkpoint, value, norm) for value in values] for trunk, values in states.items()}


def head_of(checkpoint: Checkpoint, head: HeadLayout) -> torch.Tensor:
    """The head's matrix [vocabulary, hidden] as one layout reads it; a view."""
    vocabulary, hidden = checkpoint.config.vocab_size, checkpoint.config.hidden_size
    stored = checkpoint.weights[HEAD if head in ("own_vh", "own_hv") else EMBEDDING]
    if head in ("own_vh", "tied"):
        return _matrix(stored, (vocabulary, hidden))
    return _matrix(stored, (hidden, vocabulary)).T


def mean_nats(states: torch.Tensor, ids: torch.Tensor, head: torch.Tensor, first: int = 1, scale: float = 1.0) -> float:
    """Mean negative log-likelihood in nats of the tokens from position `first` on; shapes as `final_states`.

    Logits are multiplied by `scale` before they become probabilities.
    """
    rows, targets = states[:, first - 1 : -1].flatten(0, 1), ids[:, first:].flatten()
    total = 0.0
    with torch.inference_mode():
        for begin in range(0, len(rows), LOGITS_AT_ONCE):
            end = begin + LOGITS_AT_ONCE
            logits = functional.linear(rows[begin:end], head) * scale
            total += float(functional.cross_entropy(logits, targets[begin:end], reduction="sum"))
    return total / len(rows)


class _Layer:
    """One decoder layer's weights under one byte order."""

    def __init__(self, checkpoint: Checkpoint, number: int, order: Order, dtype: torch.dtype) -> None:
        self._checkpoint, self._prefix, self._order = checkpoint, f"model.layers.{number}", order
        self._dtype = dtype
        shapes = layer_shapes(checkpoint.config)
        self._linears = {
            name.split(".")[1].removesuffix("_proj"): self._linear(name, shape)
            for name, shape in shapes.items()
            if len(shape) == 2
        }
        norms = ("input_layernorm", "post_attention_layernorm")
        self._norms = [_vector(checkpoint.weights[f"{self._prefix}.{name}.weight"]).to(dtype) for name in norms]

    def _linear(self, name: str, shape: tuple[int, ...]) -> Linear:
        full = f"{self._prefix}.{name}"
        is_turned = self._order == "in_out"
        bias = self._checkpoint.weights.get(bias_name(full))
        delta = self._checkpoint.delta(full, self._order)
        lora = None
        if delta:
            a = _oriented(delta.a, (delta.rank, shape[1]), is_turned=delta.transpose)
            b = _oriented(delta.b, (shape[0], delta.rank), is_turned=delta.transpose)
            lora = (a.to(self._dtype), b.to(self._dtype), delta.scale)
        weight = _oriented(self._checkpoint.weights[full], shape, is_turned=is_turned)
        return Linear(weight.to(self._dtype), _vector(bias).to(self._dtype) if bias else None, lora)

    def run(self, rows: torch.Tensor, trunk: Trunk) -> torch.Tensor:
        """States after the layer; shape [rows, length, hidden]."""
        normed = _norm(self._checkpoint, rows, self._norms[0])
        rows = rows + self._linears["o"](self._attend(normed, trunk))
        normed = _norm(self._checkpoint, rows, self._norms[1])
        fed = functional.silu(self._linears["gate"](normed)) * self._linears["up"](normed)
        return rows + self._linears["down"](fed)

    def _attend(self, normed: torch.Tensor, trunk: Trunk) -> torch.Tensor:
        width = self._checkpoint.config.head_width
        queries, keys, values = (
            self._linears[name](normed).view(*normed.shape[:2], -1, width).transpose(1, 2) for name in "qkv"
        )
        queries, keys = (_rotate(heads, self._checkpoint.config, trunk.pairing) for heads in (queries, keys))
        attended = functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=trunk.is_causal, enable_gqa=queries.shape[1] != keys.shape[1]
        )
        return attended.transpose(1, 2).flatten(2)


def _rotate(heads: torch.Tensor, config: ModelConfig, pairing: Pairing) -> torch.Tensor:
    """Rotary positions; shape [rows, heads, length, width]. Adjacent pairs come out as halves: scores are the same."""
    if pairing == "none":
        return heads
    if pairing == "adjacent":
        heads = torch.cat((heads[..., 0::2], heads[..., 1::2]), dim=-1)
    width, length = heads.shape[-1], heads.shape[-2]
    inverse_frequencies, factor = frequencies(config.rotary, width, config.max_position_embeddings, length)
    angles = torch.arange(length, dtype=torch.float32)[:, None] * inverse_frequencies
    cosine, sine = ((table * factor).to(heads.dtype) for table in (angles.cos(), angles.sin()))
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


def _norm(checkpoint: Checkpoint, rows: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    normed: torch.Tensor = functional.rms_norm(
        rows, (checkpoint.config.hidden_size,), weight, checkpoint.config.rms_norm_eps
    )
    return normed


def _oriented(stored: Stored, shape: tuple[int, ...], *, is_turned: bool) -> torch.Tensor:
    """A matrix [out, in] whose bytes may be those of its transpose."""
    return _matrix(stored, shape[::-1]).T if is_turned else _matrix(stored, shape)


def _matrix(stored: Stored, shape: tuple[int, ...]) -> torch.Tensor:
    return _vector(stored).view(shape)


def _vector(stored: Stored) -> torch.Tensor:
    return torch.from_numpy(float32_of(stored))
