"""The transformers backend: what it draws equals a naive one-row sampler on the same streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from podium.convert import ConvertOptions, convert
from podium.errors import BackendError
from podium.generate.backends.seam import Wanted
from podium.generate.backends.transformers_backend import TransformersBackend
from podium.generate.postprocess import to_generation
from podium.generate.sampling import choose
from podium.generate.streams import uniforms
from podium.progress import SilentProgress
from podium.records import Sampling
from podium.tasks import Problem, Task, load_task

DEMO = Path(__file__).resolve().parents[3] / "scripts" / "podium" / "demo" / "checkpoint"


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("model") / "model"
    convert(ConvertOptions(checkpoint=DEMO, output=output, dtype="float32"), SilentProgress())
    return output


def _all(problems: list[Problem], count: int) -> list[Wanted]:
    return [Wanted(problem, list(range(count))) for problem in problems]


def _naive(model_dir: Path, task: Task, problem: Problem, index: int, sampling: Sampling) -> str:
    """One row, no cache, every step from scratch."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(model_dir)
    model: Any = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval()
    ids = tokenizer(problem.prompt)["input_ids"]
    stop, begin = [*task.stop, tokenizer.eos_token], len(ids)
    stream = uniforms(sampling.seed, task.name, problem.id, index, sampling.max_length)
    while len(ids) < sampling.max_length:
        with torch.inference_mode():
            scores = model(torch.tensor([ids])).logits[:, -1]
        ids = [*ids, int(choose(scores, torch.tensor([stream[len(ids) - begin]]), sampling)[0])]
        if any(word in tokenizer.decode(ids[begin:]) for word in stop):
            break
    return to_generation(problem.prompt, tokenizer.decode(ids), stop)


def test_samples_equal_a_naive_samplers_token_by_token(model_dir: Path) -> None:
    task, sampling = load_task("demo-python", None), Sampling(n_samples=4, temperature=0.8, max_length=160)
    problems = [task.problems[0], task.problems[-1]]
    drawn = list(TransformersBackend(model_dir).draw(task, _all(problems, 4), sampling))
    for problem, samples in zip(problems, drawn, strict=True):
        assert [s.generation for s in samples] == [_naive(model_dir, task, problem, i, sampling) for i in range(4)]


def test_a_problem_is_drawn_alike_alone_and_after_others(model_dir: Path) -> None:
    task, sampling = load_task("demo-sh", None), Sampling(n_samples=3)
    backend = TransformersBackend(model_dir)
    alone = next(backend.draw(task, _all([task.problems[2]], 3), sampling))
    after = list(backend.draw(task, _all(task.problems[:3], 3), sampling))[2]
    assert alone == after


def test_a_prompt_that_fills_the_window_keeps_the_problem_complete(model_dir: Path) -> None:
    task = load_task("demo-python", None)
    sampling = Sampling(n_samples=3, max_length=8)
    samples = next(TransformersBackend(model_dir).draw(task, _all(task.problems[:1], 3), sampling))
    assert [sample.finish for sample in samples] == ["prompt_fills_window"] * 3
    assert {sample.generation for sample in samples} == {task.problems[0].prompt}


def test_nan_weights_are_a_fault_not_a_sample(model_dir: Path) -> None:
    backend = TransformersBackend(model_dir)
    with torch.no_grad():
        backend._model.lm_head.weight[5] = torch.nan
    task = load_task("demo-python", None)
    with pytest.raises(BackendError, match="not finite"):
        next(backend.draw(task, _all(task.problems[:1], 1), Sampling(n_samples=1)))


def test_a_folder_without_a_model_names_convert(tmp_path: Path) -> None:
    with pytest.raises(BackendError) as caught:
        TransformersBackend(tmp_path)
    assert "podium convert" in caught.value.hint
