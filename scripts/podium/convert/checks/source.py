"""Checks on the stored tensors: finite, trained at all, layer by layer, and special tokens' rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from podium.convert.containers.storage import float32_of
from podium.convert.layouts.names import EMBEDDING
from podium.convert.layouts.tensors import layer_shapes
from podium.convert.readings import WELL_BELOW_CHANCE
from podium.errors import CheckpointError
from podium.records import Check

if TYPE_CHECKING:
    from podium.convert.containers import Stored
    from podium.convert.containers.storage import Floats
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.progress import Progress
    from podium.records import LayoutChoice

CHUNK_VALUES = 1 << 20
# Trained layers are nearly orthogonal; layers that never got a gradient still lie as they were initialised, alike.
PARALLEL = 0.9
NEARLY_CONSTANT = 1e-3
LARGEST_SOUND_VALUE = 1e4
ALL_STILL = "all of the"


def check_source(checkpoint: Checkpoint, report: Progress) -> list[Check]:
    """Look at every stored value once or twice. Raises CheckpointError for NaN, infinity or a tokenizer too large."""
    _check_vocabulary(checkpoint)
    report.start("convert: look at the weights", len(checkpoint.weights), "tensors")
    largest = 0.0
    for stored in checkpoint.weights.values():
        largest = max(largest, _largest(stored, checkpoint))
        report.advance()
    report.finish()
    files = len(checkpoint.container.paths)
    return [
        Check(
            name="tensors",
            ok=True,
            saw=f"{len(checkpoint.weights)} tensors in {files} files, exactly those of the config",
        ),
        _config_check(checkpoint),
        Check(name="finite", ok=largest < LARGEST_SOUND_VALUE, saw=f"all finite, the largest value is {largest:.4g}"),
        _norms_check(checkpoint),
        _layers_check(checkpoint),
        _special_rows_check(checkpoint),
    ]


def settled(checks: list[Check], choice: LayoutChoice) -> list[Check]:
    """The checks once the model's score is known: what looks untrained but predicts text well is not untrained.

    Norm weights of exactly 1 everywhere are also those of a model whose norms were folded into the next layer, never
    had weights, or were trained in 16 bits, where a step is too small to move a 1.
    """
    text = next(trial.text_nats for trial in choice.trials if trial.hypothesis == choice.hypothesis)
    if text >= choice.chance_nats * (1 - WELL_BELOW_CHANCE):
        return checks
    excused = f", and {text:.2f} nats a token on plain Python show that the rest is trained: none of its own, or folded"
    return [
        Check(name=check.name, ok=True, saw=check.saw + excused)
        if check.name == "norms" and check.saw.startswith(ALL_STILL)
        else check
        for check in checks
    ]


def _config_check(checkpoint: Checkpoint) -> Check:
    """What of config.json is carried over, and which of its keys nothing here knows."""
    rotary, config = checkpoint.config.rotary, checkpoint.config
    saw = f"rotary positions: {rotary.kind}, base {rotary.theta:g}"
    if rotary.values:
        saw += ", " + ", ".join(f"{key} {value}" for key, value in rotary.values.items() if not isinstance(value, list))
    implied = config.max_position_embeddings / rotary.original_length(config.max_position_embeddings)
    if rotary.kind == "yarn" and implied not in (1, rotary.values["factor"]):
        saw += f"; transformers 4 takes {implied:g} for its factor, from the lengths"
    if config.unknown:
        saw += f"; known to no LLaMA and left out: {', '.join(config.unknown)}"
    return Check(name="config", ok=True, saw=saw)


def _check_vocabulary(checkpoint: Checkpoint) -> None:
    tokens, rows = checkpoint.tokenizer.size, checkpoint.config.vocab_size
    if tokens > rows:
        message = f"{checkpoint.tokenizer.where} has {tokens} tokens, the embedding has {rows} rows"
        raise CheckpointError(message, hint="use the tokenizer that the model was trained with")


def _chunks(values: Floats) -> list[Floats]:
    return [values[begin : begin + CHUNK_VALUES] for begin in range(0, len(values), CHUNK_VALUES)]


def _largest(stored: Stored, checkpoint: Checkpoint) -> float:
    """The largest absolute value of a tensor. Raises CheckpointError at the first that is not finite."""
    largest, begin = 0.0, 0
    for chunk in _chunks(float32_of(stored)):
        found = float(np.abs(chunk).max(initial=0.0))
        if not math.isfinite(found):
            place = begin + int(np.flatnonzero(~np.isfinite(chunk))[0])
            width = checkpoint.config.hidden_size
            row = f" (row {place // width})" if stored.name == EMBEDDING else ""
            message = f"{stored.path}: {stored.name} holds {chunk[place - begin]} at value {place}{row}"
            raise CheckpointError(message, hint="training diverged or the file is damaged; use an earlier checkpoint")
        largest, begin = max(largest, found), begin + len(chunk)
    return largest


def _norms_check(checkpoint: Checkpoint) -> Check:
    """Norm weights begin at exactly 1 and move with the first step, each value its own way."""
    norms = {name: float32_of(stored) for name, stored in checkpoint.weights.items() if "norm" in name}
    still = [name for name, values in norms.items() if (values == 1).all()]
    low, high = (float(pick(pick(values) for values in norms.values())) for pick in (min, max))
    is_decayed = high < 1 and all(map(_is_constant, norms.values()))
    if len(still) == len(norms):
        saw = f"{ALL_STILL} {len(norms)} norm weights are exactly 1, as before training"
    elif still:
        saw = f"{len(still)} of {len(norms)} norm weights are exactly 1, as before training: {still[0]}"
    elif is_decayed:
        saw = f"all {len(norms)} norm weights are constants below 1: they shrank and learned nothing"
    else:
        saw = f"{len(norms)} norm weights between {low:.3g} and {high:.3g}"
    return Check(name="norms", ok=not (still or is_decayed), saw=saw)


def _layers_check(checkpoint: Checkpoint) -> Check:
    """No layer is its neighbour again: the trace of blocks that were saved as initialised, or never had a gradient.

    Layers that share weights, or began as copies of each other, are alike too; their norms show that they learned.
    """
    worst, where = -1.0, "one layer"
    untrained = _untrained_layers(checkpoint)
    dead = (-1.0, "")
    for name, shape in layer_shapes(checkpoint.config).items():
        if len(shape) == 1:
            continue
        for number in range(checkpoint.config.num_hidden_layers - 1):
            pair = [checkpoint.weights[f"model.layers.{at}.{name}"] for at in (number, number + 1)]
            cosine = _cosine(pair[0], pair[1])
            place = f"layers {number} and {number + 1} in {name}"
            if cosine > worst:
                worst, where = cosine, place
            if {number, number + 1} <= untrained:
                dead = max(dead, (cosine, place))
    saw = f"the most alike are {where}, cosine {worst:.3f}"
    if worst >= PARALLEL > dead[0]:
        saw += "; their norms learned, so they share weights or began as copies"
    elif dead[0] >= PARALLEL:
        saw = f"{dead[1]} are alike, cosine {dead[0]:.3f}, and their norms never learned"
    return Check(name="layers", ok=dead[0] < PARALLEL, saw=saw)


def _untrained_layers(checkpoint: Checkpoint) -> set[int]:
    """Layers whose norms all stayed constant, at 1 or wherever weight decay took them."""
    norms = [name for name, shape in layer_shapes(checkpoint.config).items() if len(shape) == 1]
    return {
        number
        for number in range(checkpoint.config.num_hidden_layers)
        if all(_is_constant(float32_of(checkpoint.weights[f"model.layers.{number}.{name}"])) for name in norms)
    }


def _is_constant(values: Floats) -> bool:
    return bool(np.ptp(values) < NEARLY_CONSTANT)


def _cosine(one: Stored, other: Stored) -> float:
    dot = squares = other_squares = 0.0
    for first, second in zip(_chunks(float32_of(one)), _chunks(float32_of(other)), strict=True):
        dot += float(first @ second)
        squares += float(first @ first)
        other_squares += float(second @ second)
    return dot / math.sqrt(squares * other_squares) if squares and other_squares else 1.0


def _special_rows_check(checkpoint: Checkpoint) -> Check:
    """Rows of tokens that training never saw keep their initial size; that is worth knowing, and no fault."""
    rows = float32_of(checkpoint.weights[EMBEDDING]).reshape(checkpoint.config.vocab_size, -1)
    sizes = np.concatenate([np.linalg.norm(rows[begin : begin + 4096], axis=1) for begin in range(0, len(rows), 4096)])
    median = float(np.median(sizes))
    # Where most rows are padding there is no typical one, and sizes are shown as they are.
    unit = median or 1.0
    shown = [f"{text} {sizes[number] / unit:.2f}" for text, number in sorted(checkpoint.tokenizer.ids.items())]
    return Check(name="special-rows", ok=True, saw=f"embedding rows against the median: {', '.join(shown)}")
