"""The native backend: many problems in flight, longest prompts first, no row computed for a finished sample."""

from __future__ import annotations

from collections import deque
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec
import torch

from podium.errors import BackendError
from podium.generate.native.crowd import Crowd, Ended
from podium.generate.native.decoder import Decoder
from podium.generate.native.kernels import are_missing, torchs_threads
from podium.generate.native.room import free_on, give_back_large, slots_for
from podium.generate.native.shape import read_shape
from podium.generate.native.weights import Weights
from podium.generate.sampling import nuclei_of
from podium.generate.streams import uniforms
from podium.generate.texts import Texts, prompt_only
from podium.model_directory import open_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from podium.generate.backend import Wanted
    from podium.records import Sample, Sampling
    from podium.tasks import Problem, Task

FLUSH_SAMPLES = 50
CONVERT_HINT = "run podium convert first, and name the folder it wrote"


class NativeBackend:
    """Our own decoding loop. A sample's tokens are those that a naive one-row sampler draws from the same stream."""

    draws_single_samples = True

    def __init__(self, model_dir: Path, dtype: str = "auto", slots: int = 0) -> None:
        """`slots` bounds the samples in flight; 0 chooses by memory. Raises UnsupportedModelError, BackendError."""
        self.shape = read_shape(model_dir)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        kind = getattr(torch, self.shape.dtype if dtype == "auto" else dtype, None)
        if kind not in (torch.bfloat16, torch.float16, torch.float32):
            message = f"{model_dir} has weights of type {self.shape.dtype!r}, which nothing here computes with"
            raise BackendError(message, hint="pass --dtype bfloat16 or float32")
        give_back_large()
        self._texts = Texts(open_tokenizer(model_dir, BackendError, hint=CONVERT_HINT), model_dir)
        weights = Weights(model_dir, self.shape, kind, device)
        self._linear_kind, self._how = weights.linear_kind, weights.head.how
        self.decoder = Decoder(self.shape, weights)
        self._slots, self.sample_rows = slots, 0

    def versions(self) -> dict[str, str]:
        """Return package versions, the device and how linear layers are computed; `avx2` is our kernels."""
        names = ("torch", "transformers", "tokenizers", "numpy")
        device = self.decoder.device.type
        return {**{name: version(name) for name in names}, "engine": "native", "device": device, "linear": self._how}

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words and the eos token's text."""
        return self._texts.stop_words(task)

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Prompts, eos, finite logits, memory. Raises BackendError; returns warnings."""
        if sampling.max_length > self.shape.positions:
            message = f"{sampling.max_length} tokens are asked for, the model has {self.shape.positions} positions"
            raise BackendError(message, hint=f"pass --max-length {self.shape.positions}")
        warnings = self._texts.preflight(task, sampling)
        if self.shape.eos_ids and self._texts.eos_id not in self.shape.eos_ids:
            warnings.append(f"eos is token {self._texts.eos_id} in the tokenizer, {self.shape.eos_ids} in config.json")
        if not self._linear_kind.is_packed:
            warnings.append(
                "linear layers are not packed here: a sample may depend on what is drawn beside it, also after a kill"
            )
        if self.decoder.device.type == "cpu" and are_missing():
            warnings.append(
                "podium's kernels were not compiled, so drawing takes longer: install gcc, then podium again"
            )
        nuclei_of(self.decoder.prefill([self._texts.eos_id])[0], sampling)
        self._slots = self._slots or self._slots_for(sampling)
        return warnings

    def _slots_for(self, sampling: Sampling) -> int:
        device = self.decoder.device.type
        return slots_for(self.shape, sampling, self.decoder.dtype, device, free_on(device))

    def facts(self) -> str:
        """What the run saved so far, for people."""
        if not self.sample_rows:
            return ""
        return f"{1 - self.decoder.linear_rows / self.sample_rows:.0%} of the rows shared"

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Iterator[list[Sample]]:
        """Yield finished samples in batches, in no particular order."""
        ready: list[Sample] = []
        with torchs_threads():
            for ended, ids in self._rows(task, wanted, sampling):
                ready += self._samples(task, ended, ids)
                if len(ready) >= FLUSH_SAMPLES:
                    yield ready
                    ready = []
        yield from [ready] if ready else []

    def _samples(self, task: Task, ended: Ended, ids: list[int]) -> list[Sample]:
        row = ended.tokens
        if not row:
            return [prompt_only(ended.problem, index) for index in ended.members]
        if row[-1] in self.shape.eos_ids and row[-1] != self._texts.eos_id:
            # transformers pads an ended row with the tokenizer's eos, and there the harness cuts.
            row = [*row, self._texts.eos_id]
        first = self._texts.sample(task, ended.problem, ended.members[0], ids, row)
        return [msgspec.structs.replace(first, index=index) for index in ended.members]

    def _rows(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Iterator[tuple[Ended, list[int]]]:
        """Every row as it ends, with its prompt's tokens."""
        slots = self._slots or self._slots_for(sampling)
        waiting = self._queue(wanted, slots)
        ids = {problem.id: prompt for problem, _, prompt in waiting}
        crowds: list[Crowd] = []
        while waiting or crowds:
            while waiting and sum(crowd.unfinished for crowd in crowds) + len(waiting[0][1]) <= slots:
                problem, indexes, prompt = waiting.popleft()
                if len(prompt) >= sampling.max_length:
                    yield Ended(problem, list(indexes), []), prompt
                    continue
                crowd, ended = self._admit(task, problem, indexes, prompt, sampling)
                yield from ((row, prompt) for row in ended)
                crowds += [crowd] if crowd.unfinished else []
            if crowds:
                yield from ((row, ids[row.problem.id]) for row in self._advance(crowds, sampling))
                crowds = [crowd for crowd in crowds if crowd.unfinished]

    def _queue(self, wanted: Sequence[Wanted], slots: int) -> deque[tuple[Problem, Sequence[int], list[int]]]:
        """Longest prompts first; a problem with more samples than there are slots comes in pieces."""
        queue = []
        for one in wanted:
            prompt = self._texts.prompt_ids(one.problem)
            pieces = range(0, len(one.indexes), slots)
            queue += [(one.problem, one.indexes[begin : begin + slots], prompt) for begin in pieces]
        return deque(sorted(queue, key=lambda entry: -len(entry[2])))

    def _admit(
        self, task: Task, problem: Problem, indexes: Sequence[int], prompt: list[int], sampling: Sampling
    ) -> tuple[Crowd, list[Ended]]:
        room = sampling.max_length - len(prompt)
        logits, cache = self.decoder.prefill(prompt, room)
        streams = {index: uniforms(sampling.seed, task.name, problem.id, index, room) for index in indexes}
        finder = self._texts.finder(self.stop_words(task), self.shape.vocabulary)
        crowd = Crowd(problem, streams, cache, finder, self.shape.eos_ids)
        return crowd, crowd.advance(nuclei_of(logits, sampling), sampling)

    def _advance(self, crowds: list[Crowd], sampling: Sampling) -> list[Ended]:
        tokens = [token for crowd in crowds for token in crowd.tokens()]
        self.sample_rows += sum(crowd.unfinished for crowd in crowds)
        logits = self.decoder.step(tokens, [crowd.cache for crowd in crowds])
        nuclei, begin = nuclei_of(logits, sampling), 0
        ended = []
        for crowd in crowds:
            end = begin + len(crowd.rows)
            ended += crowd.advance(nuclei.part(begin, end), sampling)
            begin = end
        return ended
