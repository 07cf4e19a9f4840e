"""Writes a trained model as entrenar writes one: flat F32 tensors, linear weights in [in, out] bytes, tied head.

Writes model.safetensors, config.json and tokenizer.json; `podium convert` reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save

from podium.files import canonical_json, parse_json, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from podium.demo.recipe import Recipe, Trained

# entrenar's header has no `format` key; loaders that insist on one refuse the file, convert does not.
METADATA = {"name": "entrenar-model", "architecture": "llama", "version": "0.1.0"}
HEAD = "lm_head.weight"
WORD_BYTES = 8  # SafeTensors: the header's length is one little-endian word, and the data begins at a whole word


def write_checkpoint(folder: Path, recipe: Recipe, trained: Trained) -> None:
    """Write the three files of a checkpoint, each whole or not at all. Raises StorageError."""
    weights = _with_ordered_header(save(flat_tensors(trained), metadata=METADATA))
    write_atomic(folder / "model.safetensors", weights)
    write_atomic(folder / "config.json", canonical_json(entrenar_config(recipe), indent=2))
    write_atomic(folder / "tokenizer.json", trained.tokenizer.to_str(pretty=True).encode() + b"\n")


def flat_tensors(trained: Trained) -> dict[str, NDArray[np.float32]]:
    """Every tensor under its Hugging Face name as entrenar's flat bytes; the tied head is left out."""
    return {name: _flat(name, tensor.numpy()) for name, tensor in trained.model.state_dict().items() if name != HEAD}


def _flat(name: str, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear weights are [out, in] in transformers and [in, out] in entrenar; embedding and norms are the same."""
    is_linear = name.endswith("_proj.weight")
    return np.ascontiguousarray(tensor.T if is_linear else tensor, dtype=np.float32).reshape(-1)


def _with_ordered_header(data: bytes) -> bytes:
    """Sort the header's keys: safetensors writes the metadata in another order in every process."""
    end = WORD_BYTES + int.from_bytes(data[:WORD_BYTES], "little")
    header = canonical_json(parse_json(data[WORD_BYTES:end], "the header just written"))
    header += b" " * (-len(header) % WORD_BYTES)
    return len(header).to_bytes(WORD_BYTES, "little") + header + data[end:]


def entrenar_config(recipe: Recipe) -> dict[str, object]:
    """config.json with entrenar's keys: no special token ids, no dtype, no activation."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": recipe.hidden_size,
        "intermediate_size": recipe.intermediate_size,
        "max_position_embeddings": recipe.max_position_embeddings,
        "model_type": "llama",
        "num_attention_heads": recipe.num_attention_heads,
        "num_hidden_layers": recipe.num_hidden_layers,
        "num_key_value_heads": recipe.num_key_value_heads,
        # entrenar prints the value of its 32-bit float.
        "rms_norm_eps": float(np.float32(recipe.rms_norm_eps)),
        "rope_theta": recipe.rope_theta,
        "tie_word_embeddings": True,
        "use_cache": True,
        "vocab_size": recipe.vocab_size,
    }
