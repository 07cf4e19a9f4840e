"""Linear layers: our own kernel (gemm.c) where it is fastest, oneDNN's packed one, or torch's public `linear`.

Where a layer is packed, a row's numbers do not depend on the rows beside it, and half precision is summed in float32
as half precision units sum it: exact products, rounded once at the end.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import torch
from torch.nn import functional

from podium.generate.backends.native.kernels import in_parts, kernels

# What gemm.c computes at once.
TILE_ROWS, PANEL_OUTPUTS = 6, 16
# oneDNN chooses its blocks for about this many rows; what it returns does not depend on the number given.
PACKED_ROWS = 64
# oneDNN keeps a kernel of up to some megabytes for each number of rows it has seen; so it sees few.
ROWS_STEP, LARGE_STEP = 8, 64


class Linear:
    """torch's public `linear`: a row's bits may depend on its company. The packed kinds below do better."""

    is_packed: ClassVar[bool] = False
    how = "plain"

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Shapes: weight [outputs, inputs], bias [outputs]."""
        self._weight, self._bias = weight, bias

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Shapes: rows [rows, inputs]; returns [rows, outputs] of the same type."""
        return functional.linear(rows, self._weight, self._bias)

    @staticmethod
    def padded_count(count: int) -> int:
        """The number of rows that are computed for `count`."""
        return count


class OneDnnLinear(Linear):
    """oneDNN with prepacked weights. It takes float32 where the processor has no units for half precision."""

    is_packed = True

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        has_units = weight.dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        self._dtype = weight.dtype if has_units else torch.float32
        self.how = f"onednn-prepacked {self._dtype}".replace("torch.", "")
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.to(self._dtype), PACKED_ROWS)
        self._bias = None if bias is None else bias.to(self._dtype)

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """As `Linear`."""
        count, given = len(rows), rows.to(self._dtype)
        if self.padded_count(count) != count:
            given = functional.pad(given, (0, 0, 0, self.padded_count(count) - count))
        output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(given, self._weight, self._bias, "none", [], "")
        return output[:count].to(rows.dtype)

    @staticmethod
    def padded_count(count: int) -> int:
        """One of few numbers."""
        step = ROWS_STEP if count <= PACKED_ROWS * 4 else LARGE_STEP
        return -(-count // step) * step

    @staticmethod
    def is_available() -> bool:
        """Whether this torch has the private operators; no promise holds for them."""
        has_onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        return has_onednn and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")


class TiledLinear(Linear):
    """Our own kernel, in float32 over weights that stay bfloat16 if they are; float16 becomes float32."""

    is_packed = True

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        dtype = weight.dtype if weight.dtype == torch.bfloat16 else torch.float32
        self.how = f"avx2 {dtype}".replace("torch.", "")
        self._outputs, self._inputs = weight.shape
        missing = -self._outputs % PANEL_OUTPUTS
        full = functional.pad(weight.to(dtype), (0, 0, 0, missing))
        self._panels = full.view(-1, PANEL_OUTPUTS, self._inputs).transpose(1, 2).contiguous()
        first = torch.zeros(self._outputs) if bias is None else bias.float()
        self._first = functional.pad(first, (0, missing))

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """As `Linear`, on as many threads as torch may use."""
        count = len(rows)
        # The kernel believes the sizes it is told; `view` checks them.
        given = rows.float().contiguous().view(count, self._inputs)
        tiles = given.new_empty(-(-count // TILE_ROWS) * TILE_ROWS * self._inputs)
        output = given.new_empty(count, self._outputs)
        kernels().podium_pack_rows(given.data_ptr(), count, self._inputs, tiles.data_ptr())
        multiply = partial(self._multiply, tiles, output)
        in_parts(multiply, len(self._panels), count * self._inputs * self._outputs)
        return output.to(rows.dtype)

    def _multiply(self, tiles: torch.Tensor, output: torch.Tensor, begin: int, end: int) -> None:
        """The outputs of some of the panels."""
        scratch = tiles.new_empty(kernels().podium_multiply_room(len(output)))
        kernels().podium_multiply(
            tiles.data_ptr(),
            self._panels.data_ptr(),
            self._first.data_ptr(),
            len(output),
            self._inputs,
            self._outputs,
            begin,
            end,
            self._panels.dtype == torch.bfloat16,
            scratch.data_ptr(),
            output.data_ptr(),
        )


def best_linear(device: str) -> type[Linear]:
    """The fastest kind of layer here. Chosen by facts, never by a clock: a resumed run chooses the same."""
    if device == "cpu" and kernels() is not None:
        return TiledLinear
    return OneDnnLinear if device == "cpu" and OneDnnLinear.is_available() else Linear
