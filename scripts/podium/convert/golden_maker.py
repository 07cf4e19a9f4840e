"""Golden logits out of any model directory that transformers loads: the probe's text, float32, a few positions.

Writes what `golden.py` reads, and beside the arrays what made them. The same model, library versions and processor
give the same bytes.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from podium.convert.golden import EARLIEST_POSITION, FEWEST_IDS
from podium.convert.probe import TEXT
from podium.errors import CheckpointError
from podium.files import write_atomic
from podium.model_directory import open_model

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = 128
# A few from where rotary pairings begin to differ: each costs a row of the vocabulary's size.
POSITIONS = (0, EARLIEST_POSITION + 1, 31, 63, 95, LENGTH - 1)
A_MODEL = "name a folder with config.json, weights and tokenizer files, as save_pretrained writes them"


class GoldenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Whose logits, and the .npz they go to."""

    model: Path
    output: Path


def make_golden(options: GoldenOptions) -> None:
    """Run the model once and write its logits. Raises CheckpointError, StorageError."""
    if not (options.model / "config.json").is_file():
        message = f"{options.model} is not a model folder: it has no config.json"
        raise CheckpointError(message, hint=A_MODEL)
    tokenizer, model, misfits = open_model(options.model, "float32", CheckpointError, hint=A_MODEL)
    if misfits:
        kind, names = next(iter(misfits.items()))
        message = f"{options.model} does not hold its whole model: {kind.replace('_', ' ')} {', '.join(names[:3])}"
        raise CheckpointError(message, hint="its logits would rest on random values; restore the missing weights")
    ids = _ids(options.model, tokenizer, model)
    positions = [position for position in POSITIONS if position < len(ids)]
    arrays = {
        "ids": np.array(ids, np.int64),
        "positions": np.array(positions, np.int64),
        "logits": _logits(model, ids)[positions],
        "made_by": np.array(json.dumps(_made_by(options.model), sort_keys=True)),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomic(options.output, buffer.getvalue())


def _ids(folder: Path, tokenizer: Any, model: Any) -> list[int]:
    """The probe's text in the model's own tokens. Raises CheckpointError where model and tokenizer do not fit."""
    ids: list[int] = tokenizer(TEXT, add_special_tokens=False)["input_ids"][:LENGTH]
    rows, longest = model.get_input_embeddings().weight.shape[0], getattr(model.config, "max_position_embeddings", None)
    if max(ids, default=0) >= rows:
        message = f"the tokenizer of {folder} gives token {max(ids)}, the model's vocabulary has {rows}"
        raise CheckpointError(message, hint="put the tokenizer into the folder that the model was trained with")
    ids = ids[:longest]
    if len(ids) < FEWEST_IDS:
        message = f"{folder} takes {len(ids)} tokens of the probe, golden logits need {FEWEST_IDS}"
        raise CheckpointError(message, hint="state the layout instead: podium convert --assume pairing=split")
    return ids


def _logits(model: Any, ids: list[int]) -> Any:
    import torch

    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0].float().numpy()
    if not np.isfinite(logits).all():
        message = "the model's logits are not finite"
        raise CheckpointError(message, hint="training diverged or the weights are damaged; use an earlier checkpoint")
    return logits


def _made_by(folder: Path) -> dict[str, Any]:
    from importlib.metadata import version

    from podium import __version__
    from podium.convert import digest_folder
    from podium.records import digest_of_files

    files = digest_folder(folder, without=".npz")
    versions = {name: version(name) for name in ("torch", "transformers")}
    return {"podium": __version__, "model": digest_of_files(files), "dtype": "float32", **versions}
