"""A shared prompt: attention over it and what follows it is attention over all, for each row by itself."""

from __future__ import annotations

import pytest
import torch

from podium.generate.backends.native.kernels import kernels
from podium.generate.backends.native.prompt import FlashPrompt, KernelPrompt, Prompt, flash, shared_prompt

KINDS = [*([KernelPrompt] if kernels() is not None else []), *([FlashPrompt] if flash else [])]


def _random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("group", [1, 2, 7, 40])
@pytest.mark.parametrize(("tokens", "after"), [(1, 5), (100, 1), (33, 70)])
@pytest.mark.parametrize("width", [8, 24, 64])
def test_attention_over_prompt_and_rest_is_attention_over_all(
    kind: type[Prompt], tokens: int, after: int, group: int, width: int
) -> None:
    kept = _random(2, 2, 1, 3, tokens, width, seed=1)
    # As in a cache: the rows and positions of a larger tensor, the rest of which is not to be read.
    room = torch.full((2, 9, 3, after + 4, width), float("nan"))
    room[:, :7, :, :after] = _random(2, 7, 3, after, width, seed=2)
    own = room[:, :7, :, :after]
    queries = 5 * _random(7, 3, group, width, seed=3)
    for layer, before in enumerate(kept):
        keys, values = torch.cat((before.expand(-1, 7, -1, -1, -1), own), dim=3).double()
        shares = (queries.double() @ keys.mT / width**0.5).softmax(-1)
        attended = kind(kept).attend(layer, queries, *own)
        torch.testing.assert_close(attended.double(), shares @ values, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(KernelPrompt not in KINDS, reason="needs our kernel")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_row_gets_the_same_bits_in_any_company_and_by_any_thread(dtype: torch.dtype) -> None:
    prompt = KernelPrompt(_random(1, 2, 1, 2, 90, 64).to(dtype))
    queries, own = _random(80, 2, 4, 64, seed=1).to(dtype), _random(2, 80, 2, 41, 64, seed=2).to(dtype)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = torch.cat([prompt.attend(0, queries[[row]], *own[:, [row]]) for row in range(80)])
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            assert torch.equal(prompt.attend(0, queries, *own), alone)
            assert torch.equal(prompt.attend(0, queries.flip(0), *own.flip(1)).flip(0), alone)
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(KernelPrompt not in KINDS, reason="needs our kernel")
def test_half_precision_is_read_exactly_and_not_rounded_on_the_way() -> None:
    prompt, queries, own = _random(1, 2, 1, 2, 9, 16), _random(5, 2, 3, 16), _random(2, 5, 2, 7, 16)
    halves = [one.bfloat16() for one in (prompt, queries, own)]
    wide = [one.float() for one in halves]
    results = [KernelPrompt(kept).attend(0, asked, *after) for kept, asked, after in (halves, wide)]
    assert torch.equal(*results)


@pytest.mark.skipif(KernelPrompt not in KINDS, reason="needs our kernel")
@pytest.mark.parametrize("distance", [0.0, 50.0, 86.0, 88.0, 1e4])
def test_far_apart_scores_neither_overflow_nor_lose_the_sum(distance: float) -> None:
    """Two positions whose scores differ: weights are e^-distance to 1, and 0 where float32 has nothing so small."""
    kept, own = torch.zeros(1, 2, 1, 1, 1, 8), torch.zeros(2, 1, 1, 1, 8)
    kept[0, 0, ..., 0], kept[0, 1], own[1] = distance * 8**0.5, 3.0, -5.0
    query = torch.zeros(1, 1, 1, 8)
    query[..., 0] = 1
    share = 1 / (1 + torch.tensor(-distance).double().exp())
    exact = (3 * share - 5 * (1 - share)).float()
    attended = KernelPrompt(kept).attend(0, query, *own)
    torch.testing.assert_close(attended, exact.expand(1, 1, 1, 8), rtol=1e-6, atol=0)


def test_what_our_kernel_does_not_take_goes_to_torch() -> None:
    for kept in (_random(1, 2, 1, 2, 9, 12), _random(1, 2, 1, 2, 9, 16).half()):
        assert not isinstance(shared_prompt(kept, 2), KernelPrompt)
