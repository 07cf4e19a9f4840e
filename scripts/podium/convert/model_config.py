"""The shape of a LLaMA-like model as training wrote it, and as a Hugging Face config.json says it.

Nothing has a default: a value that was guessed would load, generate and be noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.convert.hypotheses import Pairing

# Names that training tools use for the same thing.
ALIASES = {
    "num_kv_heads": "num_key_value_heads",
    "num_heads": "num_attention_heads",
    "num_layers": "num_hidden_layers",
    "max_seq_length": "max_position_embeddings",
}
# Stock LLaMA has no switch for rotary positions; at this linear scale every angle is 0 in float32.
NO_POSITION_FACTOR = 1e12
ADD_HINT = "nothing is defaulted: write the value that training used into the file"


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the tensors must fit to. `head_width` is hidden size / heads where the file does not name it."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    rms_norm_eps: float
    rope_theta: float
    head_width: int

    def hugging_face(self, pairing: Pairing, *, attention_bias: bool, mlp_bias: bool) -> dict[str, Any]:
        """The keys of a Hugging Face LLaMA config.json; Qwen2 is LLaMA with attention bias.

        The class is always LLaMA: for Qwen2 transformers 5 replaces the tokenizer's own pre-tokenizer.
        """
        values = msgspec.structs.asdict(self)
        theta, width = values.pop("rope_theta"), values.pop("head_width")
        rope: dict[str, Any] = {"rope_type": "default"}
        if pairing == "none":
            rope = {"rope_type": "linear", "factor": NO_POSITION_FACTOR}
        # transformers 4 reads the last two keys, transformers 5 the first.
        scaling = {} if pairing != "none" else {"rope_scaling": rope}
        return {
            **values,
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "head_dim": width,
            "hidden_act": "silu",
            "attention_bias": attention_bias,
            "mlp_bias": mlp_bias,
            "rope_parameters": {**rope, "rope_theta": theta},
            **scaling,
            "rope_theta": theta,
            "tie_word_embeddings": False,
            "use_cache": True,
        }


def parse_config(value: Any, where: str) -> ModelConfig:
    """Training's or Hugging Face's config as a ModelConfig. Raises CheckpointError naming the key."""
    if not isinstance(value, dict):
        message = f"{where} is not an object"
        raise CheckpointError(message, hint="put the run's own config.json beside the weights")
    _refuse_foreign(value, where)
    known = _canonical(value, where)
    wanted = set(ModelConfig.__struct_fields__)
    try:
        config = msgspec.convert({key: known[key] for key in wanted & set(known)}, ModelConfig)
    except msgspec.ValidationError as err:
        message = f"{where}: {err}"
        raise CheckpointError(message, hint=ADD_HINT) from err
    odd = [name for name in ModelConfig.__struct_fields__ if getattr(config, name) <= 0]
    if odd or config.head_width % 2 or config.num_attention_heads % config.num_key_value_heads:
        message = f"{where}: no such model can be: {odd[0] if odd else 'its heads'} does not fit"
        raise CheckpointError(message, hint="use the config.json of the same training run")
    return config


def _canonical(value: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The keys under their Hugging Face names, with what follows from them."""
    known = dict(value)
    for alias, name in ALIASES.items():
        if alias in known and known.setdefault(name, known[alias]) != known[alias]:
            message = f"{where}: {alias} is {known[alias]}, {name} is {known[name]}"
            raise CheckpointError(message, hint="leave the one that training used")
    rope = known.get("rope_parameters") or {}
    if "rope_theta" in rope:
        known["rope_theta"] = rope["rope_theta"]
    width = known.get("head_dim") or known.get("head_dim_override")
    hidden, heads = known.get("hidden_size"), known.get("num_attention_heads")
    if not width and isinstance(hidden, int) and isinstance(heads, int) and heads > 0:
        if hidden % heads:
            message = f"{where}: hidden_size {hidden} is not a multiple of num_attention_heads {heads}"
            raise CheckpointError(message, hint="use the config.json of the same training run")
        width = hidden // heads
    if width:
        known["head_width"] = width
    return known


def _refuse_foreign(value: Mapping[str, Any], where: str) -> None:
    """Refuse what neither LLaMA nor Qwen2 computes, by name."""
    rope = value.get("rope_parameters") or value.get("rope_scaling") or {}
    rope_type = rope.get("rope_type", rope.get("type", "default")) if isinstance(rope, dict) else rope
    odd = {
        "family": value.get("model_type") if value.get("model_type") not in (None, "llama", "qwen2") else None,
        "activation": value.get("hidden_act") if value.get("hidden_act") not in (None, "silu") else None,
        "rope scaling": rope_type if rope_type != "default" else None,
        "quantisation": value.get("quantization_config"),
        "sliding window": value.get("sliding_window") if value.get("use_sliding_window") else None,
    }
    found = [f"{kind} {what!r}" for kind, what in odd.items() if what is not None]
    if found:
        message = f"{where}: {', '.join(found)} is not supported: models are LLaMA or Qwen2 with plain rotary positions"
        raise CheckpointError(message, hint="export the model to such a form, or evaluate its own Hugging Face folder")
