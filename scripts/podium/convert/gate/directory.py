"""Checks on the finished directory, loaded as a stranger would: stock transformers, twice, every report empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.probe import TEXT, build_probe
from podium.errors import CheckpointError
from podium.model_directory import open_model, without_bos
from podium.records import Check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from podium.convert.layouts import Checkpoint
    from podium.convert.tokenizer import TokenizerSource
    from podium.records import LayoutVerdict

TEXTS = (TEXT, "\tif x:\n\t\treturn {'a': 1}  # é ü 漢字\n", "#!/bin/bash\necho \"$1\" | sed 's/a/b/'\n")
# A model that has learnt anything of code leaves this share of chance behind on plain Python: 2 of 10.4 nats.
WELL_BELOW_CHANCE = 0.2
PROMPTS, FEWEST_ANSWERS = 32, 4
PROMPT_TOKENS = 12
# Largest difference of logits from the checkpoint's own forward pass, when the directory holds float32.
EXACT = 1e-4
# The text's score may move this much by rounding weights to 16 bits.
ROUNDED = 0.05


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
    folder: Path, checkpoint: Checkpoint, verdict: LayoutVerdict, dtype: str, prompts: Sequence[str] = ()
) -> tuple[list[Check], dict[str, float]]:
    """All checks in order of cost, and the numbers that compare the directory with the checkpoint.

    `prompts` are benchmark prompts, to be sure that the tokenizer gives each of them back. Raises CheckpointError when
    the directory does not load.
    """
    ids = build_probe(checkpoint.tokenizer, checkpoint.config.max_position_embeddings).text
    seen, again = _look(folder, ids), _look(folder, ids)
    parity = _parity(checkpoint, verdict, ids, seen.logits)
    return [
        _loading_check(seen, again),
        _tokenizer_check(seen.tokenizer, checkpoint.tokenizer, prompts),
        _bytes_check(seen.tokenizer),
        _parity_check(parity, dtype),
        _likelihood_check(parity["text_nats"], verdict),
        _position_check(checkpoint, verdict),
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


def _bytes_check(tokenizer: Any) -> Check:
    """Every character of one byte survives; tokenizers trained without the byte alphabet drop what they never saw."""
    lost = [chr(code) for code in range(256) if not _survives(tokenizer, chr(code))]
    saw = f"{len(lost)} of 256 characters are lost: {lost[:5]}" if lost else "all 256 characters survive"
    return Check(name="tokenizer-bytes", ok=not lost, saw=saw)


def _parity(checkpoint: Checkpoint, verdict: LayoutVerdict, ids: list[int], logits: Any) -> dict[str, float]:
    """The directory against the checkpoint's own bytes read under the verdict, on the probe's text."""
    import torch
    from torch.nn import functional

    from podium.convert.trial import Trunk, final_states, head_of
    from podium.progress import SilentReport

    chosen = verdict.hypothesis
    trunk = Trunk(chosen.order, chosen.pairing)
    states = final_states(checkpoint, [trunk], [torch.tensor([ids])], SilentReport())[trunk][0]
    with torch.inference_mode():
        ours = functional.linear(states[0], head_of(checkpoint, chosen.head))
        targets = torch.tensor(ids[1:])
        nats, source = (float(functional.cross_entropy(rows[:-1], targets)) for rows in (logits, ours))
        return {
            "max_logit_difference": float((logits - ours).abs().max()),
            "text_nats": nats,
            "text_nats_of_checkpoint": source,
        }


def _parity_check(parity: dict[str, float], dtype: str) -> Check:
    difference = parity["max_logit_difference"]
    moved = abs(parity["text_nats"] - parity["text_nats_of_checkpoint"])
    ok = difference <= EXACT if dtype == "float32" else moved <= ROUNDED
    saw = f"logits differ by at most {difference:.3g}, the text's score by {moved:.3g} nats a token ({dtype})"
    return Check(name="parity", ok=ok, saw=saw)


def _likelihood_check(nats: float, verdict: LayoutVerdict) -> Check:
    chance = verdict.chance_nats
    saw = f"{nats:.2f} nats a token on plain Python, chance is {chance:.2f}"
    return Check(name="better-than-chance", ok=nats < chance * (1 - WELL_BELOW_CHANCE), saw=saw)


def _position_check(checkpoint: Checkpoint, verdict: LayoutVerdict) -> Check:
    """A model without positions is exported as what it is; a fault only where the checkpoint claims positions."""
    pairing, claim = verdict.hypothesis.pairing, checkpoint.prior.get("pairing", "")
    if pairing != "none":
        return Check(name="position", ok=True, saw=f"rotary positions, pairing {pairing} in the checkpoint")
    ok = not claim or "pairing" in verdict.assumed
    saw = "trained without positions, and exported so"
    if not ok:
        saw += f", but the checkpoint claims {claim}; if it is meant so, state it: --assume pairing=none"
    return Check(name="position", ok=ok, saw=saw)


def _prompt_check(answers: list[int]) -> Check:
    """A head laid out wrongly answers everything with one token."""
    distinct = len(set(answers))
    saw = f"{distinct} different answers to {PROMPTS} prompts"
    return Check(name="depends-on-prompt", ok=distinct >= FEWEST_ANSWERS, saw=saw)
