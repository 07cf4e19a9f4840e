"""The weights of a model directory, tensor by tensor: cast, joined (q, k, v and gate, up), packed by their layers."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch

from podium.errors import BackendError, RecordError
from podium.files import read_json
from podium.generate.backends.native.linear import best_linear

if TYPE_CHECKING:
    from pathlib import Path

    from podium.generate.backends.native.linear import Linear
    from podium.generate.backends.native.shape import Shape


class Layer:
    """One decoder layer's weights."""

    def __init__(self, tensors: TensorFile, number: int, shape: Shape, linear: Any) -> None:
        prefix = f"model.layers.{number}"
        attention, mlp = f"{prefix}.self_attn", f"{prefix}.mlp"
        joined = [f"{attention}.{name}_proj" for name in "qkv"]
        self.attention_norm = tensors.take(f"{prefix}.input_layernorm.weight", (shape.hidden,))
        self.mlp_norm = tensors.take(f"{prefix}.post_attention_layernorm.weight", (shape.hidden,))
        width = shape.head_width
        sizes = [shape.heads * width, shape.kv_heads * width, shape.kv_heads * width]
        self.qkv = linear(joined, sizes, shape.hidden, bias=shape.qkv_bias)
        self.output = linear([f"{attention}.o_proj"], [shape.hidden], shape.heads * width, bias=shape.output_bias)
        gate_up = [f"{mlp}.gate_proj", f"{mlp}.up_proj"]
        self.gate_up = linear(gate_up, [shape.feed_forward] * 2, shape.hidden, bias=shape.mlp_bias)
        self.down = linear([f"{mlp}.down_proj"], [shape.hidden], shape.feed_forward, bias=shape.mlp_bias)


class Weights:
    """All weights of a model, ready to decode with."""

    def __init__(self, model_dir: Path, shape: Shape, dtype: torch.dtype, device: str) -> None:
        self.linear_kind = best_linear(device)
        with TensorFile(model_dir, dtype, device) as tensors:
            self._tensors = tensors
            self.embedding = tensors.take("model.embed_tokens.weight", (shape.vocabulary, shape.hidden))
            self.layers = [Layer(tensors, number, shape, self._linear) for number in range(shape.layers)]
            self.norm = tensors.take("model.norm.weight", (shape.hidden,))
            self.head = self._head(shape)
            tensors.check_all_taken()
        del self._tensors

    def _linear(self, names: list[str], outputs: list[int], inputs: int, *, bias: bool) -> Linear:
        take = self._tensors.take
        weight = torch.cat([take(f"{n}.weight", (size, inputs)) for n, size in zip(names, outputs, strict=True)])
        row = torch.cat([take(f"{n}.bias", (s,)) for n, s in zip(names, outputs, strict=True)]) if bias else None
        return self.linear_kind(weight, row)

    def _head(self, shape: Shape) -> Linear:
        if "lm_head.weight" not in self._tensors.names and shape.is_tied:
            return self.linear_kind(self.embedding, None)
        return self._linear(["lm_head"], [shape.vocabulary], shape.hidden, bias=False)


class TensorFile:
    """The tensors of a model directory, in one safetensors file or in the shards that an index names."""

    def __init__(self, model_dir: Path, dtype: torch.dtype, device: str) -> None:
        self._model_dir, self._dtype, self._device = model_dir, dtype, device
        self._taken: set[str] = set()
        self._open = ExitStack()
        self.names: dict[str, Any] = {}

    def __enter__(self) -> TensorFile:
        from safetensors import SafetensorError, safe_open

        try:
            for path in _weight_files(self._model_dir):
                stream = self._open.enter_context(safe_open(path, framework="pt"))
                self.names.update(dict.fromkeys(stream.keys(), stream))
        except (OSError, SafetensorError) as err:
            message = f"the weights of {self._model_dir} cannot be read: {err}"
            raise BackendError(message, hint="run podium convert first, and name the folder it wrote") from err
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def take(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        """One tensor in the wanted dtype. Raises BackendError when it is missing or of another shape."""
        if name not in self.names:
            message = f"{self._model_dir} has no tensor {name}"
            raise BackendError(message, hint="its config.json and weights do not belong together; convert again")
        tensor: torch.Tensor = self.names[name].get_tensor(name)
        if tuple(tensor.shape) != shape:
            message = f"{self._model_dir}: {name} is {list(tensor.shape)}, config.json says {list(shape)}"
            raise BackendError(message, hint="its config.json and weights do not belong together; convert again")
        self._taken.add(name)
        # A copy: a tensor of the mapped file would keep all of the file in memory.
        return tensor.to(self._device, self._dtype, copy=True)

    def check_all_taken(self) -> None:
        """Raise BackendError for tensors that nothing used; rotary tables of old checkpoints are no weights."""
        odd = sorted(name for name in set(self.names) - self._taken if not name.endswith("rotary_emb.inv_freq"))
        if odd:
            message = f"{self._model_dir} has tensors that its config.json has no place for: {', '.join(odd[:5])}"
            raise BackendError(message, hint="its config.json and weights do not belong together; convert again")


def _weight_files(model_dir: Path) -> list[Path]:
    index = model_dir / "model.safetensors.index.json"
    if not index.is_file():
        return [model_dir / "model.safetensors"]
    try:
        return [model_dir / name for name in sorted(set(read_json(index)["weight_map"].values()))]
    except (RecordError, KeyError, TypeError, AttributeError) as err:
        message = f"{index} is not an index of weight files"
        raise BackendError(message, hint="fetch or convert the model again") from err
