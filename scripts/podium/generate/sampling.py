"""Temperature and top-p sampling by inverse cumulative distribution, one uniform number a row and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from podium.records import Sampling


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
