"""entrenar's flat layout: every tensor 1-D F32 under its Hugging Face name, linear weights in [in, out] bytes.

Reads model.safetensors, config.json and tokenizer.json. A file without lm_head has a tied head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.layouts import WEIGHTS, Checkpoint, ModelConfig, Tensor
from podium.errors import CheckpointError, RecordError
from podium.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.container import Header

NAME = "entrenar-flat"
EMBEDDING = "model.embed_tokens.weight"
HEAD = "lm_head.weight"
ASSUMPTIONS = (
    "byte order [in, out]: 1-D labels imply it, no golden logits were compared",
    "rotary pairing split-half: the file does not record it",
)


def _read_config(folder: Path) -> ModelConfig:
    path = folder / "config.json"
    try:
        value = read_json(path)
        return msgspec.convert(value, ModelConfig)
    except RecordError as err:
        raise CheckpointError(str(err), hint=f"put training's config.json beside {WEIGHTS}") from err
    except msgspec.ValidationError as err:
        message = f"{path}: {err}"
        raise CheckpointError(message, hint="nothing is defaulted: add the value training used") from err


def _shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Every tensor that the config calls for, with its Hugging Face shape."""
    hidden, ffn = config.hidden_size, config.intermediate_size
    keys = hidden // config.num_attention_heads * config.num_key_value_heads
    layer = {
        "input_layernorm": (hidden,),
        "post_attention_layernorm": (hidden,),
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (keys, hidden),
        "self_attn.v_proj": (keys, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (ffn, hidden),
        "mlp.up_proj": (ffn, hidden),
        "mlp.down_proj": (hidden, ffn),
    }
    shapes: dict[str, tuple[int, ...]] = {EMBEDDING: (config.vocab_size, hidden), "model.norm.weight": (hidden,)}
    for number in range(config.num_hidden_layers):
        shapes |= {f"model.layers.{number}.{name}.weight": shape for name, shape in layer.items()}
    return shapes


def _check_tensors(folder: Path, header: Header, shapes: dict[str, tuple[int, ...]]) -> None:
    missing, extra = sorted(set(shapes) - set(header.tensors)), sorted(set(header.tensors) - set(shapes))
    if missing or extra:
        parts = [f"{kind} {', '.join(names[:3])}" for kind, names in (("lacks", missing), ("has also", extra)) if names]
        message = f"{folder / WEIGHTS} does not match config.json: it {' and '.join(parts)}"
        raise CheckpointError(message, hint="use the config.json of the same training run")
    for name, shape in shapes.items():
        wanted, entry = _elements(shape), header.tensors[name]
        held = (entry.data_offsets[1] - entry.data_offsets[0]) // 4
        if entry.shape != [wanted] or held != wanted:
            message = f"{folder / WEIGHTS}: {name} holds {held} values, config.json calls for {wanted}"
            raise CheckpointError(message, hint="use the config.json of the same training run")


def _elements(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) == 1 else shape[0] * shape[1]


def _tensor(name: str, shape: tuple[int, ...], source: str, header: Header) -> Tensor:
    begin, end = (header.data_begin + offset for offset in header.tensors[source].data_offsets)
    transpose = len(shape) == 2 and source != EMBEDDING
    return Tensor(name=name, shape=shape, source=source, begin=begin, end=end, transpose=transpose)


def describe(folder: Path, header: Header) -> Checkpoint | str:
    """Describe a checkpoint of this layout, or say in a phrase why it is none. Raises CheckpointError if damaged."""
    odd: dict[str, Any] = {
        name: entry for name, entry in header.tensors.items() if entry.dtype != "F32" or len(entry.shape) != 1
    }
    if odd or not header.tensors:
        name, entry = next(iter(odd.items()), ("no tensor", None))
        return f"{name} is {entry.dtype} {entry.shape}, not 1-D F32" if entry else "it holds no tensor"
    config = _read_config(folder)
    shapes = _shapes(config)
    _check_tensors(folder, header, shapes)
    tensors = [_tensor(name, shape, name, header) for name, shape in sorted(shapes.items())]
    # An explicit head: the tie flag of such files cannot be trusted and older loaders replace one by the other.
    tensors.append(_tensor(HEAD, shapes[EMBEDDING], EMBEDDING, header))
    return Checkpoint(
        layout=NAME,
        weights=folder / WEIGHTS,
        tokenizer=folder / "tokenizer.json",
        config=config,
        tensors=tuple(tensors),
        assumptions=(*ASSUMPTIONS, "tied head: the file has no lm_head.weight"),
    )
