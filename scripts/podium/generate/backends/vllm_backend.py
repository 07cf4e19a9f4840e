"""The vLLM backend, for GPUs: every sample a request of its own with its own seed, prompts cached by prefix.

Written to vLLM's documented interface (LLM, SamplingParams, RequestOutput) and tested against a stand-in of those
names only: it has not been run on a GPU yet. vLLM draws from its own generators, so samples differ from `native`'s.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from vllm import LLM, SamplingParams

from podium.errors import BackendError
from podium.generate.streams import seed_of
from podium.generate.texts import Texts, prompt_only
from podium.model_directory import open_tokenizer

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from podium.generate.backends.seam import Wanted
    from podium.records import Sample, Sampling
    from podium.tasks import Task

HINT = "run podium convert first, and name the folder it wrote; --backend transformers needs no vLLM"
REQUESTS = 2048  # at once: enough to fill a GPU, few enough that a killed run loses little


class VllmBackend:
    """Token ids in, token ids out; texts are cut by the harness's rules here, never by vLLM."""

    # A request's generator is its own, the numbers it draws over depend on the batch.
    draws_single_samples = False

    def __init__(self, model_dir: Path, dtype: str = "auto") -> None:
        """Load tokenizer and engine. Raises BackendError."""
        self._texts = Texts(open_tokenizer(model_dir, BackendError, hint=HINT), model_dir)
        try:
            # "vllm": the model's own generation_config.json is left alone; what ends a row is said with each request.
            self._engine: Any = LLM(
                model=str(model_dir), dtype=dtype, enable_prefix_caching=True, seed=0, generation_config="vllm"
            )
        except (OSError, ValueError, RuntimeError) as err:
            message = f"vLLM cannot load {model_dir}: {_first_line(err)}"
            raise BackendError(message, hint=HINT) from err

    def versions(self) -> dict[str, str]:
        """Return package versions."""
        return {**{name: version(name) for name in ("vllm", "torch", "transformers", "tokenizers")}, "engine": "vllm"}

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words and the eos token's text."""
        return self._texts.stop_words(task)

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Look at prompts and eos. Raises BackendError."""
        return self._texts.preflight(task, sampling)

    def facts(self) -> str:
        """VLLM counts for itself."""
        return ""

    def tokens_drawn(self) -> int:
        """They are seen when a batch is complete."""
        return 0

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        """Yield whole problems, some at a time. Raises BackendError when vLLM fails or gives a request up."""
        together = max(1, REQUESTS // sampling.n_samples)
        for begin in range(0, len(wanted), together):
            requests: list[tuple[Wanted, int, list[int]]] = []
            for one in wanted[begin : begin + together]:
                ids = self._texts.prompt_ids(one.problem)
                if len(ids) >= sampling.max_length:
                    yield [prompt_only(one.problem, index) for index in one.indexes]
                else:
                    requests += [(one, index, ids) for index in one.indexes]
            if requests:
                rows = self._complete(task, requests, sampling)
                yield [
                    self._texts.sample(task, one.problem, index, ids, row)
                    for (one, index, ids), row in zip(requests, rows, strict=True)
                ]

    def _complete(
        self, task: Task, requests: list[tuple[Wanted, int, list[int]]], sampling: Sampling
    ) -> list[list[int]]:
        """New token ids of each request, with those of its stop word."""
        parameters = [
            SamplingParams(
                n=1,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                seed=seed_of(sampling.seed, task.name, one.problem.id, index),
                max_tokens=sampling.max_length - len(ids),
                stop=self.stop_words(task),
                stop_token_ids=list(self._texts.end_ids),
                include_stop_str_in_output=True,
                skip_special_tokens=False,
                spaces_between_special_tokens=False,
            )
            for one, index, ids in requests
        ]
        prompts = [{"prompt_token_ids": ids} for _, _, ids in requests]
        try:
            answers = self._engine.generate(prompts, parameters, use_tqdm=False)
        except (ValueError, RuntimeError) as err:
            message = f"vLLM failed on {task.name}: {_first_line(err)}"
            raise BackendError(message, hint="run generate again; it draws only what is missing") from err
        return [self._row(answer.outputs[0]) for answer in answers]

    def _row(self, output: Any) -> list[int]:
        row = list(output.token_ids)
        if output.finish_reason not in ("stop", "length"):
            message = f"vLLM gave a request up: {output.finish_reason}"
            raise BackendError(message, hint="run generate again; it draws only what is missing")
        # Ended by a token: `stop_reason` names it, unless it is the tokenizer's eos. vLLM may leave it out of the row.
        ended_by_token = output.finish_reason == "stop" and not isinstance(output.stop_reason, str)
        ended_by = self._texts.eos_id if output.stop_reason is None else output.stop_reason
        if ended_by_token and row[-1:] != [ended_by]:
            row.append(ended_by)
        return row


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or [type(err).__name__])[0]
