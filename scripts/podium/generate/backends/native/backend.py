"""The native backend: our own decoding behind the seam, from prompts to samples as the harness would cut them."""

from __future__ import annotations

from contextlib import closing
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec
import torch
from torch.nn.attention import sdpa_kernel

from podium.errors import BackendError
from podium.generate.attention import KERNELS
from podium.generate.backends.native.decoder import Decoder
from podium.generate.backends.native.fixed_scheduler import FixedScheduler, is_fixed
from podium.generate.backends.native.kernels import are_missing, torchs_threads
from podium.generate.backends.native.loops import most_loops, side_by_side
from podium.generate.backends.native.memory import free_on, give_back_large, slots_for
from podium.generate.backends.native.scheduler import Entry, Scheduler
from podium.generate.backends.native.shape import read_shape
from podium.generate.backends.native.weights import Weights
from podium.generate.sampling import nuclei_of
from podium.generate.texts import Texts, prompt_only
from podium.model_directory import open_tokenizer

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from podium.generate.backends.native.sequence_group import Ended
    from podium.generate.backends.seam import Wanted
    from podium.records import Sample, Sampling
    from podium.tasks import Task

FLUSH_SAMPLES = 50
CONVERT_HINT = "run podium convert first, and name the folder it wrote"


class NativeBackend:
    """Our own decoding loop. A sample's tokens are those that a naive one-row sampler draws from the same stream."""

    draws_single_samples = True

    def __init__(self, model_dir: Path, dtype: str = "auto", slots: int = 0) -> None:
        """`slots` bounds the samples in flight; 0 chooses by memory. Raises UnsupportedModelError, BackendError.

        Of what was drawn `sample_rows` counts each sample's steps, `linear_rows` the rows that were computed for them.
        """
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
        self._slots, self.sample_rows, self.linear_rows = slots, 0, 0

    def versions(self) -> dict[str, str]:
        """Return package versions, the device and how linear layers are computed; `avx2` is our kernels.

        Where rows are fixed it says so: in half precision their numbers are not those of rows that are not.
        """
        names = ("torch", "transformers", "tokenizers", "numpy")
        device = self.decoder.device.type
        how = {"engine": "native", "device": device, "linear": self._how}
        return {name: version(name) for name in names} | how | ({"rows": "fixed"} if is_fixed(device) else {})

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words and the eos token's text."""
        return self._texts.stop_words(task)

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Prompts, eos, finite logits, memory. Raises BackendError; returns warnings."""
        if sampling.max_length > self.shape.positions:
            message = f"{sampling.max_length} tokens are asked for, the model has {self.shape.positions} positions"
            raise BackendError(message, hint=f"pass --max-length {self.shape.positions}")
        warnings = self._texts.preflight(task, sampling)
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
        free, loops = free_on(device), most_loops(device)
        return slots_for(self.shape, sampling, self.decoder.dtype, device, free, loops)

    def facts(self) -> str:
        """What the run saved or cost so far, for people."""
        if not self.sample_rows:
            return ""
        if self.linear_rows > self.sample_rows:
            return f"{1 - self.sample_rows / self.linear_rows:.0%} of the rows in vain"
        return f"{1 - self.linear_rows / self.sample_rows:.0%} of the rows shared"

    def tokens_drawn(self) -> int:
        """Each sample's steps."""
        return self.sample_rows

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        """Yield finished samples in batches, in no particular order; an empty one after each step."""
        slots = self._slots or self._slots_for(sampling)
        loops = max(1, min(most_loops(self.decoder.device.type), len(wanted), slots // sampling.n_samples))
        slots //= loops
        entries = self._entries(wanted, slots)
        scheduler = self._scheduler(task, sampling, entries)
        prompts = {entry.problem.id: entry.prompt for entry in entries}
        ready: list[Sample] = []
        works = [scheduler.steps(slots) for _ in range(loops)]
        # Both hold for the whole process, so they are settled here and not in each loop.
        with torchs_threads(), sdpa_kernel(KERNELS), closing(side_by_side(works)) as steps:
            for step in steps:
                self.sample_rows += step.samples
                self.linear_rows += step.rows
                for ended in step.ended:
                    ready += self._samples(task, ended, prompts[ended.problem.id])
                is_enough = len(ready) >= FLUSH_SAMPLES
                yield ready if is_enough else []
                ready = [] if is_enough else ready
        yield from [ready] if ready else []

    def _entries(self, wanted: Sequence[Wanted], slots: int) -> list[Entry]:
        """A problem with more samples than there are slots comes in pieces."""
        entries = []
        for one in wanted:
            prompt = self._texts.prompt_ids(one.problem)
            pieces = range(0, len(one.indexes), slots)
            entries += [Entry(one.problem, one.indexes[begin : begin + slots], prompt) for begin in pieces]
        return entries

    def _scheduler(self, task: Task, sampling: Sampling, entries: Sequence[Entry]) -> Scheduler:
        finder = self._texts.finder(self.stop_words(task), self.shape.vocabulary)
        kind = FixedScheduler if is_fixed(self.decoder.device.type) else Scheduler
        return kind(self.decoder, entries, task.name, sampling, finder, self._texts.end_ids)

    def _samples(self, task: Task, ended: Ended, ids: list[int]) -> list[Sample]:
        row = ended.tokens
        if not row:
            return [prompt_only(ended.problem, index) for index in ended.members]
        first = self._texts.sample(task, ended.problem, ended.members[0], ids, row)
        return [msgspec.structs.replace(first, index=index) for index in ended.members]
