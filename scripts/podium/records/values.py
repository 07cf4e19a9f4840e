"""What records are made of: their two bases, and values with bounds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

# `(?!\n)$`: a bare `$` would let a line break at the end pass.
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
# No slash, blank or leading dot: these become folder names and a pull request title.
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(?!\n)$", max_length=96)]
# A problem is named by its data set: HumanEval/0, HumanEval_0_has_close_elements.
ProblemId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

# unavailable: it asked for something that the harness has beside its programs and we do not give.
Outcome = Literal[
    "passed", "failed", "timed_out", "syntax_error", "crashed", "unavailable",
    # A limit of the sandbox decided, and was seen to.
    "out_of_memory", "output_limit", "process_limit", "file_limit",
]  # fmt: skip
LIMIT_OUTCOMES: tuple[Outcome, ...] = ("out_of_memory", "output_limit", "process_limit", "file_limit")
Finish = Literal["stop", "eos", "length", "prompt_fills_window", "unknown"]
# in_out: linear weights lie as [in, out], the transpose of what Hugging Face calls for; out_in: as it calls for.
Order = Literal["in_out", "out_in"]
# Which two dimensions of a head turn together: i and i + width/2 (split, as Hugging Face), 2i and 2i + 1, or none.
Pairing = Literal["split", "adjacent", "none"]
# lm_head.weight of its own as [V, H] or as [H, V]; or without one the embedding, or its memory read as [H, V].
HeadLayout = Literal["own_vh", "own_hv", "tied", "reinterpreted"]
Transformation = Literal["copy", "transpose", "pairs_to_halves", "add_lora", "zeros"]
SendOutcome = Literal["created", "updated", "unchanged", "closed", "skipped", "failed"]
Severity = Literal["error", "warning"]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="record"):
    """Base of all records; subclasses name themselves with `tag=`.

    `ADDED` are fields that files of earlier versions lack, `RENEW` what makes such a file anew.
    """

    ADDED: ClassVar[tuple[str, ...]] = ()
    RENEW: ClassVar[str] = ""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the pieces inside records."""
