"""What training tools put around a model shows in the names of its saved tensors; here it is taken off again.

Known wrappers go everywhere or nowhere. Names below the inner model (`layers.0...` of a LlamaModel saved without its
head) get their `model.` back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from podium.convert.layouts.names import EMBEDDING, TRAINING_STATE
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from podium.convert.containers import Container

# torch.compile, DataParallel and DDP, FSDP (and its first form), activation checkpointing, Lightning Fabric.
WRAPPERS = (
    "_orig_mod",
    "module",
    "_fsdp_wrapped_module",
    "_fpw_module",
    "_checkpoint_wrapped_module",
    "_forward_module",
    "_original_module",
)
PEFT_WRAPPERS = ("base_model.model.", "base_model.")
INNER = "model."
# Of a module that holds the whole model under this name too, as Lightning's often do.
DOUBLED = re.compile(r"^model\.(?:model|lm_head)\.")
INSIDE = re.compile(r"^(?:layers\.\d+|embed_tokens|norm|rotary_emb)\.")
BESIDE = "lm_head."
ADAPTED = re.compile(r"\.(?:base_layer|lora_[A-Za-z_]+)\.")
SAVE_INNER = "save the model inside: unwrap it (model.module, model._orig_mod, ...) and call its save_pretrained"


class Unwrapped(msgspec.Struct, frozen=True, kw_only=True):
    """A container under the inner model's names, and what was taken off or put back, for people."""

    container: Container
    taken_off: tuple[str, ...] = ()
    is_inner: bool = False

    def phrase(self, *, is_adapter: bool = False) -> str:
        """What was done to the names; empty where nothing was, or nothing that every adapter of PEFT's needs."""
        taken = [name for name in self.taken_off if not (is_adapter and name in PEFT_WRAPPERS)]
        off = f"taken off all tensor names: {', '.join(taken)}" if taken else ""
        inner = "tensor names got the 'model.' that the inner model lacks" if self.is_inner else ""
        return "; ".join(filter(None, (off, inner)))


def unwrapped(container: Container) -> Unwrapped:
    """Take known wrappers off all names. Raises CheckpointError where some have them and others have not."""
    where = str(container.paths[0])
    kept = [name for name in container.tensors if TRAINING_STATE.search(name)]
    names = {name: name for name in container.tensors if name not in set(kept)}
    names, prefixes = _without_prefixes(where, names)
    names, inner = _without_infixes(names)
    is_inner = any(map(INSIDE.match, names.values())) and all(
        INSIDE.match(name) or name.startswith(BESIDE) for name in names.values()
    )
    if is_inner:
        names = {stored: f"{INNER}{name}" if INSIDE.match(name) else name for stored, name in names.items()}
    _refuse_twins(where, names)
    tensors = {names.get(stored, stored): tensor for stored, tensor in container.tensors.items()}
    return Unwrapped(
        container=msgspec.structs.replace(container, tensors=tensors),
        taken_off=tuple(dict.fromkeys([*prefixes, *inner])),
        is_inner=is_inner,
    )


def _without_prefixes(where: str, names: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Wrappers around the whole model, the outermost first."""
    taken: list[str] = []
    while names:
        prefix = _prefix(names.values())
        if not prefix:
            return names, taken
        odd = next((stored for stored, name in names.items() if not name.startswith(prefix)), None)
        if odd is not None:
            wrapped = next(stored for stored, name in names.items() if name.startswith(prefix))
            message = f"{where}: {wrapped} has the wrapper {prefix!r} and {odd} has not: two savings in one"
            raise CheckpointError(message, hint=SAVE_INNER)
        names = {stored: name.removeprefix(prefix) for stored, name in names.items()}
        taken.append(prefix)
    return names, taken


def _prefix(names: Iterable[str]) -> str:
    """The wrapper that stands first in some name, or in all of them where it could be the model's own."""
    listed = list(names)
    for prefix in (*(f"{wrapper}." for wrapper in WRAPPERS), *PEFT_WRAPPERS):
        if any(name.startswith(prefix) for name in listed):
            return prefix
    is_doubled = any(DOUBLED.match(name) for name in listed) and all(name.startswith(INNER) for name in listed)
    return INNER if is_doubled else ""


def _without_infixes(names: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Wrappers around parts of the model: FSDP and activation checkpointing wrap layers and leave the rest alone."""
    taken: list[str] = []
    plain = {}
    for stored, name in names.items():
        parts = name.split(".")
        taken += [f"{part}." for part in parts if part in WRAPPERS]
        plain[stored] = ".".join(part for part in parts if part not in WRAPPERS)
    return plain, taken


def _refuse_twins(where: str, names: dict[str, str]) -> None:
    owners: dict[str, str] = {}
    for stored, name in names.items():
        if name in owners:
            message = f"{where}: without their wrappers {owners[name]} and {stored} are both {name}"
            raise CheckpointError(message, hint=SAVE_INNER)
        owners[name] = stored


def why_strange(names: Sequence[str]) -> tuple[str, str] | None:
    """Why names are not those of any layout, and the remedy: an unknown wrapper, or a LoRA that was not merged."""
    adapted = next((name for name in names if ADAPTED.search(name)), None)
    if adapted:
        hint = "save model.merge_and_unload() with save_pretrained, or convert the adapter's own folder with --base"
        return f"{adapted} belongs to a LoRA that was not merged", hint
    ends = (EMBEDDING, EMBEDDING.removeprefix(INNER))
    found = next((name for name in names if any(name.endswith(f".{end}") for end in ends)), None)
    if found is None or EMBEDDING in names:
        return None
    end = next(end for end in ends if found.endswith(f".{end}"))
    prefix = found.removesuffix(end)
    return f"its tensor names begin with {prefix!r}, which is no known wrapper ({found})", SAVE_INNER
