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

# Probabilities that are tried as the lower end of what is sorted; the last takes the whole vocabulary.
FLOORS = (1e-3, 1e-5, 0.0)


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


class Nucleus(msgspec.Struct, frozen=True):
    """What a row may draw: token ids by descending probability, and the running sum of their probabilities."""

    ids: NDArray[np.int64]
    cumulative: NDArray[np.float64]

    def draw(self, uniform: NDArray[np.float64]) -> list[int]:
        """One token for each uniform number, the same that `choose` draws."""
        last = len(self.ids) - 1
        places = np.searchsorted(self.cumulative, uniform * self.cumulative[-1], side="right")
        drawn: list[int] = self.ids[np.minimum(places, last)].tolist()
        return drawn


def probabilities_of(logits: torch.Tensor, sampling: Sampling) -> NDArray[np.float32]:
    """Probabilities [rows, vocabulary] at the temperature; at temperature 0 the logits themselves, unscaled.

    Raises BackendError when a row is not finite.
    """
    values = logits.float()
    if sampling.temperature:
        values = torch.softmax(values / sampling.temperature, dim=-1)
    result: NDArray[np.float32] = values.cpu().numpy()
    # One NaN or infinity among the logits makes a whole row of probabilities NaN, so its first one tells.
    if not np.isfinite(result[:, 0] if sampling.temperature else result).all():
        raise not_finite()
    return result


def nucleus_of(row: NDArray[np.float32], sampling: Sampling) -> Nucleus:
    """The kept tokens of one row [vocabulary], exactly as `choose` keeps them, without sorting the vocabulary.

    Only tokens above a floor are sorted. When those reach `top_p`, no token below can be kept; else a lower floor.
    """
    if sampling.temperature == 0:
        return Nucleus(np.array([row.argmax()]), np.ones(1))
    for floor in FLOORS:
        ids = np.flatnonzero(row >= floor)
        found = row[ids]
        order = np.argsort(-found, kind="stable")
        cumulative = np.cumsum(found[order], dtype=np.float64)
        if len(ids) == len(row) or (len(ids) and cumulative[-1] >= sampling.top_p):
            break
    kept = min(int(np.searchsorted(cumulative, sampling.top_p)), len(ids) - 1) + 1
    return Nucleus(ids[order[:kept]], cumulative[:kept])


def not_finite() -> BackendError:
    """NaN or infinity among the logits: a fault of weights or arithmetic."""
    message = "the model's logits are not finite"
    return BackendError(message, hint="convert with --dtype float32, or check the checkpoint for NaN")
