"""Keys and values of one problem's rows. All rows of a problem are equally long, so no row is ever padded."""

from __future__ import annotations

import torch

LENGTH_STEP = 64


class Cache:
    """Tensor [layers, 2, rows, kv heads, length, head width]; grows and shrinks with what is alive."""

    def __init__(self, keys_and_values: torch.Tensor) -> None:
        """Begin with the prompt's one row, shape [layers, 2, 1, kv heads, prompt tokens, head width]."""
        self._data = keys_and_values
        self.rows = 1
        self.length = keys_and_values.shape[4]

    def append(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one position of a layer, each [rows, kv heads, head width]; returns views with it included.

        Call `reserve` before and `extend` after all layers are written.
        """
        data, end = self._data[layer], self.length + 1
        data[0, : self.rows, :, self.length] = keys
        data[1, : self.rows, :, self.length] = values
        return data[0, : self.rows, :, :end], data[1, : self.rows, :, :end]

    def reserve(self) -> None:
        """Make room for one more position."""
        if self._data.shape[4] == self.length:
            self._resize(self._data.shape[2], self.length + LENGTH_STEP)

    def extend(self) -> None:
        """One more position is written in all layers."""
        self.length += 1

    @torch.inference_mode()
    def arrange(self, sources: list[int]) -> None:
        """Row i becomes a copy of row `sources[i]`; what is overwritten must be nobody's source."""
        count = len(sources)
        if count > self._data.shape[2]:
            self._resize(count + count // 2, self._data.shape[4])
        for place, source in enumerate(sources):
            if place != source:
                self._data[:, :, place, :, : self.length] = self._data[:, :, source, :, : self.length]
        self.rows = count
        if count * 4 <= self._data.shape[2]:
            self._resize(count * 2, self._data.shape[4])

    def _resize(self, rows: int, length: int) -> None:
        layers, two, _, heads, _, width = self._data.shape
        larger = self._data.new_empty(layers, two, rows, heads, length, width)
        larger[:, :, : self.rows, :, : self.length] = self._data[:, :, : self.rows, :, : self.length]
        self._data = larger
