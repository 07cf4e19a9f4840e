"""A model's shape out of its config.json, or the reason why the native backend does not know the model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import BackendError
from podium.files import parse_json

if TYPE_CHECKING:
    from pathlib import Path

FAMILIES = ("llama", "qwen2")


class UnsupportedModelError(BackendError):
    """The native backend does not know this model's family or one of its options; transformers does."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What decoding needs to know about a model. Widths are in elements.

    Rotary angles are divided by `rope_factor`: 1, or what linear scaling says. Models without position encoding are
    exported with a factor so large that no angle is left.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_width: int
    feed_forward: int
    vocabulary: int
    positions: int
    rms_epsilon: float
    rope_theta: float
    rope_factor: float
    is_tied: bool
    qkv_bias: bool
    output_bias: bool
    mlp_bias: bool
    dtype: str


def read_shape(model_dir: Path) -> Shape:
    """Read config.json. Raises BackendError, UnsupportedModelError."""
    config = _read(model_dir / "config.json")
    _check_options(config, model_dir)
    try:
        return _shape(config)
    except (KeyError, TypeError, ValueError) as err:
        message = f"{model_dir / 'config.json'} lacks or misstates {err}"
        raise BackendError(message, hint="convert again, or restore the model's config.json") from err


def _read(path: Path) -> dict[str, Any]:
    try:
        value = parse_json(path.read_bytes(), str(path))
    except OSError as err:
        message = f"cannot read {path}: {err.strerror}"
        raise BackendError(message, hint="run podium convert first, and name the folder it wrote") from err
    if not isinstance(value, dict):
        message = f"{path} is not a JSON object"
        raise BackendError(message, hint="convert again, or restore the model's config.json")
    return value


def _rope(config: dict[str, Any]) -> dict[str, Any]:
    """Both spellings: transformers 5 writes rope_parameters, earlier ones rope_scaling and rope_theta."""
    return config.get("rope_parameters") or config.get("rope_scaling") or {}


def _rope_type(rope: dict[str, Any]) -> Any:
    return rope.get("rope_type", rope.get("type", "default"))


def _rope_factor(rope: dict[str, Any]) -> float:
    factor = float(rope["factor"]) if _rope_type(rope) == "linear" else 1.0
    if not 0 < factor < math.inf:
        message = f"rope scaling by {factor}"
        raise ValueError(message)
    return factor


def _check_options(config: dict[str, Any], model_dir: Path) -> None:
    family, rope = config.get("model_type"), _rope(config)
    reasons = []
    if family not in FAMILIES:
        reasons.append(f"family {family!r}")
    if config.get("hidden_act", "silu") != "silu":
        reasons.append(f"activation {config['hidden_act']!r}")
    if _rope_type(rope) not in ("default", "linear"):
        reasons.append(f"rope scaling {_rope_type(rope)!r}")
    if config.get("use_sliding_window"):
        reasons.append("sliding window attention")
    if config.get("quantization_config"):
        reasons.append("quantised weights")
    if reasons:
        message = f"the native backend does not know the {', '.join(reasons)} of {model_dir}"
        raise UnsupportedModelError(message, hint="pass --backend transformers, several times slower")


def _shape(config: dict[str, Any]) -> Shape:
    heads, is_qwen = int(config["num_attention_heads"]), config["model_type"] == "qwen2"
    hidden = int(config["hidden_size"])
    theta = _rope(config).get("rope_theta", config.get("rope_theta", 10000.0))
    attention_bias = bool(config.get("attention_bias", False))
    return Shape(
        layers=int(config["num_hidden_layers"]),
        hidden=hidden,
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_width=int(config.get("head_dim") or hidden // heads),
        feed_forward=int(config["intermediate_size"]),
        vocabulary=int(config["vocab_size"]),
        positions=int(config.get("max_position_embeddings", 2048)),
        rms_epsilon=float(config.get("rms_norm_eps", 1e-6)),
        rope_theta=float(theta),
        rope_factor=_rope_factor(_rope(config)),
        is_tied=bool(config.get("tie_word_embeddings", False)),
        qkv_bias=is_qwen or attention_bias,
        output_bias=attention_bias and not is_qwen,
        mlp_bias=bool(config.get("mlp_bias", False)),
        dtype=str(config.get("dtype") or config.get("torch_dtype") or "float32"),
    )
