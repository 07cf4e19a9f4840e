"""What hypotheses are tried on: ordinary Python written for this purpose, and sequences in which only position helps.

The text is nobody's benchmark and nobody's training set; it is as plain as code gets, so that weak models know it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.convert.tokenizer import TokenizerSource

TEXT = (Path(__file__).parent / "probe.txt").read_text(encoding="utf-8")
MOST_TOKENS = 512
SEGMENT, COPIES, SEQUENCES = 8, 6, 16


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """Token ids: `text` is one sequence; each of `repeats` is a random segment of SEGMENT ids, COPIES times over."""

    text: list[int]
    repeats: list[list[int]]


def build_probe(tokenizer: TokenizerSource, longest: int) -> Probe:
    """The probe in a model's own tokens, no sequence longer than `longest`; the same for the same tokenizer."""
    from tokenizers import Tokenizer

    ids: list[int] = Tokenizer.from_str(tokenizer.data.decode()).encode(TEXT, add_special_tokens=False).ids
    return Probe(text=ids[: min(MOST_TOKENS, longest)], repeats=_repeats(sorted(set(ids)), longest))


def _repeats(alphabet: Sequence[int], longest: int) -> list[list[int]]:
    """Segments of ids that the text holds too, since others may have untrained rows."""
    generator = np.random.default_rng(0)
    segments = [generator.choice(np.array(alphabet), SEGMENT).tolist() for _ in range(SEQUENCES)]
    return [(segment * COPIES)[:longest] for segment in segments]
