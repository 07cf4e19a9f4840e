"""Keys and values of one problem's rows. All rows of a problem are equally long, so no row is ever padded."""

from __future__ import annotations

import torch

from podium.generate.backends.native.prompt import Prompt

LENGTH_STEP = 64


class Cache:
    """A tensor [2, rows, kv heads, length, head width] a layer; grows and shrinks with what is alive.

    Layers are apart so that growing needs the memory of one more layer, not of a second cache. With a `prompt` the rows
    hold what follows it only; without one, each row holds its prompt too.
    """

    def __init__(
        self, keys_and_values: torch.Tensor, prompt: Prompt | None = None, max_new_tokens: int = LENGTH_STEP
    ) -> None:
        """Begin with the prompt's one row, shape [layers, 2, 1, kv heads, prompt tokens, head width].

        `max_new_tokens` is how many positions will follow it. A CPU's memory is taken as they are written, not before.
        """
        self.rows, self.length, self.prompt, self._max_new_tokens = 1, keys_and_values.shape[4], prompt, max_new_tokens
        self._before = self.length if prompt else 0
        self._layers = [layer[..., self._before :, :] for layer in keys_and_values]

    def append(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one position of a layer, each [rows, kv heads, head width]; returns views of all that rows hold.

        Call `reserve` before and `extend` after all layers are written.
        """
        data, place = self._layers[layer], self._held
        data[0, : self.rows, :, place] = keys
        data[1, : self.rows, :, place] = values
        return data[0, : self.rows, :, : place + 1], data[1, : self.rows, :, : place + 1]

    @property
    def _held(self) -> int:
        """Positions that each row holds."""
        return self.length - self._before

    def reserve(self) -> None:
        """Allocate memory for one more position."""
        if self._layers[0].shape[3] == self._held:
            self._resize(self._layers[0].shape[1], self._held + self._max_new_tokens)

    def extend(self) -> None:
        """One more position is written in all layers."""
        self.length += 1

    @torch.inference_mode()
    def arrange(self, sources: list[int], most: int) -> None:
        """Row i becomes a copy of row `sources[i]`; what is overwritten must be nobody's source.

        There will be no more than `most` rows, however they split; the memory of others is given back now and then.
        """
        count, (_, capacity, _, length, _) = len(sources), self._layers[0].shape
        if count > capacity:
            self._resize(most, length)
        for place, source in enumerate(sources):
            if place != source:
                for data in self._layers:
                    data[:, place, :, : self._held] = data[:, source, :, : self._held]
        self.rows = count
        if most * 4 <= capacity:
            self._resize(most, length)

    def _resize(self, rows: int, length: int) -> None:
        for number, data in enumerate(self._layers):
            _, _, heads, _, width = data.shape
            larger = data.new_empty(2, rows, heads, length, width)
            larger[:, : self.rows, :, : self._held] = data[:, : self.rows, :, : self._held]
            self._layers[number] = larger
