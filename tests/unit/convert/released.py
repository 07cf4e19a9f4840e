"""Hugging Face directories as models are released: random weights of many shapes, saved by transformers itself.

They know nothing, so golden logits decide how they are read; every check but those of knowledge has to pass.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

DEMO = Path(__file__).resolve().parents[3] / "scripts" / "podium" / "demo" / "checkpoint"
POSITIONS = 256
ROPE_THETA = 10000.0


def write_released(folder: Path, family: str = "llama", dtype: str = "float32", **config: Any) -> Path:
    """A model of a given shape with the demo's tokenizer; `config` is what config.json says beside the usual."""
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    kinds: dict[str, tuple[Any, Any]] = {
        "llama": (LlamaConfig, LlamaForCausalLM),
        "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    }
    config_class, network_class = kinds[family]
    shape = {
        "vocab_size": Tokenizer.from_file(str(DEMO / "tokenizer.json")).get_vocab_size(),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": POSITIONS,
        "initializer_range": 0.2,
        "bos_token_id": None,
        "eos_token_id": 2,
        **config,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = network_class(config_class(**shape))
        with torch.no_grad():
            for name, weight in network.named_parameters():
                if weight.ndim == 1:
                    weight.normal_(mean=1.0 if "norm" in name else 0.0, std=0.1)
    network.to(getattr(torch, dtype)).save_pretrained(folder)
    shutil.copy(DEMO / "tokenizer.json", folder)
    tokens = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "clean_up_tokenization_spaces": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens))
    return folder


def edit_config(folder: Path, **changes: Any) -> None:
    """Change keys of config.json; None takes a key out."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def logits_of(folder: Path, ids: list[int]) -> torch.Tensor:
    """What stock transformers computes with a directory, in float32."""
    from transformers import AutoModelForCausalLM

    with torch.inference_mode():
        network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        logits: torch.Tensor = network.eval()(torch.tensor([ids])).logits[0]
        return logits
