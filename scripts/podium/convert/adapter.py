"""LoRA adapters: a small delta over a base that is named by its digest, merged while the model is written.

Reads PEFT's adapter_model.safetensors and adapter_config.json, or an entrenar delta checkpoint (APR).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.containers import Container, Stored, open_container
from podium.errors import CheckpointError, RecordError, UsageError
from podium.files import read_json, sha256_file, sha256_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from podium.convert.hypotheses import Order

PEFT_CONFIG = "adapter_config.json"
PEFT_NAME = re.compile(r"^base_model\.model\.(model\.layers\.\d+\..+_proj)\.lora_([AB])(?:\.default)?\.weight$")
ENTRENAR_NAME = re.compile(r"^lora\.(\d+)\.([qkvo])_proj\.lora_([ab])$")
TRAINING_STATE = "__training__."
DELTA_FORMAT = "entrenar-delta-checkpoint"
OWN_BASE = "name the base that the adapter was trained on with --base"
# PEFT options that change the arithmetic and are not implemented.
REFUSED_OPTIONS = ("use_dora", "fan_in_fan_out", "rank_pattern", "alpha_pattern", "modules_to_save", "lora_bias")


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


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """A LoRA: its factors (A, B) by the name of the weight they change. `kind` is peft or entrenar-delta.

    `kept` are whole weights that a delta checkpoint carries beside the factors; they take the place of the base's.
    """

    kind: str
    container: Container
    rank: int
    scale: float
    factors: dict[str, tuple[Stored, Stored]]
    kept: dict[str, Stored] = {}

    def delta(self, name: str, order: Order) -> Delta | None:
        """What is added to a weight. PEFT's factors are in Hugging Face's order, entrenar's in their base's."""
        if name not in self.factors:
            return None
        a, b = self.factors[name]
        transpose = self.kind == "entrenar-delta" and order == "in_out"
        return Delta(a=a, b=b, rank=self.rank, scale=self.scale, transpose=transpose)

    def over(self, weights: Mapping[str, Stored]) -> dict[str, Stored]:
        """The base's weights and those the adapter brings whole. Raises CheckpointError where one does not fit."""
        self._check_fits(weights)
        return {**weights, **self.kept}

    def _check_fits(self, weights: Mapping[str, Stored]) -> None:
        """Raise CheckpointError when a factor changes nothing of the base, or is of another size."""
        for name, (a, b) in self.factors.items():
            weight = weights.get(name)
            # rank x in times out x rank is rank squared times the weight's size, whatever the order.
            if weight is None or a.elements * b.elements != self.rank**2 * weight.elements:
                message = f"{self.container.paths[0]}: the adapter of {name} does not fit the base"
                raise CheckpointError(message, hint=OWN_BASE)
        odd = [
            name for name, kept in self.kept.items() if name not in weights or kept.elements != weights[name].elements
        ]
        if odd:
            message = f"{self.container.paths[0]}: {odd[0]} has no place in the base"
            raise CheckpointError(message, hint=OWN_BASE)


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
    try:
        config = read_json(path)
    except RecordError as err:
        raise CheckpointError(str(err), hint="save the adapter again with PEFT") from err
    odd = [name for name in REFUSED_OPTIONS if config.get(name)]
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none" or odd:
        what = ", ".join(odd) or f"type {config.get('peft_type')}, bias {config.get('bias')}"
        message = f"{path}: {what} is not supported: adapters are plain LoRA"
        raise CheckpointError(message, hint="merge it into its base with PEFT and convert the merged model")
    rank, alpha = (_number(config, name, path) for name in ("r", "lora_alpha"))
    factors: dict[str, dict[str, Stored]] = {}
    for name, stored in container.tensors.items():
        match = PEFT_NAME.match(name)
        if match is None:
            message = f"{stored.path}: {name} is no LoRA factor of a linear layer"
            raise CheckpointError(message, hint="merge it into its base with PEFT and convert the merged model")
        factors.setdefault(f"{match[1]}.weight", {})[match[2]] = stored
    scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    return _adapter("peft", container, rank, scale, factors)


def _read_delta(container: Container) -> Adapter:
    factors: dict[str, dict[str, Stored]] = {}
    kept: dict[str, Stored] = {}
    for name, stored in container.tensors.items():
        if match := ENTRENAR_NAME.match(name):
            weight = f"model.layers.{match[1]}.self_attn.{match[2]}_proj.weight"
            factors.setdefault(weight, {})[match[3].upper()] = stored
        elif not name.startswith(TRAINING_STATE):
            kept[name] = stored
    rank, alpha = (_number(container.metadata, name, container.paths[0]) for name in ("lora_rank", "lora_alpha"))
    return msgspec.structs.replace(_adapter("entrenar-delta", container, rank, alpha / rank, factors), kept=kept)


def _adapter(
    kind: str, container: Container, rank: float, scale: float, factors: dict[str, dict[str, Stored]]
) -> Adapter:
    whole = {name: (pair["A"], pair["B"]) for name, pair in factors.items() if len(pair) == 2}
    if len(whole) != len(factors) or not whole:
        lone = sorted(set(factors) - set(whole))
        message = f"{container.paths[0]}: {lone[0] if lone else 'no layer'} has not both LoRA factors"
        raise CheckpointError(message, hint="save the adapter again")
    return Adapter(kind=kind, container=container, rank=int(rank), scale=scale, factors=whole)


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
