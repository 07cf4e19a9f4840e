"""The shape of a LLaMA-like model as training wrote it, and as a Hugging Face config.json says it.

Nothing has a default: a value that was guessed would load, generate and be noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.switches import refused, unknown
from podium.errors import CheckpointError
from podium.rotary import Rotary, RotaryError, read_rotary
from podium.rotary.scaling import DEFAULT_THETA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
OWN_CONFIG = "use the config.json of the same training run"
FAMILY_HINT = (
    "export the model to such a form, or draw from its own Hugging Face folder: "
    "podium generate FOLDER --backend transformers"
)
ATTENTION, MLP = ("q", "k", "v", "o"), ("gate", "up", "down")


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the tensors must fit to. `head_width` is hidden size / heads where the file does not name it.

    `is_tied`, `attention_bias` and `mlp_bias` are what the file says, None where it is silent; `unknown` are keys that
    nothing reads.
    """

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    rms_norm_eps: float
    head_width: int
    rotary: Rotary
    is_tied: bool | None = None
    attention_bias: bool | None = None
    mlp_bias: bool | None = None
    unknown: tuple[str, ...] = ()

    @property
    def rope_theta(self) -> float:
        """The base of rotary frequencies."""
        return self.rotary.theta

    def hugging_face(self, pairing: Pairing, *, attention_bias: bool, mlp_bias: bool) -> dict[str, Any]:
        """The keys of a Hugging Face LLaMA config.json; Qwen2 is LLaMA with attention bias.

        The class is always LLaMA: for Qwen2 transformers 5 replaces the tokenizer's own pre-tokenizer.
        """
        rotary = self.rotary
        if pairing == "none":
            rotary = Rotary(theta=rotary.theta, kind="linear", values={"factor": NO_POSITION_FACTOR})
        return {
            **{name: getattr(self, name) for name in COPIED},
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "head_dim": self.head_width,
            "hidden_act": "silu",
            "attention_bias": attention_bias,
            "mlp_bias": mlp_bias,
            **rotary.as_config(),
            "tie_word_embeddings": False,
            "use_cache": True,
        }

    def check_biases(self, names: Iterable[str], where: str) -> None:
        """Refuse a config that promises biases which the file lacks, or the other way round. Raises CheckpointError."""
        names = list(names)
        for key, said, group in (("attention_bias", self.attention_bias, ATTENTION), ("mlp_bias", self.mlp_bias, MLP)):
            has = any(name.endswith(f".{part}_proj.bias") for name in names for part in group)
            if said is not None and said != has:
                message = (
                    f"{where}: config.json says {key} {str(said).lower()}, the file has {'such' if has else 'none'}"
                )
                raise CheckpointError(message, hint=OWN_CONFIG)


# The numbers that stand under the same name in a Hugging Face config.json.
COPIED = tuple(ModelConfig.__struct_fields__[:8])


def parse_config(value: Any, where: str) -> ModelConfig:
    """Training's or Hugging Face's config as a ModelConfig. Raises CheckpointError naming the key."""
    if not isinstance(value, dict):
        message = f"{where} is not an object"
        raise CheckpointError(message, hint="put the run's own config.json beside the weights")
    if found := refused(value):
        message = f"{where}: {', '.join(found)} is not supported: models are LLaMA or Qwen2 as transformers has them"
        raise CheckpointError(message, hint=FAMILY_HINT)
    known = _canonical(value, where)
    try:
        config = msgspec.convert(known, ModelConfig)
    except msgspec.ValidationError as err:
        message = f"{where}: {err}"
        raise CheckpointError(message, hint=ADD_HINT) from err
    odd = [name for name in (*COPIED, "head_width") if getattr(config, name) <= 0]
    if odd or config.head_width % 2 or config.num_attention_heads % config.num_key_value_heads:
        message = f"{where}: no such model can be: {odd[0] if odd else 'its heads'} does not fit"
        raise CheckpointError(message, hint=OWN_CONFIG)
    try:
        config.rotary.check_fit(config.head_width, config.max_position_embeddings)
    except RotaryError as err:
        message = f"{where}: {err}"
        raise CheckpointError(message, hint=OWN_CONFIG) from err
    return config


def _canonical(value: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of a ModelConfig, with what follows from others."""
    known = dict(value)
    for alias, name in ALIASES.items():
        if alias in known and known.setdefault(name, known[alias]) != known[alias]:
            message = f"{where}: {alias} is {known[alias]}, {name} is {known[name]}"
            raise CheckpointError(message, hint="leave the one that training used")
    # What transformers wrote before it had these keys means what its classes did then.
    is_written_by_transformers = "transformers_version" in known
    if is_written_by_transformers and known.get("num_key_value_heads") is None and known.get("model_type") == "llama":
        known["num_key_value_heads"] = known.get("num_attention_heads")
    try:
        rotary = read_rotary(known, DEFAULT_THETA if is_written_by_transformers else None)
    except RotaryError as err:
        message = f"{where}: {err}"
        hint = ADD_HINT if "`rope_theta`" in str(err) else "write what training used: one kind, its values, one base"
        raise CheckpointError(message, hint=hint) from err
    fields = {name: known[name] for name in COPIED if name in known}
    flags = {
        "is_tied": known.get("tie_word_embeddings"),
        **{key: known.get(key) for key in ("attention_bias", "mlp_bias")},
    }
    width = _head_width(known, where)
    more = {"unknown": unknown(value, READ), "rotary": msgspec.to_builtins(rotary)}
    return {**fields, **flags, **more, **({} if width is None else {"head_width": width})}


READ = frozenset({*COPIED, *ALIASES, "head_width"})


def _head_width(known: Mapping[str, Any], where: str) -> Any:
    """The width that the file names, else hidden size / heads; None where these are missing."""
    hidden, heads = known.get("hidden_size"), known.get("num_attention_heads")
    if isinstance(hidden, int) and isinstance(heads, int) and heads > 0 and hidden % heads:
        # LLaMA of transformers 5 refuses such a shape even where it names the width.
        message = f"{where}: hidden_size {hidden} is not a multiple of num_attention_heads {heads}"
        raise CheckpointError(message, hint=OWN_CONFIG)
    width = known.get("head_dim") or known.get("head_dim_override")
    if width or not (isinstance(hidden, int) and isinstance(heads, int) and heads > 0):
        return width
    return hidden // heads
