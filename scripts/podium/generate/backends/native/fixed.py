"""Decoding in tensors that stay where they are and keep their shapes, so that a card can replay a step as one graph.

Started one by one, the hundreds of small kernels of a step take two to seven times as long as they run. Each row is
one sample: shared prefixes are computed for each of them here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from podium.generate.backends.native.cache import LENGTH_STEP
from podium.generate.sampling import draw_likely, nuclei_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from podium.generate.backends.native.decoder import Decoder
    from podium.records import Sampling

# Attention over rows of different lengths; private, as the packed layers are.
flash: Any = getattr(torch.ops.aten, "_flash_attention_forward", None)


class FixedRows:
    """The rows of `slots` samples: caches, tokens, random numbers, and the step that runs them and draws.

    A row's place is the position of its last token. A row for which the drawn token is not certain stays where it is
    until `resolve`, and so does one that fills the window. Rows of nobody are computed like others.
    """

    def __init__(self, decoder: Decoder, slots: int, sampling: Sampling) -> None:
        self._decoder, self._sampling, self._window = decoder, sampling, sampling.max_length
        self._cache = decoder.new_cache(slots, -(-self._window // LENGTH_STEP) * LENGTH_STEP)
        self._is_ragged = _knows_ragged(self._cache)
        self._numbers = torch.arange(max(slots + 1, self._cache.shape[3]), device=decoder.device)
        self._tokens, self._places = self._numbers.new_zeros(2, slots)
        self._stands = torch.zeros(slots, dtype=torch.bool, device=decoder.device)
        # The random number and the token of each position.
        self._uniform = torch.zeros(slots, self._window, dtype=torch.float64, device=decoder.device)
        self._history = self._numbers.new_zeros(slots, self._window)
        self._logits = torch.empty(0)
        self._graphs: dict[int, tuple[Any, torch.Tensor]] = {}
        self._pool = torch.cuda.graph_pool_handle() if decoder.device.type == "cuda" else None

    @torch.inference_mode()
    def seat(self, slots: list[int], prompt: torch.Tensor, tokens: list[int], streams: NDArray[Any]) -> None:
        """Give rows to samples of one prompt, each with its first token and its stream [samples, positions left].

        Shape of the prompt's keys and values: [layers, 2, 1, kv heads, tokens, head width].
        """
        places, begin = torch.tensor(slots, device=self._decoder.device), prompt.shape[4]
        for layer, kept in zip(self._cache, prompt, strict=True):
            layer[:, places, :begin] = kept.transpose(2, 3)
            # Masked positions weigh nothing, but nothing times NaN is NaN.
            layer[:, places, begin:] = 0
        self._uniform[places, begin:] = torch.from_numpy(streams).to(places.device)
        self._set(places, torch.full_like(places, begin), tokens)

    @torch.inference_mode()
    def move(self, sources: list[int], targets: list[int]) -> None:
        """Rows go to other slots; what was there is lost."""
        begin, end = torch.tensor([sources, targets], device=self._decoder.device)
        for layer in self._cache:
            layer[:, end] = layer[:, begin]
        for state in self._states():
            state[end] = state[begin]

    @torch.inference_mode()
    def run(self, count: int, steps: int) -> None:
        """So many steps of the first `count` rows. On a card they are only begun; `read` waits for them."""
        for _ in range(steps):
            if count in self._graphs:
                graph, self._logits = self._graphs[count]
                graph.replay()
                continue
            # The first time as it is: the libraries make themselves ready, which a graph cannot hold.
            self._logits = self._step(count)
            if self._pool:
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph, pool=self._pool):
                    logits = self._step(count)
                self._graphs[count] = graph, logits

    @torch.inference_mode()
    def read(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Each row's place, the tokens at all positions, and whether it stood still in the last step."""
        places, history, stands = (state.cpu().numpy() for state in (self._places, self._history, self._stands))
        return places, history, stands

    @torch.inference_mode()
    def resolve(self, slots: list[int]) -> None:
        """Draw for rows that stood still, in all exactness. Raises BackendError when a row is not finite."""
        places = torch.tensor(slots, device=self._decoder.device)
        positions = self._places[places] + 1
        uniform = self._uniform[places, positions].tolist()
        nuclei = nuclei_of(self._logits[places], self._sampling)
        self._set(places, positions, nuclei.draw(list(range(len(slots))), uniform))

    def _set(self, slots: torch.Tensor, positions: torch.Tensor, tokens: list[int]) -> None:
        self._tokens[slots] = torch.tensor(tokens, device=slots.device)
        self._places[slots] = positions
        self._history[slots, positions] = self._tokens[slots]

    def _states(self) -> list[torch.Tensor]:
        """What belongs to a row beside its cache."""
        return [self._tokens, self._places, self._uniform, self._history]

    def _step(self, count: int) -> torch.Tensor:
        """One position of the first rows, and the draw; returns the logits. All of it can be captured."""
        tokens, places = self._tokens[:count], self._places[:count]
        logits = self._forward(tokens, places)
        # The last position has no next one: there a row stands still.
        following = (places + 1).clamp(max=self._window - 1)[:, None]
        uniform = self._uniform[:count].gather(1, following).squeeze(1)
        drawn, is_certain = draw_likely(logits, uniform, self._sampling)
        goes_on = is_certain & (places + 1 < self._window)
        tokens.copy_(torch.where(goes_on, drawn, tokens))
        places.add_(goes_on)
        self._stands[:count].copy_(~goes_on)
        self._history[:count].scatter_(1, places[:, None], tokens[:, None])
        return logits

    def _forward(self, tokens: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Logits [rows, vocabulary]; keys and values of the tokens are kept at their places."""
        count, rows = len(tokens), self._numbers[: len(tokens)]
        over = self._attention(count, places, self._cache.shape[3])

        def attend(number: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
            all_keys, all_values = self._cache[number, :, :count]
            all_keys[rows, places], all_values[rows, places] = keys, values
            return over(queries, all_keys, all_values).reshape(count, -1)

        return self._decoder.run_rows(tokens, places, attend)

    def _attention(self, count: int, places: torch.Tensor, positions: int) -> Callable[..., torch.Tensor]:
        """Attention of queries [rows, heads, width] over keys and values [rows, positions, kv heads, width]."""
        if self._is_ragged:
            begins = self._numbers[: count + 1].int()
            lengths = (begins, begins * positions, 1, positions)
            held = (places + 1).int()

            def over_held(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
                given = (queries, keys.flatten(0, 1), values.flatten(0, 1), *lengths)
                attended: torch.Tensor = flash(*given, 0.0, False, False, seqused_k=held)[0]
                return attended

            return over_held
        mask = torch.zeros(count, 1, self._decoder.group, positions, dtype=self._cache.dtype, device=places.device)
        mask.masked_fill_((self._numbers[:positions] > places[:, None])[:, None, None], float("-inf"))

        def over_all(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
            grouped = queries.view(count, keys.shape[2], -1, keys.shape[3])
            return functional.scaled_dot_product_attention(
                grouped, keys.transpose(1, 2), values.transpose(1, 2), attn_mask=mask
            )

        return over_all


def _knows_ragged(cache: torch.Tensor) -> bool:
    """Whether there is attention that reads of each row what it holds, and no more."""
    is_half = cache.dtype in (torch.bfloat16, torch.float16)
    if cache.device.type != "cuda" or not is_half or flash is None:
        return False
    return cache.shape[-1] % 8 == 0 and cache.shape[-1] <= 256 and torch.cuda.get_device_capability() >= (8, 0)
