"""What can be seen by loading the converted directory as a stranger would: each check says what it saw."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from podium.errors import CheckpointError
from podium.model_directory import open_model
from podium.records import Check

if TYPE_CHECKING:
    from pathlib import Path

# Written for this check: ordinary Python of the kind every code model has seen.
PROBE_TEXT = '''def count_items(values):
    """Return how many values are in the list."""
    total = 0
    for value in values:
        total = total + 1
    return total


def largest(values):
    """Return the largest value."""
    best = values[0]
    for value in values:
        if value > best:
            best = value
    return best
'''
PROBE_TEXTS = (PROBE_TEXT, "\tif x:\n\t\treturn {'a': 1}  # é ü 漢字\n", "#!/bin/bash\necho \"$1\" | sed 's/a/b/'\n")


def check_directory(folder: Path, tokenizer_file: Path) -> list[Check]:
    """Load the directory with stock transformers and look at it. Raises CheckpointError when it does not load."""
    tokenizer, model, misfits = open_model(
        folder, "float32", CheckpointError, hint="check that config.json and tokenizer.json belong to the weights"
    )
    return [
        _loading_check(misfits),
        _tokenizer_check(tokenizer, tokenizer_file),
        _vocabulary_check(tokenizer, model),
        *_likelihood_checks(tokenizer, model),
    ]


def _loading_check(misfits: dict[str, list[str]]) -> Check:
    saw = str(misfits) if misfits else "no missing, unexpected or odd tensor"
    return Check(name="loads-completely", ok=not misfits, saw=saw)


def _tokenizer_check(tokenizer: Any, tokenizer_file: Path) -> Check:
    from tokenizers import Tokenizer

    raw = Tokenizer.from_file(str(tokenizer_file))
    texts = [*PROBE_TEXTS, *(chr(code) for code in range(256))]
    for text in texts:
        ids = raw.encode(text, add_special_tokens=False).ids
        if tokenizer(text)["input_ids"] != ids:
            return Check(name="tokenizer", ok=False, saw=f"transformers and tokenizers differ on {text[:40]!r}")
        if tokenizer.decode(ids, clean_up_tokenization_spaces=False) != text:
            return Check(name="tokenizer", ok=False, saw=f"{text[:40]!r} does not survive encoding and decoding")
    return Check(name="tokenizer", ok=True, saw=f"same ids and exact round trip on {len(texts)} texts")


def _vocabulary_check(tokenizer: Any, model: Any) -> Check:
    rows, size = model.get_input_embeddings().weight.shape[0], len(tokenizer)
    return Check(name="vocabulary", ok=size <= rows, saw=f"{size} tokens, {rows} embedding rows")


def _likelihood_checks(tokenizer: Any, model: Any) -> list[Check]:
    import torch

    ids = torch.tensor([tokenizer(PROBE_TEXT)["input_ids"]])
    with torch.inference_mode():
        output = model(ids, labels=ids)
        last = model(ids[:, : ids.shape[1] // 2]).logits[0, -1]
    loss, uniform = float(output.loss), math.log(model.config.vocab_size)
    changes = float((output.logits[0, -1] - last).abs().max())
    return [
        Check(
            name="better-than-chance",
            ok=loss < uniform - 0.5,
            saw=f"{loss:.2f} nats a token on plain Python, chance is {uniform:.2f}",
        ),
        Check(
            name="depends-on-prompt",
            ok=math.isfinite(changes) and changes > 1e-3,
            saw=f"logits move by {changes:.3g} between two prompts",
        ),
    ]
