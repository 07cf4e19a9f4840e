"""A model's shape out of its config.json, or the reason why the native backend does not know the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import BackendError
from podium.files import parse_json
from podium.rotary import Rotary, RotaryError, UnknownScalingError, read_rotary
from podium.rotary.scaling import DEFAULT_THETA

if TYPE_CHECKING:
    from pathlib import Path

FAMILIES = ("llama", "qwen2")
# Kinds of rotary scaling whose tables do not depend on how long a row has grown.
SCALINGS = ("default", "linear", "dynamic", "yarn", "llama3")


class UnsupportedModelError(BackendError):
    """The native backend does not know this model's family or one of its options; transformers does."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What decoding needs to know about a model. Widths are in elements.

    Models without position encoding are exported with linear scaling by a factor so large that no angle is left.
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
    rotary: Rotary
    is_tied: bool
    qkv_bias: bool
    output_bias: bool
    mlp_bias: bool
    dtype: str


def read_shape(model_dir: Path) -> Shape:
    """Read config.json. Raises BackendError, UnsupportedModelError."""
    config = _read(model_dir / "config.json")
    rotary = _check_options(config, model_dir)
    try:
        return _shape(config, rotary)
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


def _check_options(config: dict[str, Any], model_dir: Path) -> Rotary:
    """Raise UnsupportedModelError for what is not computed here; returns how positions are turned."""
    family = config.get("model_type")
    reasons = []
    if family not in FAMILIES:
        reasons.append(f"family {family!r}")
    if config.get("hidden_act", "silu") != "silu":
        reasons.append(f"activation {config['hidden_act']!r}")
    rotary = _rotary_of(config, model_dir, reasons)
    if rotary.kind not in SCALINGS:
        reasons.append(f"rope scaling {rotary.kind!r}")
    if config.get("use_sliding_window"):
        reasons.append("sliding window attention")
    if config.get("quantization_config"):
        reasons.append("quantised weights")
    if reasons:
        message = f"the native backend does not know the {', '.join(reasons)} of {model_dir}"
        raise UnsupportedModelError(message, hint="pass --backend transformers, several times slower")
    return rotary


def _rotary_of(config: dict[str, Any], model_dir: Path, reasons: list[str]) -> Rotary:
    """How positions are turned; what nothing here computes is added to the reasons. Raises BackendError."""
    try:
        return read_rotary(config, DEFAULT_THETA)
    except UnknownScalingError as err:
        reasons.append(str(err))
        return Rotary(theta=DEFAULT_THETA)
    except RotaryError as err:
        message = f"{model_dir / 'config.json'}: {err}"
        raise BackendError(message, hint="convert again, or restore the model's config.json") from err


def _shape(config: dict[str, Any], rotary: Rotary) -> Shape:
    heads, is_qwen = int(config["num_attention_heads"]), config["model_type"] == "qwen2"
    hidden = int(config["hidden_size"])
    attention_bias = bool(config.get("attention_bias", False))
    width, positions = int(config.get("head_dim") or hidden // heads), int(config.get("max_position_embeddings", 2048))
    rotary.check_fit(width, positions)
    return Shape(
        layers=int(config["num_hidden_layers"]),
        hidden=hidden,
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_width=width,
        feed_forward=int(config["intermediate_size"]),
        vocabulary=int(config["vocab_size"]),
        positions=positions,
        rms_epsilon=float(config.get("rms_norm_eps", 1e-6)),
        rotary=rotary,
        is_tied=bool(config.get("tie_word_embeddings", False)),
        qkv_bias=is_qwen or attention_bias,
        output_bias=attention_bias and not is_qwen,
        mlp_bias=bool(config.get("mlp_bias", False)),
        dtype=str(config.get("dtype") or config.get("torch_dtype") or "float32"),
    )
