"""The reference backend: transformers' own `generate`, every step's token drawn from the sample's own stream."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.attention import sdpa_kernel
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria

from podium.errors import BackendError
from podium.generate.attention import KERNELS
from podium.generate.sampling import choose, not_finite
from podium.generate.streams import uniforms
from podium.generate.texts import Texts, prompt_only
from podium.model_directory import open_model

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from podium.generate.backends.seam import Wanted
    from podium.records import Sample, Sampling
    from podium.tasks import Problem, Task


class AddressedSampler(LogitsProcessor):  # type: ignore[misc]
    """Leaves one token a row: the one its stream draws. Greedy decoding on top of it is then sampling."""

    def __init__(self, streams: torch.Tensor, prompt_tokens: int, sampling: Sampling) -> None:
        self._streams, self._prompt_tokens, self._sampling = streams, prompt_tokens, sampling

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Shapes: input_ids [rows, length], scores [rows, vocabulary]."""
        if not torch.isfinite(scores).all():
            raise not_finite()
        step = input_ids.shape[1] - self._prompt_tokens
        drawn = choose(scores, self._streams[:, step], self._sampling)
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn[:, None], 0.0)


class StopWords(StoppingCriteria):  # type: ignore[misc]
    """A row is done once its completion holds a stop word; the harness cuts there, so nothing is lost."""

    def __init__(self, texts: Texts, prompt_tokens: int, stop: Sequence[str]) -> None:
        self._texts, self._prompt_tokens, self._stop = texts, prompt_tokens, stop

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        """Shape of the result: [rows], true where the row is done."""
        texts = self._texts.decode_rows(input_ids[:, self._prompt_tokens :].tolist())
        done = [any(word in text for word in self._stop) for text in texts]
        return torch.tensor(done, device=input_ids.device)


class TransformersBackend:
    """Plain transformers generation; one batch a problem, the prompt repeated for each sample."""

    draws_single_samples = False

    def __init__(self, model_dir: Path, dtype: str = "auto") -> None:
        """Load tokenizer and model. Raises BackendError."""
        tokenizer, model, misfits = open_model(
            model_dir, dtype, BackendError, hint="run podium convert first, and name the folder it wrote"
        )
        if misfits:
            message = f"{model_dir} does not load completely: {misfits}"
            raise BackendError(message, hint="its config.json and weights do not belong together; convert again")
        self._texts = Texts(tokenizer, model_dir)
        self._model = model.to("cuda" if torch.cuda.is_available() else "cpu")
        # transformers completes every call from the model's own settings: penalties, forbidden tokens, temperature.
        self._model.generation_config = self._settings(None)

    def versions(self) -> dict[str, str]:
        """Return package versions and the device."""
        names = ("torch", "transformers", "tokenizers", "numpy")
        device = str(self._model.device.type)
        return {**{name: version(name) for name in names}, "engine": "transformers", "device": device}

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words and the eos token's text."""
        return self._texts.stop_words(task)

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Look at prompts and eos. Raises BackendError."""
        return self._texts.preflight(task, sampling)

    def facts(self) -> str:
        """Nothing is saved here."""
        return ""

    def tokens_drawn(self) -> int:
        """They are seen when a problem is complete."""
        return 0

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        """Yield all samples of each problem; raises BackendError when a prompt does not survive the tokenizer."""
        for problem in (one.problem for one in wanted):
            ids = self._texts.prompt_ids(problem)
            if len(ids) >= sampling.max_length:
                yield [prompt_only(problem, index) for index in range(sampling.n_samples)]
                continue
            rows = self._generate(task, problem, ids, sampling)
            yield [self._texts.sample(task, problem, index, ids, row) for index, row in enumerate(rows)]

    def _generate(self, task: Task, problem: Problem, ids: list[int], sampling: Sampling) -> list[list[int]]:
        """Token ids of every row after the prompt, padded with eos where a row ended early."""
        max_new_tokens = sampling.max_length - len(ids)
        streams = [uniforms(sampling.seed, task.name, problem.id, i, max_new_tokens) for i in range(sampling.n_samples)]
        device = self._model.device
        batch = torch.tensor([ids] * sampling.n_samples, device=device)
        sampler = AddressedSampler(torch.tensor(np.stack(streams), device=device), len(ids), sampling)
        with torch.inference_mode(), sdpa_kernel(KERNELS):
            output = self._model.generate(
                batch,
                attention_mask=torch.ones_like(batch),
                generation_config=self._settings(sampling.max_length),
                logits_processor=[sampler],
                stopping_criteria=[StopWords(self._texts, len(ids), self.stop_words(task))],
            )
        rows: list[list[int]] = output[:, len(ids) :].tolist()
        return rows

    def _settings(self, max_length: int | None) -> GenerationConfig:
        """Ends and padding alone. Given whole to each call, it also stands in for settings in config.json."""
        return GenerationConfig(
            max_length=max_length,
            do_sample=False,
            eos_token_id=list(self._texts.end_ids),
            pad_token_id=self._texts.eos_id,
        )
