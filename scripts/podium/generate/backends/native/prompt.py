"""A prompt's keys and values, kept once for all its rows: attention by our kernel, or by torch's flash attention."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.nn import functional

from podium.generate.backends.native.kernels import in_parts, kernels

# Attention that also returns the logarithm of its sum of exponentials; private, as the packed layers are.
flash: Any = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
# Queries that it takes at once. They always come in so many, so that all are computed alike.
TILE = 32
# What attention.c computes at once: queries, and numbers of the width.
GROUP, WIDTH_STEP = 4, 8


class KernelPrompt:
    """Attention by our own kernel, over the prompt and what follows it at once."""

    def __init__(self, keys_and_values: torch.Tensor) -> None:
        """Shape: [layers, 2, 1, kv heads, prompt tokens, head width]."""
        self._layers = keys_and_values.contiguous()

    @staticmethod
    def is_available(keys_and_values: torch.Tensor) -> bool:
        """Whether the kernel is there and takes these."""
        is_known = keys_and_values.dtype in (torch.float32, torch.bfloat16)
        return is_known and keys_and_values.shape[-1] % WIDTH_STEP == 0 and kernels() is not None

    def attend(self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """As `FlashPrompt`. Keys and values are the first positions of tensors that lie alike."""
        given = queries.float().contiguous()
        result = torch.empty_like(given)
        positions = self._layers.shape[4] + keys.shape[2]
        work = partial(self._attend_rows, layer, given, keys, values, result)
        in_parts(work, len(given), given.numel() * 2 * positions)
        return result

    def _attend_rows(
        self,
        layer: int,
        queries: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        result: torch.Tensor,
        begin: int,
        end: int,
    ) -> None:
        prompt_keys, prompt_values = self._layers[layer, 0, 0], self._layers[layer, 1, 0]
        _, heads, group, width = queries.shape
        before, after = prompt_keys.shape[1], keys.shape[2]
        scratch = queries.new_empty(GROUP * (2 * width + before + after + 1))
        kernels().podium_attend(
            queries.data_ptr(),
            prompt_keys.data_ptr(),
            prompt_values.data_ptr(),
            keys.data_ptr(),
            values.data_ptr(),
            before,
            after,
            heads,
            group,
            width,
            keys.stride(0),
            keys.stride(1),
            begin,
            end,
            keys.dtype == torch.bfloat16,
            scratch.data_ptr(),
            result.data_ptr(),
        )


class FlashPrompt:
    """Attention over one prompt by torch, as full tiles of queries instead of row by row."""

    def __init__(self, keys_and_values: torch.Tensor) -> None:
        """Shape: [layers, 2, 1, kv heads, prompt tokens, head width]."""
        self._layers = keys_and_values

    def attend(self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Attention of all rows over the prompt and what follows it in each; the result is float32.

        Shapes: queries and result [rows, kv heads, queries of a head, head width], keys and values [rows, kv heads,
        positions, head width].
        """
        after, logarithm = flash(queries, keys, values)
        before, prompt_logarithm = self._over_prompt(layer, queries)
        share = torch.sigmoid(prompt_logarithm - logarithm)[..., None]
        return torch.lerp(after.float(), before.float(), share)

    def _over_prompt(self, layer: int, queries: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Attention over the prompt alone; and the logarithm of the sum of all exponentials, one a query, float32."""
        rows, heads, group, width = queries.shape
        together = -(-TILE // group)
        filled = functional.pad(queries, (0, 0, 0, 0, 0, 0, 0, -rows % together))
        tiles = filled.view(-1, together, heads, group, width).transpose(1, 2).flatten(2, 3)
        keys, values = self._layers[layer].expand(-1, len(tiles), -1, -1, -1)
        attended, logarithm = flash(tiles, keys, values)
        return (
            attended.reshape(-1, heads, together, group, width).transpose(1, 2).flatten(0, 1)[:rows],
            logarithm.reshape(-1, heads, together, group).transpose(1, 2).flatten(0, 1)[:rows],
        )

    def treats_all_rows_alike(self, group: int) -> bool:
        """Whether a query gets the same bits in each place of a tile, beside others and alone: a trial of it."""
        heads, width = self._layers.shape[3], self._layers.shape[5]
        row = torch.randn(1, heads, group, width, generator=torch.Generator().manual_seed(0)).to(self._layers)
        alone = self._over_prompt(0, row)
        many = self._over_prompt(0, row.expand(3 * TILE, -1, -1, -1))
        return all(bool((one == others).all()) for one, others in zip(alone, many, strict=True))


Prompt = KernelPrompt | FlashPrompt


@torch.inference_mode()
def shared_prompt(keys_and_values: torch.Tensor, group: int) -> Prompt | None:
    """A prompt for rows of `group` queries a key head; None where torch's kernel does not compute all of them alike."""
    if KernelPrompt.is_available(keys_and_values):
        return KernelPrompt(keys_and_values)
    prompt = FlashPrompt(keys_and_values) if flash else None
    return prompt if prompt and prompt.treats_all_rows_alike(group) else None
