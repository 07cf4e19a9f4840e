"""LoRA adapters: a small delta over a base that is named by its digest, merged while the model is written.

Reads PEFT's adapter_model.safetensors and adapter_config.json, or an entrenar delta checkpoint (APR).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.containers import Container, Stored, open_container
from podium.convert.peft_config import MERGE, PeftConfig, read_peft_config
from podium.errors import CheckpointError, UsageError
from podium.files import sha256_file, sha256_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from podium.convert.hypotheses import Order

PEFT_CONFIG = "adapter_config.json"
# Without what PEFT and others wrapped around the model; some savings carry the adapter's own name.
PEFT_NAME = re.compile(r"^(model\.layers\.\d+\.\w+\.\w+_proj)\.lora_([AB])(?:\.([^.]+))?\.weight$")
ENTRENAR_NAME = re.compile(r"^lora\.(\d+)\.([qkvo])_proj\.lora_([ab])$")
TRAINING_STATE = "__training__."
DELTA_FORMAT = "entrenar-delta-checkpoint"


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint that an adapter was trained on, and the digest that proves it is that one."""

    checkpoint: Path
    sha256: str = ""


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """What a LoRA adds to a linear weight [out, in]: `scale` x B [out, rank] x A [rank, in].

    With `transpose` the factors lie as entrenar's linear weights do: A as [in, rank] and B as [rank, out].
    """

    a: Stored
    b: Stored
    rank: int
    scale: float
    transpose: bool


class Factors(msgspec.Struct, frozen=True, kw_only=True):
    """The two factors of one weight, A and B, and by what their product is multiplied."""

    a: Stored
    b: Stored
    rank: int
    scale: float


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """A LoRA: its factors by the name of the weight they change. `kind` is peft or entrenar-delta.

    `kept` are whole weights that the adapter brings beside the factors; they take the place of the base's.
    """

    kind: str
    container: Container
    factors: dict[str, Factors]
    kept: dict[str, Stored] = {}
    config: PeftConfig | None = None

    def delta(self, name: str, order: Order) -> Delta | None:
        """What is added to a weight. PEFT's factors are in Hugging Face's order, entrenar's in their base's."""
        if name not in self.factors:
            return None
        pair = self.factors[name]
        transpose = self.kind == "entrenar-delta" and order == "in_out"
        return Delta(a=pair.a, b=pair.b, rank=pair.rank, scale=pair.scale, transpose=transpose)


def read_adapter(folder: Path, container: Container) -> Adapter | None:
    """The adapter that a checkpoint is, or None when it holds whole weights. Raises CheckpointError."""
    if (folder / PEFT_CONFIG).is_file():
        return _read_peft(folder / PEFT_CONFIG, container)
    if container.metadata.get("format") == DELTA_FORMAT:
        return _read_delta(container)
    return None


def pinned(adapter: Adapter, base: Base | None) -> Path:
    """The base, once its weights have the wanted digest. Raises UsageError, and says the digest where none is given."""
    if base is None:
        message = f"{adapter.container.paths[0]} is a LoRA adapter; alone it is no model"
        raise UsageError(message, hint="name the checkpoint it was trained on: --base DIR --base-sha256 DIGEST")
    found = weights_sha256(open_container(base.checkpoint))
    if not base.sha256:
        message = f"the base {base.checkpoint} is not pinned"
        raise UsageError(message, hint=f"if it is the adapter's own base, pass --base-sha256 {found}")
    if found != base.sha256:
        message = f"the base {base.checkpoint} has digest {found}, not {base.sha256}"
        raise CheckpointError(message, hint="fetch the base that the adapter was trained on")
    return base.checkpoint


def weights_sha256(container: Container) -> str:
    """SHA-256 of a weight file; of several, that of their names and digests."""
    if len(container.paths) == 1:
        return sha256_file(container.paths[0])
    return sha256_json([[path.name, sha256_file(path)] for path in container.paths])


def _read_peft(path: Path, container: Container) -> Adapter:
    config = read_peft_config(path)
    pairs: dict[str, dict[str, Stored]] = {}
    kept: dict[str, Stored] = {}
    adapters = set()
    for name, stored in container.tensors.items():
        if match := PEFT_NAME.match(name):
            pairs.setdefault(match[1], {})[match[2]] = stored
            adapters.add(match[3])
        elif config.saves(name):
            kept[name] = stored
        else:
            message = f"{stored.path}: {stored.name} is no LoRA factor of a linear layer"
            raise CheckpointError(message, hint=MERGE)
    if len(adapters) > 1:
        message = f"{container.paths[0]} holds several adapters: {', '.join(sorted(map(str, adapters)))}"
        raise CheckpointError(message, hint="save one of them: save_pretrained(DIR, selected_adapters=[NAME])")
    whole = _whole(container, pairs)
    factors = {
        f"{module}.weight": Factors(a=pair["A"], b=pair["B"], rank=config.rank(module), scale=config.scale(module))
        for module, pair in whole.items()
    }
    return Adapter(kind="peft", container=container, factors=factors, kept=kept, config=config)


def _read_delta(container: Container) -> Adapter:
    pairs: dict[str, dict[str, Stored]] = {}
    kept: dict[str, Stored] = {}
    for name, stored in container.tensors.items():
        if match := ENTRENAR_NAME.match(name):
            pairs.setdefault(f"model.layers.{match[1]}.self_attn.{match[2]}_proj", {})[match[3].upper()] = stored
        elif not name.startswith(TRAINING_STATE):
            kept[name] = stored
    rank, alpha = (_number(container.metadata, name, container.paths[0]) for name in ("lora_rank", "lora_alpha"))
    factors = {
        f"{module}.weight": Factors(a=pair["A"], b=pair["B"], rank=int(rank), scale=alpha / rank)
        for module, pair in _whole(container, pairs).items()
    }
    return Adapter(kind="entrenar-delta", container=container, factors=factors, kept=kept)


def _whole(container: Container, pairs: dict[str, dict[str, Stored]]) -> dict[str, dict[str, Stored]]:
    lone = sorted(module for module, pair in pairs.items() if len(pair) != 2)
    if lone or not pairs:
        message = f"{container.paths[0]}: {lone[0] if lone else 'no layer'} has not both LoRA factors"
        raise CheckpointError(message, hint="save the adapter again")
    return pairs


def _number(values: Mapping[str, Any], name: str, path: Path) -> float:
    """A positive number of a config. Raises CheckpointError: rank and alpha are never guessed."""
    try:
        value = float(values[name])
    except (KeyError, TypeError, ValueError) as err:
        message = f"{path} does not say {name}"
        raise CheckpointError(message, hint="nothing is defaulted: write the value that training used") from err
    if not 0 < value < math.inf:
        message = f"{path}: {name} is {value}"
        raise CheckpointError(message, hint="write the value that training used")
    return value
