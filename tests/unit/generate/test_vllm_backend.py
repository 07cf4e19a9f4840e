"""The vLLM backend against a stand-in module with vLLM's public names: the seam's contract, not vLLM itself.

There is neither a GPU nor vLLM where these tests run. The stand-in keeps the documented behaviour that matters here:
one seed a request, token ids with those of the stop word, `stop_reason` None after an end-of-text token.
"""

from __future__ import annotations

import random
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.generate.tiny import EOS, STOP, tiny_task, write_tiny

from podium.cli.generate import build_backend
from podium.errors import BackendError
from podium.generate.backends.seam import Wanted
from podium.records import Sampling
from podium.tasks import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from podium.generate.backends.seam import Backend
    from podium.records import Sample

SAMPLING = Sampling(n_samples=6, max_length=40)
PIECES = [*"abxyz ()=" * 5, EOS, "\nd", "zq"]


class StandinEngine:
    """Draws pieces of text from each request's seed until one of its stop words is there."""

    asked: list[Any]
    fault = ""

    def __init__(self, model: str, dtype: str, enable_prefix_caching: bool, seed: int, generation_config: str) -> None:
        from transformers import AutoTokenizer

        assert enable_prefix_caching
        assert generation_config == "vllm"
        self.tokenizer: Any = AutoTokenizer.from_pretrained(model)
        type(self).asked = []

    def generate(self, prompts: list[Any], parameters: list[Any], use_tqdm: bool) -> list[Any]:
        if self.fault == "raises":
            message = "CUDA out of memory\nand a long trace"
            raise RuntimeError(message)
        self.asked += parameters
        return [SimpleNamespace(outputs=[self._complete(one)]) for _, one in zip(prompts, parameters, strict=True)]

    def _complete(self, asked: SimpleNamespace) -> SimpleNamespace:
        ids: list[int] = []
        draw, reason, cause = random.Random(asked.seed), "length", None
        while len(ids) < asked.max_tokens and reason == "length":
            ids += self.tokenizer(draw.choice(PIECES))["input_ids"]
            text = self.tokenizer.decode(ids[: asked.max_tokens])
            found = [word for word in asked.stop if word in text]
            if found:
                reason, cause = "stop", None if found == [EOS] else found[0]
        # vLLM may or may not leave the end-of-text token in.
        ids = ids[:-1] if cause is None and reason == "stop" else ids[: asked.max_tokens]
        reason = "abort" if self.fault == "abort" else reason
        return SimpleNamespace(token_ids=tuple(ids), finish_reason=reason, stop_reason=cause)


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    module = ModuleType("vllm")
    module.__dict__.update(LLM=StandinEngine, SamplingParams=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.delitem(sys.modules, "podium.generate.backends.vllm_backend", raising=False)
    monkeypatch.setattr(StandinEngine, "fault", "")
    return build_backend("vllm", write_tiny(tmp_path / "model"), "auto")


def _draw(backend: Backend, wanted: list[Wanted], sampling: Sampling = SAMPLING) -> dict[tuple[str, int], Sample]:
    drawn = [sample for batch in backend.draw(tiny_task(), wanted, sampling) for sample in batch]
    return {(sample.problem, sample.index): sample for sample in drawn}


def _everything() -> list[Wanted]:
    return [Wanted(problem, list(range(SAMPLING.n_samples))) for problem in tiny_task().problems]


def test_every_sample_comes_once_and_is_cut_by_the_harness_rules(backend: Backend) -> None:
    samples = _draw(backend, _everything())
    assert samples.keys() == {(problem.id, index) for problem in tiny_task().problems for index in range(6)}
    prompts = {problem.id: problem.prompt for problem in tiny_task().problems}
    for sample in samples.values():
        assert sample.generation.startswith(prompts[sample.problem])
        completion = sample.generation[len(prompts[sample.problem]) :]
        assert not any(word in completion for word in [*STOP, EOS])
    assert {sample.finish for sample in samples.values()} == {"stop", "eos", "length"}


def test_a_sample_depends_on_its_address_alone(backend: Backend) -> None:
    whole = _draw(backend, _everything())
    few = [Wanted(tiny_task().problems[number], [5, 2]) for number in (4, 1)]
    assert all(whole[key] == sample for key, sample in _draw(backend, few).items())
    seeds = [asked.seed for asked in StandinEngine.asked]
    assert len(set(seeds)) == 36
    assert _draw(backend, few, msgspec.structs.replace(SAMPLING, seed=1)) != _draw(backend, few)


def test_requests_carry_the_protocol(backend: Backend) -> None:
    _draw(backend, [Wanted(Problem(id="tiny/0", prompt="a", tests=""), [0])])
    (asked,) = StandinEngine.asked
    assert (asked.n, asked.temperature, asked.top_p, asked.max_tokens) == (1, 0.2, 0.95, 39)
    assert asked.stop == [*STOP, EOS]
    assert asked.include_stop_str_in_output
    assert not asked.skip_special_tokens


def test_a_prompt_that_fills_the_window_keeps_the_problem_complete(backend: Backend) -> None:
    samples = _draw(backend, _everything(), msgspec.structs.replace(SAMPLING, max_length=9))
    full = [sample for sample in samples.values() if sample.finish == "prompt_fills_window"]
    assert len(full) >= 6
    assert len(samples) == 36


@pytest.mark.parametrize(("fault", "said"), [("raises", "CUDA out of memory"), ("abort", "gave a request up: abort")])
def test_a_fault_of_vllm_is_no_sample(backend: Backend, monkeypatch: pytest.MonkeyPatch, fault: str, said: str) -> None:
    monkeypatch.setattr(StandinEngine, "fault", fault)
    with pytest.raises(BackendError, match=said) as caught:
        _draw(backend, _everything())
    assert "run generate again" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_machine_without_vllm_is_told_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    monkeypatch.delitem(sys.modules, "podium.generate.backends.vllm_backend", raising=False)
    with pytest.raises(BackendError, match="needs the package vllm") as caught:
        build_backend("vllm", tmp_path, "auto")
    assert "podium-leaderboard[vllm]" in caught.value.hint
