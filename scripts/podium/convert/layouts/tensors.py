"""The tensors that a LLaMA-like model has, held against those that a checkpoint has: exactly these, of these sizes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from podium.convert.containers.storage import STORAGES
from podium.convert.hypotheses import Grid
from podium.convert.layouts.checkpoint import Checkpoint
from podium.convert.layouts.names import EMBEDDING, HEAD, TRAINING_STATE
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from podium.convert.containers import Container, Stored
    from podium.convert.model_config import ModelConfig
    from podium.convert.tokenizer import TokenizerSource

OWN_CONFIG = "use the config.json of the same training run"


def layer_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Hugging Face shapes of one layer's weights, by their name below `model.layers.N.`, without biases."""
    hidden, ffn = config.hidden_size, config.intermediate_size
    queries = config.head_width * config.num_attention_heads
    keys = config.head_width * config.num_key_value_heads
    return {
        "input_layernorm.weight": (hidden,),
        "post_attention_layernorm.weight": (hidden,),
        "self_attn.q_proj.weight": (queries, hidden),
        "self_attn.k_proj.weight": (keys, hidden),
        "self_attn.v_proj.weight": (keys, hidden),
        "self_attn.o_proj.weight": (hidden, queries),
        "mlp.gate_proj.weight": (ffn, hidden),
        "mlp.up_proj.weight": (ffn, hidden),
        "mlp.down_proj.weight": (hidden, ffn),
    }


def bias_name(weight: str) -> str:
    """The bias beside a linear weight."""
    return weight.removesuffix("weight") + "bias"


def model_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Hugging Face shapes of all weights that every such model has: neither head nor biases."""
    shapes: dict[str, tuple[int, ...]] = {
        EMBEDDING: (config.vocab_size, config.hidden_size),
        "model.norm.weight": (config.hidden_size,),
    }
    for number in range(config.num_hidden_layers):
        shapes |= {f"model.layers.{number}.{name}": shape for name, shape in layer_shapes(config).items()}
    return shapes


def assemble(
    layout: str,
    container: Container,
    config: ModelConfig,
    tokenizer: TokenizerSource,
    prior: dict[str, str],
) -> Checkpoint:
    """A checkpoint whose tensors fit its config one by one. Raises CheckpointError naming the first that does not."""
    weights = {name: stored for name, stored in container.tensors.items() if not TRAINING_STATE.search(name)}
    shapes = _expected(config, weights)
    where = str(container.paths[0])
    _check_names(where, shapes, weights)
    for name, shape in shapes.items():
        _check_tensor(where, weights[name], shape)
    config.check_biases(weights, where)
    return Checkpoint(
        layout=layout,
        container=container,
        weights=weights,
        config=config,
        tokenizer=tokenizer,
        grid=Grid(heads=("own_vh", "own_hv") if HEAD in weights else ("tied", "reinterpreted")),
        prior=prior,
    )


def _expected(config: ModelConfig, weights: dict[str, Stored]) -> dict[str, tuple[int, ...]]:
    """All tensors there must be: where one layer has a bias, every layer has it."""
    shapes = model_shapes(config)
    if HEAD in weights:
        shapes[HEAD] = (config.vocab_size, config.hidden_size)
    for name, shape in layer_shapes(config).items():
        bias = bias_name(name)
        if len(shape) == 2 and any(weight.endswith(f".{bias}") for weight in weights):
            shapes |= {f"model.layers.{number}.{bias}": shape[:1] for number in range(config.num_hidden_layers)}
    return shapes


def _check_names(where: str, shapes: dict[str, tuple[int, ...]], weights: dict[str, Stored]) -> None:
    missing, extra = sorted(set(shapes) - set(weights)), sorted(set(weights) - set(shapes))
    if missing or extra:
        parts = [f"{kind} {', '.join(names[:3])}" for kind, names in (("lacks", missing), ("has also", extra)) if names]
        message = f"{where} does not match its config: it {' and '.join(parts)}"
        raise CheckpointError(message, hint=OWN_CONFIG)


def _check_tensor(where: str, stored: Stored, shape: tuple[int, ...]) -> None:
    wanted = math.prod(shape)
    if stored.elements != wanted:
        message = f"{where}: {stored.name} holds {stored.elements} values, the config calls for {wanted}"
        raise CheckpointError(message, hint=OWN_CONFIG)
    if stored.dtype not in STORAGES:
        message = f"{where}: {stored.name} is stored as {stored.dtype} at byte {stored.begin}"
        raise CheckpointError(message, hint=f"weights are read as {', '.join(STORAGES)}; export them so")
