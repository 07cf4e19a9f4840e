"""The reference backend: transformers' own `generate`, every step's token drawn from the sample's own stream."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import LogitsProcessor, StoppingCriteria

from podium.errors import BackendError
from podium.generate.postprocess import cut_at_stop, finish_of, to_generation
from podium.generate.sampling import choose
from podium.generate.streams import uniforms
from podium.model_directory import open_model
from podium.records import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from podium.records import Sampling
    from podium.tasks import Problem, Task


class AddressedSampler(LogitsProcessor):  # type: ignore[misc]
    """Leaves one token a row: the one its stream draws. Greedy decoding on top of it is then sampling."""

    def __init__(self, streams: torch.Tensor, prompt_tokens: int, sampling: Sampling) -> None:
        self._streams, self._prompt_tokens, self._sampling = streams, prompt_tokens, sampling

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Shapes: input_ids [rows, length], scores [rows, vocabulary]."""
        if not torch.isfinite(scores).all():
            message = "the model's logits are not finite"
            raise BackendError(message, hint="convert with --dtype float32, or check the checkpoint for NaN")
        step = input_ids.shape[1] - self._prompt_tokens
        drawn = choose(scores, self._streams[:, step], self._sampling)
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn[:, None], 0.0)


class StopWords(StoppingCriteria):  # type: ignore[misc]
    """A row is done once its completion holds a stop word; the harness cuts there, so nothing is lost."""

    def __init__(self, tokenizer: Any, prompt_tokens: int, stop: Sequence[str]) -> None:
        self._tokenizer, self._prompt_tokens, self._stop = tokenizer, prompt_tokens, stop

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        """Shape of the result: [rows], true where the row is done."""
        texts = self._tokenizer.batch_decode(
            input_ids[:, self._prompt_tokens :], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        done = [any(word in text for word in self._stop) for text in texts]
        return torch.tensor(done, device=input_ids.device)


class TransformersBackend:
    """Plain transformers generation; one batch a problem, the prompt repeated for each sample."""

    def __init__(self, model_dir: Path, dtype: str = "auto") -> None:
        self._tokenizer, model, misfits = open_model(
            model_dir, dtype, BackendError, hint="run podium convert first, and name the folder it wrote"
        )
        if misfits:
            message = f"{model_dir} does not load completely: {misfits}"
            raise BackendError(message, hint="its config.json and weights do not belong together; convert again")
        self._model = model.to("cuda" if torch.cuda.is_available() else "cpu")
        if self._tokenizer.eos_token is None:
            message = f"the tokenizer of {model_dir} has no eos token"
            raise BackendError(message, hint="convert again from a checkpoint whose tokenizer has </s>")
        self._eos = str(self._tokenizer.eos_token)

    def versions(self) -> dict[str, str]:
        """Return package versions and the device."""
        names = ("torch", "transformers", "tokenizers", "numpy")
        return {**{name: version(name) for name in names}, "device": str(self._model.device.type)}

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words and the eos token's text."""
        return [*task.stop, self._eos]

    def draw(self, task: Task, problems: Sequence[Problem], sampling: Sampling) -> Iterator[list[Sample]]:
        """Yield all samples of each problem; raises BackendError when a prompt does not survive the tokenizer."""
        for problem in problems:
            ids = self._prompt_ids(problem)
            if len(ids) >= sampling.max_length:
                yield [_prompt_only(problem, index) for index in range(sampling.n_samples)]
                continue
            rows = self._generate(task, problem, ids, sampling)
            yield [self._sample(task, problem, index, ids, row) for index, row in enumerate(rows)]

    def _prompt_ids(self, problem: Problem) -> list[int]:
        ids: list[int] = self._tokenizer(problem.prompt)["input_ids"]
        if self._decode(ids) != problem.prompt:
            message = f"the prompt of {problem.id} does not survive encoding and decoding"
            raise BackendError(message, hint="the tokenizer drops or changes text; completions would be cut wrongly")
        return ids

    def _generate(self, task: Task, problem: Problem, ids: list[int], sampling: Sampling) -> list[list[int]]:
        """Token ids of every row after the prompt, padded with eos where a row ended early."""
        room = sampling.max_length - len(ids)
        streams = [uniforms(sampling.seed, task.name, problem.id, i, room) for i in range(sampling.n_samples)]
        device = self._model.device
        batch = torch.tensor([ids] * sampling.n_samples, device=device)
        sampler = AddressedSampler(torch.tensor(np.stack(streams), device=device), len(ids), sampling)
        with torch.inference_mode():
            output = self._model.generate(
                batch,
                attention_mask=torch.ones_like(batch),
                max_length=sampling.max_length,
                do_sample=False,
                logits_processor=[sampler],
                stopping_criteria=[StopWords(self._tokenizer, len(ids), self.stop_words(task))],
                pad_token_id=self._tokenizer.eos_token_id,
            )
        rows: list[list[int]] = output[:, len(ids) :].tolist()
        return rows

    def _sample(self, task: Task, problem: Problem, index: int, ids: list[int], row: list[int]) -> Sample:
        decoded, stop = self._decode(ids + row), self.stop_words(task)
        completion = decoded[len(problem.prompt) :]
        return Sample(
            problem=problem.id,
            index=index,
            generation=to_generation(problem.prompt, decoded, stop),
            tokens=self._useful_tokens(row, completion, stop),
            finish=finish_of(completion, task.stop, self._eos),
        )

    def _useful_tokens(self, row: list[int], completion: str, stop: list[str]) -> int:
        """New tokens up to and with the one that completed the first stop word; all of them without one."""
        if len(cut_at_stop(completion, stop)) == len(completion):
            return len(row)
        low, high = 1, len(row)
        while low < high:
            middle = (low + high) // 2
            found = any(word in self._decode(row[:middle]) for word in stop)
            low, high = (low, middle) if found else (middle + 1, high)
        return low

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _prompt_only(problem: Problem, index: int) -> Sample:
    """A prompt as long as the window leaves no room: the harness keeps the input itself as the generation."""
    return Sample(problem=problem.id, index=index, generation=problem.prompt, tokens=0, finish="prompt_fills_window")
