"""The forward pass: a prompt alone, then one position of every live row of every problem together.

Formulas as in transformers' modeling_llama.py and modeling_qwen2.py: RMSNorm, rotary positions by halves, grouped
attention, SwiGLU. On the CPU with packed weights a row's numbers do not depend on which rows run beside it: each output
of a linear layer is summed in one order, a prompt is shared only where its kernel does so too (`prompt.py`), and every
other operation works row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from podium.generate.backends.native.cache import LENGTH_STEP, Cache
from podium.generate.backends.native.prompt import shared_prompt
from podium.rotary.frequencies import frequencies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from podium.generate.backends.native.shape import Shape
    from podium.generate.backends.native.weights import Layer, Weights

    Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


class Decoder:
    """A model in inference. It keeps nothing of a call, so several threads may use it at once."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        self._shape, self._weights = shape, weights
        self.device, self.dtype = weights.embedding.device, weights.embedding.dtype
        self.group = shape.heads // shape.kv_heads
        self._cosine, self._sine = _rotary(shape, self.device, self.dtype)

    def prefill(self, ids: Sequence[int], max_new_tokens: int = LENGTH_STEP) -> tuple[torch.Tensor, Cache]:
        """Run one prompt; returns its last logits [1, vocabulary] and its one-row cache for `max_new_tokens` more."""
        logits, kept = self.run_prompt(ids)
        prompt = shared_prompt(kept, self.group) if self._weights.linear_kind.is_packed else None
        return logits, Cache(kept, prompt, max_new_tokens)

    @torch.inference_mode()
    def run_prompt(self, ids: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Its last logits [1, vocabulary]; its keys and values [layers, 2, 1, kv heads, tokens, head width]."""
        shape, count = self._shape, len(ids)
        # Out of pinned memory: a card takes it without having to finish first what it was given before.
        given = torch.tensor(ids, pin_memory=self.device.type == "cuda").to(self.device, non_blocking=True)
        rows = self._weights.embedding[given]
        cosine, sine = self._cosine[:count], self._sine[:count]
        kept = rows.new_empty(shape.layers, 2, 1, shape.kv_heads, count, shape.head_width)
        for number, layer in enumerate(self._weights.layers):
            queries, keys, values = self._project(layer, rows, cosine, sine)
            kept[number, 0, 0], kept[number, 1, 0] = keys.transpose(0, 1), values.transpose(0, 1)
            attended = functional.scaled_dot_product_attention(
                queries.transpose(0, 1)[None],
                kept[number, 0],
                kept[number, 1],
                is_causal=True,
                enable_gqa=shape.heads != shape.kv_heads,
            )
            rows = self._finish_layer(layer, rows, attended[0].transpose(0, 1).reshape(count, -1))
        return self._logits(rows[-1:]), kept

    @torch.inference_mode()
    def step(self, tokens: Sequence[int], caches: Sequence[Cache]) -> torch.Tensor:
        """Run one position. Tokens lie cache by cache, row by row; returns logits [rows, vocabulary]."""
        for cache in caches:
            cache.reserve()
        # Packed layers compute some rows more than there are; those are carried along from the first layer on.
        count = len(tokens)
        added = self._weights.linear_kind.padded_count(count) - count
        lengths = [cache.length for cache in caches for _ in range(cache.rows)]
        places = torch.tensor(lengths + [0] * added, device=self.device)
        width = self._shape.heads * self._shape.head_width
        attended = self._weights.embedding.new_zeros(count + added, width)

        def attend(number: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
            self._attend(number, caches, queries, keys, values, attended)
            return attended

        logits = self.run_rows(torch.tensor([*tokens, *[0] * added], device=self.device), places, attend)
        for cache in caches:
            cache.extend()
        return logits[:count]

    def run_rows(self, tokens: torch.Tensor, places: torch.Tensor, attend: Attend) -> torch.Tensor:
        """One token of each row at its place, both [rows]; returns logits [rows, vocabulary]. Never waits for a card.

        `attend` is told a layer's number, its queries [rows, heads, head width], keys and values [rows, kv heads, head
        width]; it keeps these and returns what the queries see [rows, heads x head width].
        """
        rows = self._weights.embedding[tokens]
        cosine, sine = self._cosine[places], self._sine[places]
        for number, layer in enumerate(self._weights.layers):
            rows = self._finish_layer(layer, rows, attend(number, *self._project(layer, rows, cosine, sine)))
        return self._logits(rows)

    def new_cache(self, rows: int, positions: int) -> torch.Tensor:
        """Memory for keys and values, [layers, 2, rows, positions, kv heads, head width]; zeros: all is finite."""
        shape = self._shape
        return self._weights.embedding.new_zeros(shape.layers, 2, rows, positions, shape.kv_heads, shape.head_width)

    def _project(
        self, layer: Layer, rows: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries [rows, heads, width], keys and values [rows, kv heads, width], rotated by position."""
        shape = self._shape
        joined = layer.qkv(self._norm(rows, layer.attention_norm)).view(len(rows), -1, shape.head_width)
        turned = shape.heads + shape.kv_heads
        first, second = joined[:, :turned].chunk(2, dim=-1)
        rotated = torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
        return rotated[:, : shape.heads], rotated[:, shape.heads :], joined[:, turned:]

    def _attend(
        self,
        number: int,
        caches: Sequence[Cache],
        queries: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        attended: torch.Tensor,
    ) -> None:
        """Attention of each problem's rows over their own cache, into `attended` [rows, heads x width]."""
        # A group of query heads shares a key head: as several queries of one head they need no repeated keys.
        grouped = queries.view(len(queries), self._shape.kv_heads, -1, self._shape.head_width)
        result, begin = attended.view(grouped.shape), 0
        for cache in caches:
            end = begin + cache.rows
            own = grouped[begin:end]
            all_keys, all_values = cache.append(number, keys[begin:end], values[begin:end])
            if cache.prompt:
                result[begin:end] = cache.prompt.attend(number, own, all_keys, all_values)
            else:
                result[begin:end] = functional.scaled_dot_product_attention(own, all_keys, all_values)
            begin = end

    def _finish_layer(self, layer: Layer, rows: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
        rows = rows + layer.output(attended)
        gate, up = layer.gate_up(self._norm(rows, layer.mlp_norm)).chunk(2, dim=-1)
        after: torch.Tensor = rows + layer.down(functional.silu(gate, inplace=True) * up)
        return after

    def _norm(self, rows: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        normed: torch.Tensor = functional.rms_norm(rows, (self._shape.hidden,), weight, self._shape.rms_epsilon)
        return normed

    def _logits(self, rows: torch.Tensor) -> torch.Tensor:
        return self._weights.head(self._norm(rows, self._weights.norm))


def _rotary(shape: Shape, device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine of every position, each [positions, 1, head width / 2]; computed in float32 as transformers."""
    inverse_frequencies, factor = frequencies(shape.rotary, shape.head_width, shape.positions)
    angles = torch.arange(shape.positions, dtype=torch.float32)[:, None] * inverse_frequencies
    cosine, sine = ((table * factor).to(device, dtype)[:, None] for table in (angles.cos(), angles.sin()))
    return cosine, sine
