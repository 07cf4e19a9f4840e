"""entrenar's SafeTensors: F32, first all 1-D, later with 2-D labels that describe another order than the bytes.

Reads model.safetensors, config.json and tokenizer.json. The bytes of linear weights are [in, out] by all that is
known of the trainer, lm_head included; labels say [out, in]. Which rotary pairing was trained the file does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.convert.layouts.beside import config_beside
from podium.convert.layouts.names import HEAD
from podium.convert.layouts.tensors import assemble
from podium.convert.tokenizer import tokenizer_beside

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.convert.layouts.checkpoint import Checkpoint

WRITER = "entrenar-model"


def describe_flat(folder: Path, container: Container) -> Checkpoint | str:
    """A file whose tensors are all 1-D, or in a phrase why it is none. Raises CheckpointError if damaged."""
    shaped = next((stored for stored in container.tensors.values() if len(stored.shape) != 1), None)
    if shaped or not container.tensors:
        return f"{shaped.name} is labelled {list(shaped.shape)}, not 1-D" if shaped else "it holds no tensor"
    return _describe("entrenar-flat", "1-D labels", folder, container)


def describe_labelled(folder: Path, container: Container) -> Checkpoint | str:
    """A file that names entrenar as its writer, or in a phrase why it is none."""
    writer = container.metadata.get("name")
    if writer != WRITER:
        return f"its metadata names {writer or 'nobody'} as the writer"
    return _describe("entrenar-labelled", "entrenar wrote [in, out] bytes under [out, in] labels", folder, container)


def _describe(layout: str, why: str, folder: Path, container: Container) -> Checkpoint:
    prior = {"order": f"in_out: {why}"}
    if HEAD in container.tensors:
        prior["head"] = "own_hv: entrenar's head lies as [H, V]"
    return assemble(layout, container, config_beside(folder), tokenizer_beside(folder), prior)
