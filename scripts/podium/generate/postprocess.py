"""What the harness does to a decoded text: drop the prompt by its length, cut at the earliest stop word.

Source: bigcode-evaluation-harness 8fc5bae6, bigcode_eval/utils.py, tasks/humaneval.py, tasks/multiple.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence


def cut_at_stop(completion: str, stop: Sequence[str]) -> str:
    """Text before the earliest stop word; the whole text when there is none."""
    places = [place for word in stop if (place := completion.find(word)) >= 0]
    return completion[: min(places)] if places else completion


def to_generation(prompt: str, decoded: str, stop: Sequence[str]) -> str:
    """Stripped prompt + cut completion. `decoded` is prompt and completion; the prompt goes by character count."""
    return prompt + cut_at_stop(decoded[len(prompt) :], stop)


def finish_of(completion: str, stop: Sequence[str], eos: str) -> Literal["stop", "eos", "length"]:
    """Why a completion ended: a stop word, the end-of-text token or the length limit."""
    kept = cut_at_stop(completion, [*stop, eos])
    if completion.startswith(eos, len(kept)):
        return "eos"
    return "stop" if len(kept) < len(completion) else "length"
