"""Fixed rows draw what a naive one-row sampler draws: refilled, moved, resolved, and as graphs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tests.unit.generate.kinds import PACKED_KINDS, draw_with
from tests.unit.generate.tiny import MAX_LENGTH, STOP, naive, tiny_task, write_tiny

from podium.errors import BackendError
from podium.generate.backends.native import fixed_scheduler
from podium.generate.backends.native.backend import NativeBackend
from podium.generate.backends.native.decoder import Decoder
from podium.generate.backends.native.fixed import FixedRows
from podium.generate.backends.native.fixed_scheduler import FixedScheduler, Seat
from podium.generate.backends.native.linear import Linear
from podium.generate.backends.seam import Wanted
from podium.generate.sampling import choose, draw_likely
from podium.generate.stops import ByteStops, DecodedStops
from podium.records import Sample, Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

Key = tuple[str, int]
SETTINGS = [
    Sampling(n_samples=8, temperature=temperature, top_p=top_p, max_length=MAX_LENGTH, seed=seed)
    for temperature, top_p, seed in [(0.2, 0.95, 0), (1.0, 0.95, 1), (1.5, 1.0, 2), (0.0, 0.95, 0)]
]


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.generate.backends.native.backend.is_fixed", lambda device: True)
    monkeypatch.setattr("podium.generate.backends.native.backend.most_loops", lambda device: 1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def expected(tiny: Path) -> list[dict[Key, Sample]]:
    return [naive(tiny, tiny_task(), sampling) for sampling in SETTINGS]


def _draw(backend: NativeBackend, wanted: Sequence[Wanted], sampling: Sampling) -> dict[Key, Sample]:
    drawn = [sample for batch in backend.draw(tiny_task(), wanted, sampling) for sample in batch]
    samples = {(sample.problem, sample.index): sample for sample in drawn}
    assert len(samples) == len(drawn)
    return samples


def _note(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, take: Callable[..., Iterable[int]] = lambda *_: [1]
) -> list[int]:
    """What `take` takes from the arguments of each call of a method."""
    noted: list[int] = []
    method = getattr(owner, name)

    def noting(*given: Any) -> Any:
        noted.extend(take(*given[1:]))
        return method(*given)

    monkeypatch.setattr(owner, name, noting)
    return noted


def _everything(sampling: Sampling) -> list[Wanted]:
    return [Wanted(problem, list(range(sampling.n_samples))) for problem in tiny_task().problems]


@pytest.mark.parametrize("kind", [*PACKED_KINDS, Linear])
def test_samples_equal_a_naive_samplers_in_any_company(
    tiny: Path, expected: list[dict[Key, Sample]], kind: type[Linear], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_with(kind, monkeypatch)
    generator, backend = random.Random(1), NativeBackend(tiny)
    for _ in range(20):
        place, backend._slots = generator.randrange(len(SETTINGS)), generator.randint(1, 60)
        monkeypatch.setattr(fixed_scheduler, "STEPS", generator.randint(1, 9))
        monkeypatch.setattr(fixed_scheduler, "FEWEST_ROWS", generator.randint(1, 9))
        # With few tokens looked at most draws are resolved.
        monkeypatch.setattr("podium.generate.sampling.LOOKED_AT", generator.choice([1, 2, 4, 16, 256]))
        kept = generator.choice([0.1, 0.5, 0.9, 1.0])
        wanted = [
            Wanted(problem, [index for index in range(8) if generator.random() < kept])
            for problem in generator.sample(tiny_task().problems, 6)
        ]
        wanted = [one for one in wanted if one.indexes]
        assert _draw(backend, wanted, SETTINGS[place]) == {
            (one.problem.id, index): expected[place][one.problem.id, index] for one in wanted for index in one.indexes
        }


def test_rows_are_refilled_moved_and_become_fewer(
    tiny: Path, expected: list[dict[Key, Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = _note(monkeypatch, FixedRows, "run", lambda count, steps: [count])
    moved = _note(monkeypatch, FixedRows, "move", lambda sources, targets: sources)
    seated = _note(monkeypatch, FixedRows, "seat", lambda slots, *_: slots)
    monkeypatch.setattr(fixed_scheduler, "FEWEST_ROWS", 2)
    monkeypatch.setattr(fixed_scheduler, "STEPS", 1)
    backend = NativeBackend(tiny, slots=32)
    assert _draw(backend, _everything(SETTINGS[1]), SETTINGS[1]) == expected[1]
    assert counts == sorted(counts, reverse=True)
    assert {32, 16, 8} <= set(counts) <= {32, 16, 8, 4, 2}
    assert moved
    assert len(seated) > len(set(seated))
    assert backend.linear_rows == sum(counts)
    assert backend.sample_rows == sum(sample.tokens - 1 for sample in expected[1].values())
    assert "in vain" in backend.facts()


def test_what_was_left_in_a_row_does_not_reach_the_next_sample(
    tiny: Path, expected: list[dict[Key, Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_cache = Decoder.new_cache
    monkeypatch.setattr(Decoder, "new_cache", lambda *given: new_cache(*given).fill_(torch.nan))
    assert _draw(NativeBackend(tiny, slots=16), _everything(SETTINGS[0]), SETTINGS[0]) == expected[0]


def test_where_most_rows_wait_no_further_steps_are_made(
    tiny: Path, expected: list[dict[Key, Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = _note(monkeypatch, FixedRows, "run", lambda count, steps: [steps])
    monkeypatch.setattr("podium.generate.sampling.LOOKED_AT", 1)
    assert _draw(NativeBackend(tiny), _everything(SETTINGS[1]), SETTINGS[1]) == expected[1]
    assert many[0] == fixed_scheduler.STEPS
    assert many.count(1) > len(many) / 2


def test_a_prompt_that_fills_the_window_or_leaves_one_place_is_complete(tiny: Path) -> None:
    task, sampling = tiny_task(), Sampling(n_samples=3, max_length=9)
    for number, tokens in ((1, 0), (4, 0), (2, 7)):
        samples = _draw(NativeBackend(tiny), [Wanted(task.problems[number], [0, 1, 2])], sampling)
        assert len(samples) == 3
        assert all(sample.tokens <= tokens for sample in samples.values())
    one = Sampling(n_samples=3, max_length=10)
    samples = _draw(NativeBackend(tiny), [Wanted(task.problems[1], [0, 1, 2])], one)
    assert {sample.tokens for sample in samples.values()} == {1}


def test_an_eos_of_the_config_alone_ends_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = NativeBackend(write_tiny(tmp_path, eos_token_id=[0, *range(40, 90)]))
    samples = _draw(backend, _everything(SETTINGS[1]), SETTINGS[1])
    monkeypatch.setattr("podium.generate.backends.native.backend.is_fixed", lambda device: False)
    assert _draw(backend, _everything(SETTINGS[1]), SETTINGS[1]) == samples
    assert sum(sample.tokens < 8 for sample in samples.values()) > 20


def test_the_header_says_that_rows_are_fixed(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = NativeBackend(tiny)
    assert backend.versions()["rows"] == "fixed"
    monkeypatch.setattr("podium.generate.backends.native.backend.is_fixed", lambda device: False)
    assert "rows" not in backend.versions()


def test_logits_that_become_infinite_while_drawing_end_the_run(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    embedding = tensors["model.embed_tokens.weight"]
    prompts = {byte for problem in tiny_task().problems for byte in problem.prompt.encode()}
    assert len(prompts) < 40
    # Tokens of no prompt: the first row that runs one of them is not finite.
    embedding[150:] = torch.nan
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BackendError, match="not finite"):
        _draw(NativeBackend(folder), _everything(SETTINGS[2]), SETTINGS[2])


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.2, 1.0]), st.sampled_from([0.6, 0.95, 1.0]))
def test_a_certain_draw_is_the_draw_with_ties_too(seed: int, temperature: float, top_p: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    # In steps of a half, so that many are equal.
    logits = (torch.randn(24, 600, generator=generator) * 4).round() / 2
    logits[:12] *= 4
    uniform = torch.rand(24, generator=generator, dtype=torch.float64)
    uniform[::6] = 1.0  # what rounding may make of a number just below it
    sampling = Sampling(temperature=temperature, top_p=top_p)
    drawn, is_certain = draw_likely(logits, uniform, sampling)
    assert torch.equal(drawn[is_certain], choose(logits, uniform, sampling)[is_certain])
    if top_p < 1 or not temperature:
        assert is_certain[:12].all()


def test_a_draw_is_uncertain_where_an_equal_token_may_be_left_out() -> None:
    logits = torch.zeros(2, 1000)
    logits[0, :256], logits[1, :255] = 20, 20
    _, is_certain = draw_likely(logits, torch.tensor([0.5, 0.5]).double(), Sampling(top_p=0.9999))
    assert is_certain.tolist() == [False, True]


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("temperature", [0.0, 0.2])
def test_a_row_that_is_not_finite_is_not_drawn(value: float, temperature: float) -> None:
    logits = torch.randn(3, 300, generator=torch.Generator().manual_seed(0)) * 9
    logits[1, 299] = value
    _, is_certain = draw_likely(logits, torch.full((3,), 0.5).double(), Sampling(temperature=temperature))
    assert is_certain.tolist() == [True, False, True]


def test_several_tokens_are_passed_over_exactly_where_none_ends_the_row() -> None:
    finder = ByteStops([bytes([value]) for value in range(256)], STOP)
    generator, found = random.Random(0), 0
    for _ in range(3000):
        text = bytes(generator.choice(b"\ndzqx<") for _ in range(generator.randint(1, 9)))
        tail, ends = finder.begin(), False
        begin = finder.begin()
        for value in text[:3]:
            begin, has_stopped = finder.advance(begin, [value])
            ends |= has_stopped
        if ends:
            continue
        tail = begin
        for value in text[3:]:
            tail, has_stopped = finder.advance(tail, [value])
            ends |= has_stopped
        found += ends
        assert finder.pass_over(begin, list(text[3:])) == (None if ends else tail)
    assert found > 100
    assert DecodedStops(lambda tokens: "", STOP).pass_over(b"", [1]) is None


def test_tokens_in_pieces_end_a_sample_where_one_by_one_they_would() -> None:
    finder, generator, finishes = ByteStops([bytes([value]) for value in range(256)], STOP), random.Random(0), set()
    scheduler = FixedScheduler(cast("Any", None), [], "tiny", Sampling(max_length=30), finder, [ord("!")])
    for _ in range(2000):
        begin, tokens = generator.randint(20, 29), [generator.choice(b"\ndzqx<!....") for _ in range(30)]
        tail, ended = finder.begin(), False
        expected: list[int] = []
        while not ended:
            expected.append(tokens[len(expected)])
            tail, has_stopped = finder.advance(tail, expected)
            ended = has_stopped or expected[-1] == ord("!") or begin + len(expected) == 30
        seat, taken = Seat(tiny_task().problems[0], 0, begin, [], finder.begin()), 0
        while not scheduler._has_ended(seat, tokens[taken : (end := min(taken + generator.randint(1, 4), 30 - begin))]):
            taken = end
        assert seat.tokens == expected
        finishes.add((has_stopped, expected[-1] == ord("!"), begin + len(expected) == 30, len(seat.tokens) > taken + 1))
    assert len(finishes) > 8


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a card")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_cards_graphs_give_the_steps_results(tiny: Path, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> dict[Key, Sample]:
        return _draw(NativeBackend(tiny, dtype, slots=24), _everything(SETTINGS[1]), SETTINGS[1])

    replays = _note(monkeypatch, torch.cuda.CUDAGraph, "replay")
    captured = drawn()
    assert len(replays) > 10
    with monkeypatch.context() as without_graphs:
        without_graphs.setattr(torch.cuda, "graph_pool_handle", lambda: None)
        replays.clear()
        assert drawn() == captured
        assert not replays
    monkeypatch.setattr("podium.generate.backends.native.backend.is_fixed", lambda device: False)
    if dtype == "float32":
        assert drawn() == captured
