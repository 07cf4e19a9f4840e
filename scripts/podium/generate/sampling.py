"""Temperature and top-p sampling by inverse cumulative distribution, one uniform number a row and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from podium.errors import BackendError

if TYPE_CHECKING:
    from podium.records import Sampling

# Probabilities from which on tokens are sorted: nearly always enough of a trained model's row. Then lower ones, for the
# rows in which those do not reach `top_p`; the last takes the whole vocabulary.
LIKELY = 1e-3
FLOORS = (1e-5, 0.0)
# So many of a row's most probable tokens are looked at where a card draws by itself.
LOOKED_AT = 256
# Rows whose probabilities are computed together on a CPU: few enough for its cache.
CPU_BLOCK = 16


def choose(scores: torch.Tensor, uniform: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Draw one token a row. Shapes: scores [rows, vocabulary], uniform [rows]; returns ids [rows].

    Kept are the most probable tokens up to and with the one that reaches `top_p`, as transformers' warper keeps
    them; equal probabilities are ordered by token id, so that the draw is a function of scores and uniform alone.
    """
    if sampling.temperature == 0:
        return scores.argmax(dim=-1)
    probabilities, order = torch.softmax(scores.float() / sampling.temperature, dim=-1).sort(
        dim=-1, descending=True, stable=True
    )
    cumulative = probabilities.double().cumsum(dim=-1)
    kept = torch.searchsorted(cumulative, torch.full_like(uniform[:, None], sampling.top_p)).clamp(
        max=scores.shape[-1] - 1
    )
    mass = cumulative.gather(1, kept)
    drawn = torch.searchsorted(cumulative, uniform[:, None] * mass, right=True)
    return order.gather(1, torch.minimum(drawn, kept)).squeeze(1)


class Nuclei(msgspec.Struct, frozen=True):
    """What each row may draw: token ids by descending probability, and the running sums of their probabilities.

    Shapes: ids and cumulative [rows, places], last [rows]: the place of the last token that is kept.
    """

    ids: NDArray[np.int64]
    cumulative: NDArray[np.float64]
    last: NDArray[np.int64]

    def part(self, begin: int, end: int) -> Nuclei:
        """Some of the rows."""
        return Nuclei(self.ids[begin:end], self.cumulative[begin:end], self.last[begin:end])

    def draw(self, rows: list[int], uniform: list[float]) -> list[int]:
        """One token for each pair of a row and a uniform number, the same that `choose` draws."""
        last = self.last[rows]
        mass = self.cumulative[rows, last]
        places = (self.cumulative[rows] <= (np.array(uniform) * mass)[:, None]).sum(axis=1)
        drawn: list[int] = self.ids[rows, np.minimum(places, last)].tolist()
        return drawn


def nuclei_of(logits: torch.Tensor, sampling: Sampling) -> Nuclei:
    """The kept tokens of rows [rows, vocabulary], exactly as `choose` keeps them, without sorting the vocabulary.

    Only what may be drawn leaves the device. Raises BackendError when a row is not finite.
    """
    if sampling.temperature == 0:
        if not logits.isfinite().all():
            raise not_finite()
        first = logits.argmax(dim=-1, keepdim=True).cpu().numpy()
        return Nuclei(first, np.ones(first.shape), np.zeros(len(first), np.int64))
    blocks = torch.split(logits, CPU_BLOCK if logits.device.type == "cpu" else len(logits))
    counts, ids, found = (
        np.concatenate(parts) for parts in zip(*(_likely(block, sampling) for block in blocks), strict=True)
    )
    likely, has_reached = _sorted(counts, ids, found, sampling.top_p)
    missed = np.flatnonzero(~has_reached)
    if not len(missed):
        return likely
    rest = _probabilities(logits[missed], sampling).cpu().numpy()
    return _put(likely, missed, [_nucleus(row, sampling.top_p) for row in rest])


def draw_likely(logits: torch.Tensor, uniform: torch.Tensor, sampling: Sampling) -> tuple[torch.Tensor, torch.Tensor]:
    """One token a row as `choose` draws it, and whether it is certain that `choose` does. Never waits for a card.

    Shapes: logits [rows, vocabulary], uniform [rows], float64; returns ids and truths, each [rows]. It is not certain
    where the most probable `LOOKED_AT` tokens are too few, and where a row is not finite.
    """
    if sampling.temperature == 0:
        return logits.argmax(dim=-1), logits.isfinite().all(dim=-1)
    found, ids = _probabilities(logits, sampling).topk(min(LOOKED_AT, logits.shape[-1]), sorted=False)
    # By token id first: the second sort leaves equal probabilities in that order.
    ids, order = ids.sort(dim=-1)
    found, order = found.gather(1, order).sort(dim=-1, descending=True, stable=True)
    ids, cumulative = ids.gather(1, order), found.double().cumsum(dim=-1)
    last = (cumulative < sampling.top_p).sum(dim=-1, keepdim=True).clamp(max=ids.shape[1] - 1)
    mass = cumulative.gather(1, last)
    places = (cumulative <= uniform[:, None] * mass).sum(dim=-1, keepdim=True).minimum(last)
    # Of several tokens as probable as the last one looked at, some may have been left out. NaN is not larger either.
    is_certain = found.gather(1, last) > found[:, -1:]
    return ids.gather(1, places).squeeze(1), is_certain.squeeze(1)


def _probabilities(logits: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    return torch.softmax(logits.float() / sampling.temperature, dim=-1)


def _likely(
    logits: torch.Tensor, sampling: Sampling
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """How many likely tokens each row has; then their ids and probabilities, row after row."""
    values = _probabilities(logits, sampling)
    # One NaN or infinity among the logits makes a whole row of probabilities NaN, so its first one tells.
    if not values[:, 0].isfinite().all():
        raise not_finite()
    places = (values >= LIKELY).view(-1).nonzero().squeeze(1)
    found = values.view(-1)[places].cpu().numpy()
    rows, ids = np.divmod(places.cpu().numpy(), values.shape[1])
    return np.bincount(rows, minlength=len(values)), ids, found


def _sorted(
    counts: NDArray[np.int64], ids: NDArray[np.int64], found: NDArray[np.float32], top_p: float
) -> tuple[Nuclei, NDArray[np.bool_]]:
    """All rows by their likely tokens alone, and whether those reach `top_p`: no token below them is kept then."""
    rows = np.repeat(np.arange(len(counts)), counts)
    columns = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.zeros((len(counts), max(int(counts.max()), 1)), np.float32)
    table_ids = np.zeros(table.shape, np.int64)
    table[rows, columns], table_ids[rows, columns] = found, ids
    order = np.argsort(-table, axis=1, kind="stable")
    cumulative = np.cumsum(np.take_along_axis(table, order, axis=1), axis=1, dtype=np.float64)
    last = (cumulative < top_p).sum(axis=1)
    nuclei = Nuclei(np.take_along_axis(table_ids, order, axis=1), cumulative, last)
    return nuclei, cumulative[:, -1] >= top_p


def _nucleus(row: NDArray[np.float32], top_p: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ids and running sums of one row [vocabulary] that its likely tokens do not fill."""
    for floor in FLOORS:
        ids = np.flatnonzero(row >= floor)
        found = row[ids]
        order = np.argsort(-found, kind="stable")
        cumulative = np.cumsum(found[order], dtype=np.float64)
        if len(ids) and cumulative[-1] >= top_p:
            break
    kept = min(int(np.searchsorted(cumulative, top_p)), len(ids) - 1) + 1
    return ids[order[:kept]], cumulative[:kept]


def _put(
    nuclei: Nuclei, places: NDArray[np.int64], found: list[tuple[NDArray[np.int64], NDArray[np.float64]]]
) -> Nuclei:
    """The same with other rows at some places."""
    width = max(nuclei.ids.shape[1], *(len(ids) for ids, _ in found))
    wider = ((0, 0), (0, width - nuclei.ids.shape[1]))
    # Infinity: beyond the last kept token no running sum is small enough to be counted.
    put = Nuclei(
        np.pad(nuclei.ids, wider), np.pad(nuclei.cumulative, wider, constant_values=np.inf), nuclei.last.copy()
    )
    for place, (ids, cumulative) in zip(places, found, strict=True):
        put.ids[place, : len(ids)], put.cumulative[place, : len(ids)] = ids, cumulative
        put.cumulative[place, len(ids) :] = np.inf
        put.last[place] = len(ids) - 1
    return put


def not_finite() -> BackendError:
    """NaN or infinity among the logits: a fault of weights or arithmetic."""
    message = "the model's logits are not finite"
    return BackendError(message, hint="convert with --dtype float32, or check the checkpoint for NaN")
