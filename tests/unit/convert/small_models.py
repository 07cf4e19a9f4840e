"""A Hugging Face directory of a model too small to be one: random weights, a byte-level tokenizer, written in no time.

For whatever is decided by names, shapes and texts; models that know something are in `trained.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from podium.convert.layouts import detect
from podium.convert.layouts.checkpoint import Checkpoint
from podium.convert.mapping import tensors_of
from podium.convert.writer import write_model_files
from podium.records import Hypothesis

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.adapter import Base

Weights = dict[str, np.ndarray[Any, Any]]

HIDDEN, FFN, LAYERS, ROWS = 8, 12, 2, 280
SPECIAL = ("<unk>", "<s>", "</s>", "<pad>", "<end>")  # ids 0 to 4
SHAPES = {
    "self_attn.q_proj": (8, 8),
    "self_attn.k_proj": (4, 8),
    "self_attn.v_proj": (4, 8),
    "self_attn.o_proj": (8, 8),
    "mlp.gate_proj": (12, 8),
    "mlp.up_proj": (12, 8),
    "mlp.down_proj": (8, 12),
}
CONFIG = {
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "intermediate_size": FFN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": ROWS,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}
TOKENIZER_CONFIG = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "bos_token": "<s>"}


def small_weights() -> Weights:
    """Every weight of the model under its Hugging Face name."""
    source = np.random.default_rng(0)
    shapes = {f"model.layers.{n}.{name}.weight": shape for n in range(LAYERS) for name, shape in SHAPES.items()}
    shapes |= {"model.embed_tokens.weight": (ROWS, HIDDEN), "lm_head.weight": (ROWS, HIDDEN)}
    norms = ["model.norm.weight"]
    norms += [f"model.layers.{n}.{at}_layernorm.weight" for n in range(LAYERS) for at in ("input", "post_attention")]
    weights = {name: source.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    return {**weights, **{name: source.normal(1, 0.1, HIDDEN).astype(np.float32) for name in norms}}


def byte_tokenizer() -> Tokenizer:
    """256 bytes and five special tokens."""
    tokens = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in SPECIAL])
    return tokenizer


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON."""
    path.write_text(json.dumps(value))


def write_small(folder: Path, weights: Weights | None = None, **config: Any) -> Path:
    """The directory; `config` changes config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(small_weights() if weights is None else weights, folder / "model.safetensors", {"format": "pt"})
    write_json(folder / "config.json", {**CONFIG, **config})
    byte_tokenizer().save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", TOKENIZER_CONFIG)
    return folder


def written(checkpoint: Path, output: Path, base: Base | None = None) -> tuple[Weights, Checkpoint]:
    """The weights that conversion writes for a checkpoint in Hugging Face's order, and what was detected."""
    found = detect(checkpoint, base)
    reading = Hypothesis(order="out_in", pairing="split", head="own_vh")
    output.mkdir()
    write_model_files(output, tensors_of(found, reading), "float32", lambda: None)
    return load_file(output / "model.safetensors"), found
