"""Writes a trained model in every layout in which checkpoints come, right and wrong labels included.

The bytes follow the trainers' history: linear weights [in, out] or [out, in], rotary pairs as halves or adjacent, a
head [H, V] or [V, H] or none. The function that all of these files stand for is `TrainedModel.logits`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import torch
from safetensors.torch import save_file
from tests.unit.convert.apr_files import write_apr
from tests.unit.convert.trained import (
    EMBEDDING,
    EPSILON,
    FFN,
    HEAD,
    HEAD_WIDTH,
    HEADS,
    HIDDEN,
    POSITIONS,
    THETA,
    VOCABULARY,
    TrainedModel,
    Weights,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Order = Literal["in_out", "out_in"]
Head = Literal["own_hv", "own_vh", "absent", "as the order"]

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
CHECKPOINT_STEP = 400
# All angles vanish in F32: how a stock LLaMA computes a model without position.
NO_POSITION = {"rope_type": "linear", "factor": 1e12, "rope_theta": THETA}


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a layout leaves open.

    `head`: as the order is [H, V] with in_out and [V, H] with out_in, and absent where the model has none of its own;
    absent of an untied model is a head that was lost. `pairing` is of no account in a model without position.
    """

    order: Order = "in_out"
    pairing: Literal["split", "adjacent"] = "split"
    head: Head = "as the order"
    dtype: Literal["F32", "F16", "BF16"] = "F32"
    optimizer_state: bool = False  # apr only
    bias_matrices: bool = False  # until entrenar 0.7.7 a bias whose length divides by H was labelled [n, H]
    shard_bytes: int | None = None  # huggingface only
    config: bool = True  # the entrenar layouts: trainers that were killed leave no config.json


def write_layout(folder: Path, model: TrainedModel, layout: str, form: Form | None = None) -> Path:
    """Write the checkpoint folder of a model in one of `LAYOUTS`; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(model.tokenizer)
    LAYOUTS[layout](folder, model, form or Form())
    return folder


def stored_bytes(model: TrainedModel, form: Form) -> Weights:
    """Every tensor of a checkpoint as the trainer's flat values, in the order in which the form has them."""
    weights = {name: _in_pairing(name, tensor, model, form) for name, tensor in model.weights.items() if name != HEAD}
    if form.order == "in_out":
        weights = {name: tensor.T if name.endswith("_proj.weight") else tensor for name, tensor in weights.items()}
    head = form.head
    if head == "as the order":
        head = "absent" if model.spec.head != "untied" else "own_hv" if form.order == "in_out" else "own_vh"
    if head != "absent":
        weights[HEAD] = model.head_matrix().T if head == "own_hv" else model.head_matrix()
    return {name: tensor.to(DTYPES[form.dtype]).reshape(-1).clone() for name, tensor in weights.items()}


def _in_pairing(name: str, tensor: torch.Tensor, model: TrainedModel, form: Form) -> torch.Tensor:
    is_turned = name.rsplit(".", 2)[1] in ("q_proj", "k_proj")
    if not is_turned or form.pairing == "split" or model.spec.pairing == "none":
        return tensor
    return adjacent(tensor)


def adjacent(rows: torch.Tensor) -> torch.Tensor:
    """Rows of q or k (or a bias) whose rotary pairs are halves of a head, laid so that pairs are adjacent."""
    halves = rows.reshape(-1, 2, HEAD_WIDTH // 2, *rows.shape[1:])
    return halves.transpose(1, 2).reshape(rows.shape)


def entrenar_config(model: TrainedModel) -> dict[str, object]:
    """config.json with entrenar's keys: no special token ids, no dtype, no activation, no bias flag."""
    qwen = model.spec.bias
    return {
        "architectures": ["Qwen2ForCausalLM" if qwen else "LlamaForCausalLM"],
        "hidden_size": HIDDEN,
        "intermediate_size": FFN,
        "max_position_embeddings": POSITIONS,
        "model_type": "qwen2" if qwen else "llama",
        "num_attention_heads": HEADS,
        "num_hidden_layers": model.spec.layers,
        "num_key_value_heads": model.spec.kv_heads,
        "rms_norm_eps": torch.tensor(EPSILON).item(),  # entrenar prints the value of its 32-bit float
        "rope_theta": THETA,
        "tie_word_embeddings": model.spec.head != "untied",
        "use_cache": True,
        "vocab_size": VOCABULARY,
    }


def labelled(model: TrainedModel, form: Form) -> Weights:
    """The stored values under the shapes that entrenar's header declares."""
    return {name: flat.reshape(_label(name, flat.numel(), form)) for name, flat in stored_bytes(model, form).items()}


def _label(name: str, count: int, form: Form) -> tuple[int, ...]:
    """Made from the count alone, whatever the bytes are."""
    is_vector = name.endswith("norm.weight") or (name.endswith(".bias") and not form.bias_matrices)
    if is_vector or count % HIDDEN:
        return (count,)
    return (HIDDEN, count // HIDDEN) if "down_proj" in name else (count // HIDDEN, HIDDEN)


def _entrenar_flat(folder: Path, model: TrainedModel, form: Form) -> None:
    metadata = {"name": "entrenar-model", "architecture": "llama", "version": "0.1.0"}
    save_file(stored_bytes(model, form), folder / "model.safetensors", metadata)
    _write_config(folder, model, form)


def _entrenar_labelled(folder: Path, model: TrainedModel, form: Form) -> None:
    metadata = {"name": "entrenar-model", "architecture": "llama", "version": "0.1.0"}
    save_file(labelled(model, form), folder / "model.safetensors", metadata)
    _write_config(folder, model, form)


def _albor_converted(folder: Path, model: TrainedModel, form: Form) -> None:
    """What albor's converter makes of an [in, out] file: linear weights right, a head [H, V] not transposed."""
    metadata = {
        "version": "0.1.0",
        "architecture": "LlamaForCausalLM",
        "converted_by": "albor/scripts/convert-checkpoint.py",
    }
    source = stored_bytes(model, msgspec.structs.replace(form, order="in_out"))
    source.setdefault(HEAD, source[EMBEDDING].clone())
    tensors = {}
    for name, flat in source.items():
        shape = _label(name, flat.numel(), form)
        # The labels are the shapes that the converter wants; only projections does it turn to get them.
        is_linear = name.endswith("_proj.weight")
        tensors[name] = flat.reshape(shape[::-1]).T.contiguous() if is_linear else flat.reshape(shape)
    save_file(tensors, folder / "model.safetensors", metadata)
    save_file(source, folder / "model.safetensors.bak", {"name": "entrenar-model", "version": "0.1.0"})
    _write_config(folder, model, form)


def _apr(folder: Path, model: TrainedModel, form: Form) -> None:
    tensors = labelled(model, form)
    dtypes: dict[str, str] = dict.fromkeys(tensors, form.dtype)
    if form.optimizer_state:
        state = optimizer_state(model)
        tensors |= state
        dtypes |= dict.fromkeys(state, "F32")
    values = {name: tensor.float().numpy() for name, tensor in tensors.items()}
    write_apr(folder / "model-best.apr", values, apr_metadata(model), dtypes=dtypes)


def optimizer_state(model: TrainedModel) -> Weights:
    """Adam's moments as entrenar's checkpoints have carried them since 2026-03-17; not part of the model."""
    short = {"input_layernorm": "input_norm", "post_attention_layernorm": "post_attn_norm"}
    state = {}
    for moment in ("m", "v"):
        for name, tensor in model.weights.items():
            values = torch.full((tensor.numel(),), 1e-3)
            module = name.split(".")[-2]
            if ".layers." in name and name.endswith(".weight"):
                part = short.get(module, "w_" + module.removesuffix("_proj"))
                state[f"__training__.block_optimizer.{name.split('.')[2]}.{moment}.{part}"] = values
            elif name == EMBEDDING:
                state[f"__training__.embed_optimizer.{moment}.0"] = values
            elif name == HEAD:
                state[f"__training__.lm_head_optimizer.{moment}"] = values
    return state


def apr_metadata(model: TrainedModel, kind: str = "entrenar-checkpoint") -> dict[str, object]:
    """Metadata of a checkpoint; the training config is a string of JSON in entrenar's own key names."""
    qwen = model.spec.bias
    config = {
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_kv_heads": model.spec.kv_heads,
        "intermediate_size": FFN,
        "num_hidden_layers": model.spec.layers,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": POSITIONS,
        "rms_norm_eps": torch.tensor(EPSILON).item(),
        "rope_theta": THETA,
        "use_bias": qwen,
        "head_dim_override": None,
        "architecture": "Decoder",
        "hf_architecture": "Qwen2ForCausalLM" if qwen else "LlamaForCausalLM",
        "hf_model_type": "qwen2" if qwen else "llama",
        "tie_word_embeddings": model.spec.head != "untied",
    }
    return {
        "model_name": "entrenar-model",
        "architecture": "LlamaForCausalLM",
        "format": kind,
        "checkpoint_step": str(CHECKPOINT_STEP),
        "loss": "0.000000",
        "learning_rate": "0.0003",
        "optimizer_step": str(CHECKPOINT_STEP),
        "model_config": json.dumps(config),
    }


def _write_config(folder: Path, model: TrainedModel, form: Form) -> None:
    if form.config:
        (folder / "config.json").write_text(json.dumps(entrenar_config(model), indent=2))


def _hugging_face(folder: Path, model: TrainedModel, form: Form) -> None:
    """As transformers itself saves it; a reinterpreted head becomes a head of its own."""
    network = hugging_face_model(model).to(DTYPES[form.dtype])
    shards = {} if form.shard_bytes is None else {"max_shard_size": form.shard_bytes}
    network.save_pretrained(folder, **shards)
    tokenizer = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": POSITIONS,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer, indent=2))


def hugging_face_model(model: TrainedModel) -> Any:
    """The model in transformers' class: Qwen2 with biases, else Llama."""
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    config_class, network_class = (
        (Qwen2Config, Qwen2ForCausalLM) if model.spec.bias else (LlamaConfig, LlamaForCausalLM)
    )
    rope = {"rope_type": "default", "rope_theta": THETA}
    config = config_class(
        vocab_size=VOCABULARY,
        hidden_size=HIDDEN,
        intermediate_size=FFN,
        num_hidden_layers=model.spec.layers,
        num_attention_heads=HEADS,
        num_key_value_heads=model.spec.kv_heads,
        max_position_embeddings=POSITIONS,
        rms_norm_eps=EPSILON,
        rope_parameters=NO_POSITION if model.spec.pairing == "none" else rope,
        tie_word_embeddings=model.spec.head == "tied",
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=3,
    )
    network = network_class(config)
    network.load_state_dict({**model.weights, HEAD: model.head_matrix()})
    return network.eval()


LAYOUTS: dict[str, Callable[[Path, TrainedModel, Form], None]] = {
    "entrenar-flat": _entrenar_flat,
    "entrenar-labelled": _entrenar_labelled,
    "albor-converted": _albor_converted,
    "apr": _apr,
    "huggingface": _hugging_face,
}
