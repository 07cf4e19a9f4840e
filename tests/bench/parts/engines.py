"""The two engines of the generation benchmark, both following a script: `native`, and the harness's own way."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from tests.bench.parts.workload import SAMPLES, STOP, WINDOW, Script
from transformers import LogitsProcessor, StoppingCriteria
from transformers.cache_utils import DynamicCache

from podium.generate.backends.native.backend import NativeBackend
from podium.generate.backends.native.fixed import FixedRows
from podium.generate.backends.native.fixed_scheduler import FixedScheduler
from podium.generate.backends.native.scheduler import Scheduler
from podium.generate.backends.native.sequence_group import Ended, Row, SequenceGroup
from podium.generate.backends.seam import Wanted
from podium.generate.sampling import nuclei_of
from podium.records import Sampling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from podium.generate.backends.native.decoder import Decoder
    from podium.generate.backends.native.fixed_scheduler import Seats
    from podium.generate.backends.native.scheduler import Entry
    from podium.generate.sampling import Nuclei
    from podium.tasks import Task

RAISED = 60.0
SAMPLING = Sampling(n_samples=SAMPLES, max_length=WINDOW)


def now() -> float:
    """CPU seconds of this process; on a GPU the clock on the wall once the card is idle."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


class Figures(msgspec.Struct, frozen=True):
    """What native did. `seconds` of the CPU, `wall_seconds` of the clock; the others are shares of rows."""

    useful: int
    seconds: float
    wall_seconds: float
    wasted: float
    saved: float


class RecordingNative(NativeBackend):
    """Remembers every finished row: by them the rows that were needed can be counted, whatever was computed."""

    ended: list[Ended]

    def _samples(self, task: Any, ended: Ended, ids: list[int]) -> Any:
        self.ended.append(ended)
        return super()._samples(task, ended, ids)

    def measure(self, task: Task, sampling: Sampling) -> Figures:
        """Draw all samples of a task."""
        self.ended = []
        self.preflight(task, sampling)  # chooses the slots
        self._texts.finder(self.stop_words(task), self.shape.vocabulary)  # once a model, not once a task
        wanted = [Wanted(problem, list(range(sampling.n_samples))) for problem in task.problems]
        begun, wall = now(), time.perf_counter()
        samples = [sample for batch in self.draw(task, wanted, sampling) for sample in batch]
        seconds, wall = now() - begun, time.perf_counter() - wall
        # A sample's first token comes from the prompt, each other one from a row of its own if nothing is shared.
        alone = sum(len(row.members) * (len(row.tokens) - 1) for row in self.ended if row.tokens)
        rows = self.linear_rows
        return Figures(
            useful=sum(sample.tokens for sample in samples),
            seconds=seconds,
            wall_seconds=wall,
            wasted=1 - _needed_rows(self.ended) / max(rows, 1),
            saved=1 - rows / max(alone, 1),
        )


def _needed_rows(ended: Sequence[Ended]) -> int:
    """Distinct prefixes that a token was drawn from, the bare prompts not counted."""
    nodes: dict[tuple[object, int], int] = {}
    for row in ended:
        node: object = row.problem.id
        for token in row.tokens[:-1]:
            node = nodes.setdefault((node, token), len(nodes))
    return len(nodes)


class ScriptedGroup(SequenceGroup):
    """Does all the work of a group, then takes the scripted token."""

    script: list[list[int]]

    def _groups(self, nuclei: Nuclei) -> list[dict[int, list[int]]]:
        super()._groups(nuclei)
        scripted: list[dict[int, list[int]]] = []
        for row in self.rows:
            groups: dict[int, list[int]] = {}
            for member in row.members:
                groups.setdefault(self.script[member][self._step], []).append(member)
            scripted.append(groups)
        return scripted


class ScriptedDecoder:
    """Raises the scripted token of each row's first sample in the logits."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)

    @torch.inference_mode()
    def step(self, tokens: Any, caches: Any) -> torch.Tensor:
        """As the decoder's, with raised logits."""
        logits = self._decoder.step(tokens, caches)
        groups = [cache.group() for cache in caches]
        wanted = [group.script[row.members[0]][group._step] for group in groups for row in group.rows]
        logits[torch.arange(len(wanted)), torch.tensor(wanted)] += RAISED
        return logits


class ScriptedScheduler(Scheduler):
    """Drawing by a script."""

    script: Script

    def _admit(self, entry: Entry) -> tuple[SequenceGroup, list[Ended]]:
        group: Any = super()._admit(entry)[0]
        group.__class__ = ScriptedGroup
        group.script = self.script.rows[self.script.task.problems.index(entry.problem)]
        group.cache.group = weakref.ref(group)  # a circle would keep caches that are done with
        # The first draw was made before the script was known: make it again.
        group.rows = [Row(list(entry.indexes), [], b"")]
        group.cache.arrange([0], len(entry.indexes))
        group._step, group.unfinished = 0, len(entry.indexes)
        logits = torch.zeros(1, len(self._decoder._weights.embedding))
        logits[0, group.script[entry.indexes[0]][0]] = RAISED
        return group, group.advance(nuclei_of(logits, self._sampling), self._sampling)


class ScriptedRows(FixedRows):
    """Raises the scripted token of each row in the logits."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.script = torch.zeros_like(self._history)

    def _states(self) -> list[torch.Tensor]:
        return [*super()._states(), self.script]

    def _forward(self, tokens: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        logits = super()._forward(tokens, places)
        following = (places + 1).clamp(max=self._window - 1)[:, None]
        wanted = self.script[: len(tokens)].gather(1, following)
        return logits.scatter_add(1, wanted, torch.full_like(wanted, RAISED, dtype=logits.dtype))


class ScriptedFixedScheduler(FixedScheduler):
    """Drawing over fixed rows, by a script."""

    rows_kind = ScriptedRows
    script: Script

    def _first(self, entry: Entry, logits: torch.Tensor, uniform: list[float]) -> list[int]:
        super()._first(entry, logits, uniform)
        rows = self.script.rows[self.script.task.problems.index(entry.problem)]
        return [rows[index][0] for index in entry.indexes]

    def _seat(self, entry: Entry, logits: Any, prompt: Any, rows: Any, seats: Seats) -> list[Ended]:
        ended = super()._seat(entry, logits, prompt, rows, seats)
        scripted = self.script.rows[self.script.task.problems.index(entry.problem)]
        for slot, seat in enumerate(seats):
            if seat and seat.problem is entry.problem:
                tokens = torch.tensor(scripted[seat.index])
                rows.script[slot, seat.begin : seat.begin + len(tokens)] = tokens
        return ended


class ScriptedNative(RecordingNative):
    """The native backend on a script."""

    script: Script

    def _scheduler(self, task: Any, sampling: Any, entries: Any) -> Scheduler:
        scheduler: Any = super()._scheduler(task, sampling, entries)
        scheduler.__class__ = ScriptedFixedScheduler if isinstance(scheduler, FixedScheduler) else ScriptedScheduler
        scheduler.script = self.script
        return scheduler  # type: ignore[no-any-return]


def scripted(folder: Path, script: Script, dtype: str, slots: int) -> ScriptedNative:
    """The native backend, bound to a script."""
    backend = ScriptedNative(folder, dtype, slots=slots)
    backend.script, backend.ended = script, []
    backend.decoder = ScriptedDecoder(backend.decoder)  # type: ignore[assignment]
    return backend


def run_native(folder: Path, script: Script, dtype: str, slots: int) -> tuple[Figures, ScriptedNative]:
    """Draw the whole script; the samples must be those of the script."""
    backend = scripted(folder, script, dtype, slots)
    figures = backend.measure(script.task, SAMPLING)
    if figures.useful != script.useful:
        message = f"native drew {figures.useful} useful tokens, the script has {script.useful}"
        raise RuntimeError(message)
    return figures, backend


class Raise(LogitsProcessor):  # type: ignore[misc]
    """Raises the scripted token of each row, and notes the time of each step."""

    def __init__(self, rows: list[list[int]] | None, begin: int) -> None:
        self.rows, self.begin = rows, begin
        self.times: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Shape of the scores: [rows, vocabulary]."""
        self.times.append(now())
        step = input_ids.shape[1] - self.begin
        wanted = [row[step] if self.rows and step < len(row) else 5 for row in self.rows or [[]] * len(scores)]
        scores[torch.arange(len(scores)), torch.tensor(wanted)] += RAISED
        return scores


class Untouched(Raise):
    """Changes nothing: the model stops where it stops."""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Shape of the scores: [rows, vocabulary]."""
        return scores


class EndOfFunction(StoppingCriteria):  # type: ignore[misc]
    """The harness's criterion: decode everything after the prompt, stop once all rows hold a stop word."""

    def __init__(self, tokenizer: Any, begin: int) -> None:
        self.tokenizer, self.begin = tokenizer, begin

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """True for all rows or none."""
        texts = self.tokenizer.batch_decode(input_ids[:, self.begin :])
        done = all(any(word in text for word in [*STOP, "<|endoftext|>"]) for text in texts)
        return torch.full((len(input_ids),), done, device=input_ids.device)


class Harness:
    """transformers' generate as the harness calls it: one problem, 50 rows, all of them until the longest ends."""

    def __init__(self, folder: Path, dtype: str) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        self.model = model.eval().to("cuda" if torch.cuda.is_available() else "cpu")

    def generate(self, ids: list[int], raised: Raise, limit: int, **more: Any) -> torch.Tensor:
        """One call of generate; shapes: returns [50, up to `limit`]."""
        batch = torch.tensor([ids] * SAMPLES, device=self.model.device)
        with torch.no_grad():
            output: torch.Tensor = self.model.generate(
                batch,
                attention_mask=torch.ones_like(batch),
                do_sample=True,
                temperature=0.2,
                top_p=0.95,
                top_k=0,
                max_length=limit,
                logits_processor=[raised],
                stopping_criteria=[EndOfFunction(self.tokenizer, len(ids))],
                pad_token_id=self.tokenizer.eos_token_id,
                **more,
            )
        return output

    def whole(self, script: Script, number: int) -> float:
        """Seconds of one whole problem."""
        ids = self.tokenizer(script.task.problems[number].prompt)["input_ids"]
        begun = now()
        self.generate(ids, Raise(script.rows[number], len(ids)), WINDOW)
        return now() - begun

    def prefill_seconds(self, tokens: int) -> float:
        """Seconds until the first token of a prompt of `tokens`."""
        raised = Raise(None, tokens)
        begun = now()
        self.generate([5] * tokens, raised, tokens + 1)
        return raised.times[0] - begun

    def step_seconds(self, context: int, steps: int) -> float:
        """Seconds of one step at a context, all of it: forward, warpers, draw, criterion. Median of `steps`."""
        config, cache = self.model.config, DynamicCache()
        width = config.hidden_size // config.num_attention_heads
        shape = (SAMPLES, config.num_key_value_heads, context - 1, width)
        for layer in range(config.num_hidden_layers):
            keys = torch.randn(shape, dtype=self.model.dtype, device=self.model.device)
            cache.update(keys, keys.clone(), layer)
        raised = Raise(None, context)
        self.generate([5] * context, raised, context + steps + 1, past_key_values=cache)
        gaps = [after - before for before, after in zip(raised.times, raised.times[1:], strict=False)]
        return sorted(gaps)[len(gaps) // 2]
