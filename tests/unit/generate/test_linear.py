"""Linear layers: each packed kind is right, in every shape, and treats a row the same in any company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from tests.unit.generate.kinds import PACKED_KINDS

from podium.generate.backends.native.linear import Linear, OneDnnLinear, TiledLinear, best_linear

if TYPE_CHECKING:
    from collections.abc import Iterator

# Rows, inputs, outputs: around the kernel's tile of 6 rows and its panel of 16 outputs.
SHAPES = [(1, 1, 1), (5, 3, 15), (6, 64, 16), (7, 33, 17), (13, 160, 96), (50, 257, 31), (64, 128, 336)]
# Around its blocks of 192 inputs and of 8 panels.
BLOCKS = [(6, 192, 128), (7, 193, 129), (13, 384, 256), (50, 400, 300)]
DTYPES = [torch.float32, torch.bfloat16, torch.float16]


@pytest.fixture(params=PACKED_KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Linear]:
    found: type[Linear] = request.param
    return found


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _random(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("count", "inputs", "outputs"), SHAPES)
@pytest.mark.parametrize("has_bias", [True, False])
def test_outputs_are_the_products_summed_exactly_and_rounded_once(
    kind: type[Linear], dtype: torch.dtype, count: int, inputs: int, outputs: int, has_bias: bool
) -> None:
    """Half precision too: a processor without units for it computes what one that has them does."""
    weight, rows = _random(outputs, inputs, dtype=dtype), _random(count, inputs, dtype=dtype, seed=1)
    bias = _random(outputs, dtype=dtype, seed=2) if has_bias else None
    exact = rows.double() @ weight.double().T + (0 if bias is None else bias.double())
    output = kind(weight, bias)(rows)
    assert output.dtype == dtype
    torch.testing.assert_close(output, exact.to(dtype), rtol=None, atol=None)
    if dtype != torch.float32:
        # Where the exact sum lies next to the middle of two numbers, float32 sums may round to the other one.
        assert (output != exact.to(dtype)).float().mean() < 0.01


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("count", "inputs", "outputs"), BLOCKS)
def test_sums_of_whole_numbers_are_exact_over_all_blocks(
    kind: type[Linear], dtype: torch.dtype, count: int, inputs: int, outputs: int
) -> None:
    weight, rows, bias = (
        (_random(*shape, seed=seed) * 3).round().to(dtype)
        for seed, shape in enumerate([(outputs, inputs), (count, inputs), (outputs,)])
    )
    exact = rows.double() @ weight.double().T + bias.double()
    assert torch.equal(kind(weight, bias)(rows), exact.to(dtype))


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_gets_the_same_bits_in_any_company_and_place_and_by_any_thread(
    kind: type[Linear], dtype: torch.dtype
) -> None:
    layer = kind(_random(700, 320, dtype=dtype), _random(700, dtype=dtype, seed=1))
    rows = _random(170, 320, dtype=dtype, seed=2)
    torch.set_num_threads(1)
    alone = torch.cat([layer(row[None]) for row in rows])
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        for count in (2, 6, 29, 170):
            assert torch.equal(layer(rows[:count]), alone[:count])
        assert torch.equal(layer(rows.flip(0)).flip(0), alone)


def test_nan_and_infinity_stay_in_their_row(kind: type[Linear]) -> None:
    layer, rows = kind(_random(40, 20), None), _random(7, 20)
    rows[3, 5], rows[4, 6] = float("nan"), float("inf")
    is_finite = layer(rows).isfinite().all(dim=1)
    assert is_finite.tolist() == [True, True, True, False, False, True, True]


def test_rows_of_another_width_are_refused_before_memory_is_read(kind: type[Linear]) -> None:
    with pytest.raises(RuntimeError, match=r"invalid for input of size|could not create"):
        kind(_random(40, 20), None)(_random(7, 21))


def test_rows_need_not_lie_in_one_piece(kind: type[Linear]) -> None:
    layer, rows = kind(_random(40, 20), None), _random(20, 9)
    assert torch.equal(layer(rows.T), layer(rows.T.contiguous()))


def test_onednn_sees_few_row_counts() -> None:
    """It keeps a kernel for each row count: a long run must not collect one for each prompt length."""
    counts = {OneDnnLinear.padded_count(count) for count in range(1, 513)}
    assert len(counts) <= 40
    assert all(count <= OneDnnLinear.padded_count(count) < count + 64 for count in range(1, 513))


def test_layers_are_chosen_by_what_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def has(capability: str, kernel: object, onednn: bool) -> None:
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
        monkeypatch.setattr("podium.generate.backends.native.kernels._library", lambda: kernel)
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: onednn)

    has("AVX2", object(), True)
    assert best_linear("cpu") is TiledLinear
    assert best_linear("cuda") is Linear
    has("AVX512", object(), True)
    assert best_linear("cpu") is OneDnnLinear
    has("AVX2", None, True)
    assert best_linear("cpu") is OneDnnLinear
    has("AVX2", None, False)
    assert best_linear("cpu") is Linear
