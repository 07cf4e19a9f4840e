"""A Hugging Face directory of a LLaMA or Qwen2 model: its labels are believed no more than any other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.convert.layouts import EMBEDDING, HEAD
from podium.convert.layouts.beside import config_beside
from podium.convert.layouts.tensors import assemble
from podium.convert.tokenizer import tokenizer_beside
from podium.errors import CheckpointError
from podium.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.convert.layouts import Checkpoint

NAME = "huggingface"
WHOLE_MODEL = (
    "save the whole model (LlamaForCausalLM, not LlamaModel) with save_pretrained; if its head is the embedding, write "
    '"tie_word_embeddings": true into config.json'
)


def describe(folder: Path, container: Container) -> Checkpoint | str:
    """Describe weights with 2-D labels, or say in a phrase why they are none.

    Raises CheckpointError where the head is missing and the config does not tie it to the embedding.
    """
    embedding = container.tensors.get(EMBEDDING)
    if embedding is None or len(embedding.shape) != 2:
        return f"it has no 2-D {EMBEDDING}"
    prior = {"order": "out_in: Hugging Face's labels", "pairing": "split: Hugging Face's rotary positions"}
    prior["head"] = "own_vh: Hugging Face's labels" if HEAD in container.tensors else "tied: it has no head"
    config = config_beside(folder)
    if HEAD not in container.tensors and read_json(folder / "config.json").get("tie_word_embeddings") is not True:
        message = (
            f"{container.paths[0]} is a base model without its head: it has no {HEAD}, and config.json does not say "
            "that the head is the embedding"
        )
        raise CheckpointError(message, hint=WHOLE_MODEL)
    return assemble(NAME, container, config, tokenizer_beside(folder), prior)
