"""Writes low-rank adapters over a trained model: PEFT's files, and the trainer's own delta checkpoint.

The function that base and adapter together stand for is `adapted(model, adapter).logits`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import torch
from safetensors.torch import save_file
from tests.unit.convert.apr_files import write_apr
from tests.unit.convert.layouts_on_disk import Form, adjacent, apr_metadata, labelled
from tests.unit.convert.trained import TrainedModel

if TYPE_CHECKING:
    from pathlib import Path


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """Factors A [rank, in] and B [out, rank] of each adapted weight, by the weight's name, and the settings."""

    rank: int
    alpha: int
    targets: tuple[str, ...]
    a: dict[str, torch.Tensor]
    b: dict[str, torch.Tensor]


def make_adapter(
    model: TrainedModel, targets: tuple[str, ...] = ("q_proj", "v_proj"), rank: int = 4, alpha: int = 8, seed: int = 0
) -> Adapter:
    """Random factors, large enough that any other way of merging them gives other logits."""
    source = torch.Generator().manual_seed(seed)
    names = [name for name in model.weights if name.endswith(".weight") and name.split(".")[-2] in targets]
    rows = {name: model.weights[name].shape for name in names}
    return Adapter(
        rank=rank,
        alpha=alpha,
        targets=targets,
        a={name: torch.randn(rank, shape[1], generator=source) * 0.05 for name, shape in rows.items()},
        b={name: torch.randn(shape[0], rank, generator=source) * 0.05 for name, shape in rows.items()},
    )


def adapted(model: TrainedModel, adapter: Adapter) -> TrainedModel:
    """The model with alpha / rank x B A added to each adapted weight."""
    scale = adapter.alpha / adapter.rank
    merged = {name: model.weights[name] + scale * adapter.b[name] @ a for name, a in adapter.a.items()}
    return msgspec.structs.replace(model, weights={**model.weights, **merged})


def write_peft(folder: Path, adapter: Adapter, base: Path, **changes: object) -> Path:
    """adapter_model.safetensors and adapter_config.json as PEFT saves them; `changes` override the config."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for factor, values in (("lora_A", adapter.a), ("lora_B", adapter.b)):
        for name, tensor in values.items():
            tensors[f"base_model.model.{name.removesuffix('.weight')}.{factor}.weight"] = tensor.contiguous()
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    config = {
        "base_model_name_or_path": str(base),
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "lora_alpha": adapter.alpha,
        "lora_dropout": 0.0,
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": adapter.rank,
        "target_modules": list(adapter.targets),
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": False,
    }
    (folder / "adapter_config.json").write_text(json.dumps({**config, **changes}, indent=2))
    return folder


def write_delta(folder: Path, model: TrainedModel, adapter: Adapter, form: Form) -> Path:
    """The trainer's delta checkpoint: factors in the byte order of their base; embedding, norms and head beside them.

    The base's frozen projections are not in it: write the base apart. Rows of B for q lie as the base's rows do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: tensor for name, tensor in labelled(model, form).items() if "_proj" not in name}
    tensors = {name: tensor.float().numpy() for name, tensor in kept.items()}
    turn = form.pairing == "adjacent" and model.spec.pairing == "split"
    for name, a in adapter.a.items():
        layer, module = name.split(".")[2], name.split(".")[-2]
        b = adjacent(adapter.b[name]) if turn and module == "q_proj" else adapter.b[name]
        for factor, tensor in (("a", a), ("b", b)):
            stored = tensor.T if form.order == "in_out" else tensor
            tensors[f"lora.{layer}.{module}.lora_{factor}"] = stored.contiguous().reshape(-1).numpy()
    metadata = {
        **apr_metadata(model, "entrenar-delta-checkpoint"),
        "lora_rank": str(adapter.rank),
        "lora_alpha": str(adapter.alpha),
    }
    write_apr(folder / "model-best.apr", tensors, metadata)
    return folder
