"""Keys and values of one problem's rows. All rows of a problem are equally long, so no row is ever padded."""

from __future__ import annotations

import torch

LENGTH_STEP = 64


class Cache:
    """A tensor [2, rows, kv heads, length, head width] a layer; grows and shrinks with what is alive.

    Layers are apart so that growing needs the room of one layer more, not of a second cache.
    """

    def __init__(self, keys_and_values: torch.Tensor) -> None:
        """Begin with the prompt's one row, shape [layers, 2, 1, kv heads, prompt tokens, head width]."""
        self._layers = list(keys_and_values.unbind())
        self.rows = 1
        self.length = keys_and_values.shape[4]

    def append(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one position of a layer, each [rows, kv heads, head width]; returns views with it included.

        Call `reserve` before and `extend` after all layers are written.
        """
        data, end = self._layers[layer], self.length + 1
        data[0, : self.rows, :, self.length] = keys
        data[1, : self.rows, :, self.length] = values
        return data[0, : self.rows, :, :end], data[1, : self.rows, :, :end]

    def reserve(self) -> None:
        """Make room for one more position; room for rows that ended is given back on the way."""
        if self._layers[0].shape[3] == self.length:
            self._resize(self.rows, self.length + LENGTH_STEP)

    def extend(self) -> None:
        """One more position is written in all layers."""
        self.length += 1

    @torch.inference_mode()
    def arrange(self, sources: list[int]) -> None:
        """Row i becomes a copy of row `sources[i]`; what is overwritten must be nobody's source."""
        count, (_, room, _, length, _) = len(sources), self._layers[0].shape
        if count > room:
            self._resize(count + count // 2, length)
        moved = [place for place, source in enumerate(sources) if place != source]
        if moved:
            places, origins = torch.tensor(moved), torch.tensor([sources[place] for place in moved])
            for data in self._layers:
                data[:, places, :, : self.length] = data[:, origins, :, : self.length]
        self.rows = count
        if count * 4 <= room:
            self._resize(count * 2, length)

    def _resize(self, rows: int, length: int) -> None:
        for number, data in enumerate(self._layers):
            _, _, heads, _, width = data.shape
            larger = data.new_empty(2, rows, heads, length, width)
            larger[:, : self.rows, :, : self.length] = data[:, : self.rows, :, : self.length]
            self._layers[number] = larger
