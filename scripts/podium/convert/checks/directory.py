"""Checks on the finished directory, loaded as a stranger would: stock transformers, twice, every report empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.golden import FILE_NAME
from podium.convert.probe import TEXT, build_probe
from podium.convert.readings import WELL_BELOW_CHANCE
from podium.errors import CheckpointError
from podium.model_directory import open_model, without_bos
from podium.records import Check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.convert.tokenizer import TokenizerSource
    from podium.records import LayoutChoice

TEXTS = (TEXT, "\tif x:\n\t\treturn {'a': 1}  # é ü 漢字\n", "#!/bin/bash\necho \"$1\" | sed 's/a/b/'\n")
PROMPTS, FEWEST_ANSWERS = 32, 4
PROMPT_TOKENS = 12
# Largest difference of logits from the checkpoint's own forward pass when the directory holds float32, as a share of
# the largest logit; or so many times what float32 itself moves them, where that is more (measured against float64).
EXACT = 1e-4
TIMES_ROUNDING = 8.0
# The text's score may move this much by rounding weights to 16 bits.
ROUNDED = 0.05
# Every character in the prompts of HumanEval and MultiPL-E: a model that cannot read one is not asked what others are.
NEEDED = frozenset("\n≤➞").union(map(chr, range(ord(" "), ord("~") + 1)))


class Seen(msgspec.Struct, frozen=True):
    """What one load of the directory showed, in float32 arithmetic; the model itself is gone again.

    `misfits` are tensor names that did not fit, by kind; `logits` [length, vocabulary] are the probe text's, `answers`
    the most probable next token after each of PROMPTS pieces of it.
    """

    tokenizer: Any
    misfits: dict[str, list[str]]
    logits: Any
    answers: list[int]


def check_directory(
    folder: Path, checkpoint: Checkpoint, choice: LayoutChoice, dtype: str, prompts: Sequence[str] = ()
) -> tuple[list[Check], dict[str, float]]:
    """All checks in order of cost, and the numbers that compare the directory with the checkpoint.

    `prompts` are benchmark prompts, to be sure that the tokenizer gives each of them back. Raises CheckpointError when
    the directory does not load.
    """
    ids = build_probe(checkpoint.tokenizer, checkpoint.config.max_position_embeddings).text
    seen, again = _look(folder, ids), _look(folder, ids)
    parity = _parity(checkpoint, choice, ids, seen.logits)
    rounding = _rounding(checkpoint, choice, ids) if dtype == "float32" and not _is_exact(parity) else 0.0
    return [
        _loading_check(seen, again),
        _tokenizer_check(seen.tokenizer, checkpoint.tokenizer, prompts),
        _bytes_check(seen.tokenizer, NEEDED.union(*prompts)),
        _parity_check(parity, dtype, rounding),
        _likelihood_check(seen.logits, ids, choice),
        _position_check(choice),
        _prompt_check(seen.answers),
    ], parity


def _look(folder: Path, ids: list[int]) -> Seen:
    """Load with stock transformers and run the probe."""
    import torch

    hint = "check that config.json and tokenizer.json belong to the weights"
    tokenizer, model, misfits = open_model(folder, "float32", CheckpointError, hint=hint)
    starts = [place * (len(ids) - PROMPT_TOKENS) // PROMPTS for place in range(PROMPTS)]
    pieces = torch.tensor([ids[start : start + PROMPT_TOKENS] for start in starts])
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0].float()
        answers: list[int] = model(pieces).logits[:, -1].argmax(dim=-1).tolist()
    return Seen(tokenizer, misfits, logits, answers)


def _loading_check(seen: Seen, again: Seen) -> Check:
    misfits, is_equal = seen.misfits or again.misfits, bool((seen.logits == again.logits).all())
    saw = str(misfits) if misfits else "no missing, unexpected or odd tensor"
    if not is_equal:
        saw += "; a second load gives other logits: something is filled at random"
    return Check(name="loads-completely", ok=not misfits and is_equal, saw=saw)


def _tokenizer_check(tokenizer: Any, source: TokenizerSource, prompts: Sequence[str]) -> Check:
    """Texts as prompts are encoded when samples are drawn: what a template puts around them is in the ids."""
    from tokenizers import Tokenizer

    raw, name = Tokenizer.from_str(source.data.decode()), "tokenizer"
    texts = [*TEXTS, *prompts]
    for text in texts:
        ids = tokenizer(text)["input_ids"]
        if ids != raw.encode(text).ids:
            return Check(name=name, ok=False, saw=f"transformers and tokenizers differ on {text[:40]!r}")
        if without_bos(tokenizer, ids) != text:
            around = [f"{tokens} {place} it" for tokens, place in _around(source)]
            why = f"; tokenizer.json puts {' and '.join(around)}" if around else ""
            return Check(name=name, ok=False, saw=f"{text[:40]!r} does not survive encoding and decoding{why}")
    if lost := _lost_tokens(tokenizer, source):
        return Check(name=name, ok=False, saw=f"transformers has other special tokens: {lost}")
    saw = f"same ids and exact round trip on {len(texts)} texts, {len(prompts)} of them benchmark prompts"
    return Check(name=name, ok=True, saw=saw)


def _around(source: TokenizerSource) -> list[tuple[list[str], str]]:
    pairs = ((source.tokens_before, "before"), (source.tokens_after, "after"))
    return [(tokens, place) for tokens, place in pairs if tokens]


def _lost_tokens(tokenizer: Any, source: TokenizerSource) -> list[str]:
    """Special tokens that transformers reads otherwise than they were written."""
    return [kind for kind, text in source.special.items() if getattr(tokenizer, kind) != text]


def _survives(tokenizer: Any, text: str) -> bool:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return bool(tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text)


def _bytes_check(tokenizer: Any, needed: frozenset[str]) -> Check:
    """What the benchmarks' prompts are written in survives; what else is lost is told, since no prompt holds it."""
    characters = dict.fromkeys((*map(chr, range(256)), *sorted(needed)))
    lost = [character for character in characters if not _survives(tokenizer, character)]
    missed = [character for character in lost if character in needed]
    saw = f"all of the {len(needed)} characters of the benchmarks' prompts survive"
    if missed:
        saw = f"{len(missed)} of the {len(needed)} characters of the benchmarks' prompts are lost: {missed[:5]}"
    if others := [character for character in lost if character not in needed]:
        saw += f"; {len(others)} other characters of one byte are lost, which no prompt holds: {others[:5]}"
    return Check(name="tokenizer-bytes", ok=not missed, saw=saw)


def _parity(checkpoint: Checkpoint, choice: LayoutChoice, ids: list[int], logits: Any) -> dict[str, float]:
    """The directory against the checkpoint's own bytes as they are read, on the probe's text."""
    ours = _logits_of(checkpoint, choice, ids)
    scale = choice.logit_scale
    return {
        "max_logit_difference": float((logits - ours).abs().max()),
        "max_logit": float(ours.abs().max()),
        "text_nats": _nats(logits, ids),
        "text_nats_of_checkpoint": _nats(ours, ids),
        "text_nats_moved": abs(_nats(logits * scale, ids) - _nats(ours * scale, ids)),
    }


def _logits_of(checkpoint: Checkpoint, choice: LayoutChoice, ids: list[int], *, exactly: bool = False) -> Any:
    """The checkpoint's own logits [length, vocabulary], in float32, or exactly in float64."""
    import torch
    from torch.nn import functional

    from podium.convert.trial import Trunk, final_states, head_of
    from podium.progress import SilentProgress

    dtype = torch.float64 if exactly else torch.float32
    trunk = Trunk(choice.hypothesis.order, choice.hypothesis.pairing)
    states = final_states(checkpoint, [trunk], [torch.tensor([ids])], SilentProgress(), dtype)[trunk][0]
    with torch.inference_mode():
        return functional.linear(states[0], head_of(checkpoint, choice.hypothesis.head).to(dtype))


def _nats(logits: Any, ids: list[int]) -> float:
    import torch
    from torch.nn import functional

    return float(functional.cross_entropy(logits[:-1], torch.tensor(ids[1:])))


def _is_exact(parity: dict[str, float]) -> bool:
    return parity["max_logit_difference"] <= EXACT * parity["max_logit"]


def _rounding(checkpoint: Checkpoint, choice: LayoutChoice, ids: list[int]) -> float:
    """How far float32 arithmetic alone moves a logit: models whose attention is very sharp magnify it."""
    single, double = (_logits_of(checkpoint, choice, ids, exactly=exactly) for exactly in (False, True))
    return float((single - double).abs().max())


def _parity_check(parity: dict[str, float], dtype: str, rounding: float) -> Check:
    difference, moved = parity["max_logit_difference"], parity["text_nats_moved"]
    allowed = max(EXACT * parity["max_logit"], TIMES_ROUNDING * rounding)
    ok = difference <= allowed if dtype == "float32" else moved <= ROUNDED
    saw = (
        f"logits of up to {parity['max_logit']:.3g} differ by at most {difference:.3g}, "
        f"the text's score by {moved:.3g} nats a token ({dtype})"
    )
    if rounding:
        saw += f"; float32 alone moves them by {rounding:.3g}"
    return Check(name="parity", ok=ok, saw=saw)


def _likelihood_check(logits: Any, ids: list[int], choice: LayoutChoice) -> Check:
    chance, scale = choice.chance_nats, choice.logit_scale
    nats = _nats(logits * scale, ids)
    saw = f"{nats:.2f} nats a token on plain Python, chance is {chance:.2f}"
    if scale != 1:
        saw += f"; of logits times {scale:g}, since the model is far too sure of itself"
    return Check(name="better-than-chance", ok=nats < chance * (1 - WELL_BELOW_CHANCE), saw=saw)


def _position_check(choice: LayoutChoice) -> Check:
    """Another pairing than the format means is a fault, unless golden logits or a person say that it is meant."""
    pairing = choice.hypothesis.pairing
    saw = f"rotary positions, pairing {pairing} in the checkpoint"
    if pairing == "none":
        saw = "trained without positions, and exported so"
    claim = choice.prior.get("pairing", f"{pairing}: ")
    ok = claim.startswith(f"{pairing}:") or "pairing" in choice.assumed or choice.decided_by == "golden"
    if not ok:
        saw += f", but the checkpoint claims {claim}; if it is meant so, state it: pairing={pairing} "
        saw += (
            f"(podium convert --assume, assume in podium.toml), or put golden logits ({FILE_NAME}) beside the weights"
        )
    return Check(name="position", ok=ok, saw=saw)


def _prompt_check(answers: list[int]) -> Check:
    """A head laid out wrongly answers everything with one token."""
    distinct = len(set(answers))
    saw = f"{distinct} different answers to {PROMPTS} prompts"
    return Check(name="depends-on-prompt", ok=distinct >= FEWEST_ANSWERS, saw=saw)
