"""A Hugging Face directory of a LLaMA or Qwen2 model: its labels are believed no more than any other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.convert.layouts import EMBEDDING, HEAD
from podium.convert.layouts.beside import config_beside
from podium.convert.layouts.tensors import assemble
from podium.convert.tokenizer import tokenizer_beside

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.convert.layouts import Checkpoint

NAME = "huggingface"


def describe(folder: Path, container: Container) -> Checkpoint | str:
    """Describe weights with 2-D labels, or say in a phrase why they are none."""
    embedding = container.tensors.get(EMBEDDING)
    if embedding is None or len(embedding.shape) != 2:
        return f"it has no 2-D {EMBEDDING}"
    prior = {"order": "out_in: Hugging Face's labels", "pairing": "split: Hugging Face's rotary positions"}
    prior["head"] = "own_vh: Hugging Face's labels" if HEAD in container.tensors else "tied: it has no head"
    return assemble(NAME, container, config_beside(folder), tokenizer_beside(folder), prior)
