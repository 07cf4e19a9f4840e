"""Checkpoint layouts behind one seam: `detect` names the layout, says where every tensor lies and how to read it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.container import read_header
from podium.errors import CheckpointError
from podium.names import load
from podium.records import TensorMap

if TYPE_CHECKING:
    from collections.abc import Callable

# layout -> function (folder, header) -> Checkpoint; the order is the order of detection
LAYOUTS = {"entrenar-flat": "podium.convert.entrenar_flat:describe"}
WEIGHTS = "model.safetensors"


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of a LLaMA model. Nothing has a default: a value that was guessed would load and be noise."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    rms_norm_eps: float
    rope_theta: float

    def hugging_face(self) -> dict[str, Any]:
        """The keys of a Hugging Face LLaMA config.json; heads and bias as the tensors have them."""
        return {
            **msgspec.structs.asdict(self),
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "head_dim": self.hidden_size // self.num_attention_heads,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": False,
            "use_cache": True,
        }


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor of the model: its Hugging Face shape and the bytes it is made from (F32, little endian)."""

    name: str
    shape: tuple[int, ...]
    source: str
    begin: int
    end: int
    transpose: bool

    def as_map(self) -> TensorMap:
        """The record of where it came from."""
        return TensorMap(
            name=self.name,
            shape=list(self.shape),
            source=self.source,
            source_range=(self.begin, self.end),
            transformation="transpose" if self.transpose else "copy",
        )


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A detected checkpoint: its layout, config, tensors in output order and what had to be assumed."""

    layout: str
    weights: Path
    tokenizer: Path
    config: ModelConfig
    tensors: tuple[Tensor, ...]
    assumptions: tuple[str, ...]

    @property
    def parameters(self) -> int:
        """Number of distinct parameters: bytes of the checkpoint that are used, counted once."""
        return sum(end - begin for begin, end in {(tensor.begin, tensor.end) for tensor in self.tensors}) // 4


def detect(folder: Path) -> Checkpoint:
    """Find the layout of a checkpoint folder and describe it. Raises CheckpointError."""
    weights = folder / WEIGHTS
    if not weights.is_file():
        found = f"; it holds {', '.join(sorted(path.name for path in folder.iterdir()))}" if folder.is_dir() else ""
        message = f"there is no checkpoint at {weights}{found}"
        raise CheckpointError(
            message, hint="name the folder that training wrote: model.safetensors, config.json, tokenizer.json"
        )
    header = read_header(weights)
    reasons = []
    for name in LAYOUTS:
        describe: Callable[..., Checkpoint | str] = load("layout", name, LAYOUTS)
        answer = describe(folder, header)
        if isinstance(answer, Checkpoint):
            return answer
        reasons.append(f"not {name}: {answer}")
    message = f"the layout of {weights} is not known ({'; '.join(reasons)})"
    raise CheckpointError(message, hint="convert it to a known layout first: " + ", ".join(LAYOUTS))
