"""Between texts and tokens: prompts in, the harness's generation out. One for all backends that see tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.errors import BackendError
from podium.generate.postprocess import cut_at_stop, finish_of, to_generation
from podium.generate.stops import ByteStops, DecodedStops, byte_values
from podium.generation_settings import read_generation_settings
from podium.model_directory import without_bos
from podium.records import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from podium.generate.stops import StopFinder
    from podium.records import Sampling
    from podium.tasks import Problem, Task

LEAST_NEW_TOKENS = 64  # tokens that a completion should find left in the window
SHOWN = 5


class Texts:
    """A tokenizer under the harness's rules: nothing stripped, special tokens kept, one leading bos dropped.

    `end_ids` end a row: the tokenizer's eos and those of the model's own files. Texts are cut at the first alone.
    """

    def __init__(self, tokenizer: Any, where: Path) -> None:
        """Raises BackendError when the tokenizer has neither eos nor bos, or a file about generation is broken."""
        self._tokenizer = tokenizer
        # The harness takes bos where there is no eos.
        eos = tokenizer.eos_token or tokenizer.bos_token
        if eos is None:
            message = f"the tokenizer of {where} has no eos token"
            raise BackendError(message, hint="convert again from a checkpoint whose tokenizer has </s>")
        self.eos = str(eos)
        self.eos_id = int(tokenizer.convert_tokens_to_ids(self.eos))
        self._settings = read_generation_settings(where, BackendError, hint=f"restore it, or remove it from {where}")
        self.end_ids = self._settings.end_ids(self.eos_id)
        self._byte_values: list[bytes] | None = None

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words and the eos token's text."""
        return [*task.stop, self.eos]

    @property
    def says_no_more(self) -> bool:
        """Whether the model's own files may be handed to transformers as they are."""
        return self._settings.says_no_more(self.eos_id)

    def decode(self, ids: Sequence[int]) -> str:
        """Token ids as text; the harness drops one leading bos token."""
        return without_bos(self._tokenizer, ids)

    def _text(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def decode_rows(self, rows: list[list[int]]) -> list[str]:
        """New tokens of many rows as texts, at once."""
        texts: list[str] = self._tokenizer.batch_decode(
            rows, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return texts

    def prompt_ids(self, problem: Problem) -> list[int]:
        """Token ids of a prompt. Raises BackendError when decoding does not give it back, character by character."""
        ids: list[int] = self._tokenizer(problem.prompt)["input_ids"]
        if self.decode(ids) != problem.prompt:
            message = f"the prompt of {problem.id} does not survive encoding and decoding"
            raise BackendError(message, hint="the tokenizer drops or changes text; completions would be cut wrongly")
        return ids

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Look at every prompt before hours of work; returns what is worth a warning. Raises BackendError."""
        lengths = {problem.id: len(self.prompt_ids(problem)) for problem in task.problems}
        tight = [name for name, length in lengths.items() if length + LEAST_NEW_TOKENS > sampling.max_length]
        full = [name for name, length in lengths.items() if length >= sampling.max_length]
        warnings = []
        if tight:
            message = f"{len(tight)} prompts leave less than {LEAST_NEW_TOKENS} of {sampling.max_length} tokens"
            message += " to the completion"
            warnings.append(f"{message}: {_shown(tight)}")
        if full:
            message = f"{len(full)} prompts fill the window; all of their samples are the prompt alone"
            warnings.append(f"{message}: {_shown(full)}")
        if len(self._tokenizer(self.eos, add_special_tokens=False)["input_ids"]) != 1:
            warnings.append(f"{self.eos!r} is not one token: nothing ends before {sampling.max_length} tokens")
        return [*warnings, *self._about_settings()]

    def _about_settings(self) -> list[str]:
        """What the model's own files say beside the tokenizer, and what becomes of it."""
        warnings = []
        if others := [number for number in self.end_ids if number != self.eos_id]:
            named = ", ".join(f"{self._tokenizer.convert_ids_to_tokens(number)!r} ({number})" for number in others)
            warnings.append(
                f"the tokenizer's eos is {self.eos!r} ({self.eos_id}), the model's files also end texts at {named}: "
                "rows end there too, but as in the harness they are not cut there, so its text stays in the program"
            )
        if said := self._settings.not_applied():
            warnings.append(f"not applied, since the protocol has its own settings: {said}")
        return warnings

    def finder(self, stop: Sequence[str], vocabulary: int) -> StopFinder:
        """The quickest exact way to see stop words in a row's new tokens."""
        if self._byte_values is None:
            self._byte_values = byte_values(self._tokenizer, vocabulary) or []
        return ByteStops(self._byte_values, stop) if self._byte_values else DecodedStops(self._text, stop)

    def sample(self, task: Task, problem: Problem, index: int, ids: list[int], row: list[int]) -> Sample:
        """The harness's post-processing of one row: prompt ids and new ids, to stripped prompt + cut completion."""
        row = self._ended(row)
        decoded, stop = self.decode([*ids, *row, *self._padding(row)]), self.stop_words(task)
        completion = decoded[len(problem.prompt) :]
        return Sample(
            problem=problem.id,
            index=index,
            generation=to_generation(problem.prompt, decoded, stop),
            tokens=self._useful_tokens(row, completion, stop),
            finish=finish_of(completion, task.stop, self.eos),
        )

    def _ended(self, row: list[int]) -> list[int]:
        """A row up to and with the first token that ends it."""
        place = next((at for at, token in enumerate(row) if token in self.end_ids), len(row))
        return row[: place + 1]

    def _padding(self, row: list[int]) -> list[int]:
        """What transformers fills an ended row with, and where the harness cuts it."""
        is_padded = bool(row) and row[-1] in self.end_ids and row[-1] != self.eos_id
        return [self.eos_id] if is_padded else []

    def _useful_tokens(self, row: list[int], completion: str, stop: list[str]) -> int:
        """New tokens up to and with the one that completed the first stop word; all of them without one."""

        def holds_one(count: int) -> bool:
            text = self._text(row[:count])
            return any(word in text for word in stop)

        if len(cut_at_stop(completion, stop)) == len(completion):
            return len(row)
        # Nearly always it is the last one: a row was drawn no further.
        low, high = (1, len(row) - 1) if holds_one(len(row) - 1) else (len(row), len(row))
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if holds_one(middle) else (middle + 1, high)
        return low


def prompt_only(problem: Problem, index: int) -> Sample:
    """A prompt as long as the window leaves no room: the harness keeps the input itself as the generation."""
    return Sample(problem=problem.id, index=index, generation=problem.prompt, tokens=0, finish="prompt_fills_window")


def _shown(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
