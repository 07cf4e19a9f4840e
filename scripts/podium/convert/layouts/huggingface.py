"""A Hugging Face directory of a LLaMA or Qwen2 model: what the format means holds unless the scores contradict it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.convert.layouts.beside import config_beside
from podium.convert.layouts.names import EMBEDDING, HEAD
from podium.convert.layouts.tensors import assemble
from podium.convert.tokenizer import tokenizer_beside
from podium.errors import CheckpointError
from podium.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.convert.model_config import ModelConfig

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
    checkpoint = assemble(NAME, container, config, tokenizer_beside(folder), prior)
    return msgspec.structs.replace(checkpoint, defined=_defined(config, has_head=HEAD in container.tensors))


def _defined(config: ModelConfig, *, has_head: bool) -> dict[str, str]:
    """What the format means by axis; a head that is neither in the file nor tied to the embedding it cannot mean."""
    head = {"head": "own_vh"} if has_head else {"head": "tied"} if config.is_tied else {}
    return {"order": "out_in", "pairing": "split", **head}
