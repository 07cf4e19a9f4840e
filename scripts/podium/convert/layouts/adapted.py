"""An adapter over the base it belongs to: every tensor that its config promises is there, no other, and all fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from podium.convert.layouts.names import EMBEDDING, HEAD
from podium.convert.layouts.tensors import layer_shapes, model_shapes
from podium.convert.peft_config import MERGE, SAVE_AGAIN, is_of_module
from podium.convert.tokenizer import adapters_tokenizer
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from podium.convert.adapter import Adapter, Factors
    from podium.convert.containers import Stored
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.convert.peft_config import PeftConfig

OWN_BASE = "name the base that the adapter was trained on with --base"
OUTER = {"lm_head", "model.embed_tokens"}


def adapted(base: Checkpoint, adapter: Adapter, folder: Path) -> Checkpoint:
    """The base with an adapter and its tokenizer. Raises CheckpointError naming the first thing that does not fit."""
    shapes = {**model_shapes(base.config), HEAD: (base.config.vocab_size, base.config.hidden_size)}
    if adapter.config:
        _check_promise(base, adapter, adapter.config)
    else:
        _check_layers(base, adapter)
    for name, pair in adapter.factors.items():
        _check_factors(adapter, name, pair, shapes.get(name))
    for name, kept in adapter.kept.items():
        _check_kept(adapter, name, kept, base, shapes.get(name))
    # PEFT's head is the model's own, whatever the base's file holds.
    has_head = adapter.config is not None and HEAD in adapter.kept
    grid = msgspec.structs.replace(base.grid, heads=("own_vh",)) if has_head else base.grid
    tokenizer, told = adapters_tokenizer(folder, base.tokenizer, knows_new_tokens=EMBEDDING in adapter.kept)
    return msgspec.structs.replace(
        base,
        layout=f"{adapter.kind} over {base.layout}",
        weights={**base.weights, **adapter.kept},
        grid=grid,
        adapter=adapter,
        tokenizer=tokenizer,
        told={**base.told, **told},
    )


def _check_promise(base: Checkpoint, adapter: Adapter, config: PeftConfig) -> None:
    """The factors and whole modules that adapter_config.json names, and those that the file holds."""
    linear = [name.removesuffix(".weight") for name, shape in layer_shapes(base.config).items() if len(shape) == 2]
    modules = [f"model.layers.{number}.{name}" for number in range(base.config.num_hidden_layers) for name in linear]
    outer = sorted(config.targets(OUTER))
    if outer:
        message = f"{adapter.container.paths[0]}: target_modules names {outer[0]}: only layers' weights are merged here"
        raise CheckpointError(message, hint=MERGE)
    _same_names(adapter, {f"{module}.weight" for module in config.targets(modules)}, adapter.factors, "target_modules")
    saved = {name for name in {*base.weights, HEAD} if config.saves(name)}
    _same_names(adapter, saved, adapter.kept, "modules_to_save")
    nowhere = [name for name in config.modules_to_save or () if not any(is_of_module(part, name) for part in saved)]
    if nowhere:
        message = f"{adapter.container.paths[0]}: modules_to_save names {nowhere[0]}, which the base does not have"
        raise CheckpointError(message, hint=MERGE)
    if saved & {EMBEDDING, HEAD} and (config.ensure_weight_tying or HEAD not in {*base.weights, *saved}):
        message = f"{adapter.container.paths[0]}: modules_to_save names {EMBEDDING}, to which the head may be tied"
        raise CheckpointError(message, hint=MERGE)


def _same_names(adapter: Adapter, wanted: set[str], found: Iterable[str], key: str) -> None:
    missing, extra = sorted(wanted - set(found)), sorted(set(found) - wanted)
    if missing or extra:
        pairs = (("lacks", missing), ("has also", extra))
        parts = [f"{kind} {len(names)} ({', '.join(names[:2])})" for kind, names in pairs if names]
        message = f"{adapter.container.paths[0]} is not what its config promises by {key}: it {' and '.join(parts)}"
        raise CheckpointError(message, hint=f"{SAVE_AGAIN}, and {OWN_BASE}")


def _check_layers(base: Checkpoint, adapter: Adapter) -> None:
    """A delta checkpoint has no list of its layers; what one layer has, all have."""
    modules = {name.split(".", 3)[3] for name in adapter.factors}
    wanted = {f"model.layers.{number}.{name}" for number in range(base.config.num_hidden_layers) for name in modules}
    _same_names(adapter, wanted, adapter.factors, "one layer for all")


def _check_factors(adapter: Adapter, name: str, pair: Factors, shape: tuple[int, ...] | None) -> None:
    """PEFT's labels are true; of entrenar's factors only the number of values is sure."""
    path = adapter.container.paths[0]
    if shape is None or len(shape) != 2:
        message = f"{path}: the adapter of {name} does not fit the base, which has no such weight"
        raise CheckpointError(message, hint=OWN_BASE)
    wanted = {"A": (pair.rank, shape[1]), "B": (shape[0], pair.rank)}
    for (letter, size), stored in zip(wanted.items(), (pair.a, pair.b), strict=True):
        is_right = stored.shape == size if adapter.kind == "peft" else stored.elements == math.prod(size)
        if not is_right:
            message = (
                f"{path}: factor {letter} of {name} is {list(stored.shape)}, which does not fit the base or the rank "
                f"{pair.rank}: {list(size)} is wanted"
            )
            raise CheckpointError(message, hint=f"{SAVE_AGAIN}, and {OWN_BASE}")


def _check_kept(adapter: Adapter, name: str, kept: Stored, base: Checkpoint, shape: tuple[int, ...] | None) -> None:
    """A whole weight takes the place of the base's. Linear layers of PEFT's would have to be turned first."""
    is_peft = adapter.kind == "peft"
    if is_peft and (name.endswith("_proj.weight") or shape is None):
        message = f"{adapter.container.paths[0]}: modules_to_save brings {name} whole, which is not merged here"
        raise CheckpointError(message, hint=MERGE)
    known = name in base.weights or (is_peft and name == HEAD)
    fits = known and (kept.shape == shape if is_peft else kept.elements == base.weights[name].elements)
    if not fits:
        message = f"{adapter.container.paths[0]}: {name} has no place in the base ({list(kept.shape)})"
        raise CheckpointError(message, hint=f"{OWN_BASE}; a vocabulary that was resized has to be merged with PEFT")
