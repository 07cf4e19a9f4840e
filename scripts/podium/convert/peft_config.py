"""PEFT's adapter_config.json: every key is understood or refused by name, and says which weights an adapter changes.

Keys and their meaning are those of peft's LoraConfig, from 0.2 to 0.21; what a name matches, as its tuners_utils.py.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

from podium.errors import CheckpointError, RecordError
from podium.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MERGE = (
    "merge it with PEFT where it was trained, save that with save_pretrained and convert it: "
    "PeftModel.from_pretrained(base, adapter).merge_and_unload()"
)
TO_PLAIN = (
    "save model.merge_and_unload() in the program that trained it and convert that folder; PEFT also turns such an "
    "adapter into a plain one: save_pretrained(DIR, path_initial_model_for_weight_conversion=UNTRAINED_ADAPTER)"
)
NO_MERGE = "such an adapter cannot be merged, with PEFT neither: train a plain LoRA, or convert the base alone"
SAVE_AGAIN = "save the adapter again with PEFT, without editing its files"
# Ways to begin training that leave the base as it is.
PLAIN_STARTS = ("gaussian", "eva", "orthogonal", "mica")
# Ways that take something out of the base first; an adapter that ends so is no sum over the untouched base.
CHANGED_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
# What is known to change nothing in a merged model. The settings of a start count with the start alone.
WITHOUT_EFFECT = {
    "auto_mapping",
    "base_model_name_or_path",
    "corda_config",
    "eva_config",
    "inference_mode",
    "loftq_config",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "merge_weights",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
}
# Adapters that work on some tokens only, or are chosen anew for each.
NEVER_MERGED = {"alora_invocation_tokens", "alora_invocation_string", "arrow_config", "invocation_string"}
TASKS = (None, "CAUSAL_LM", "FEATURE_EXTRACTION")
ALL_LINEAR = "all-linear"

Rank = Annotated[int, msgspec.Meta(ge=1)]
Alpha = Annotated[float, msgspec.Meta(gt=0)]
Number = TypeVar("Number", int, float)
Names = str | list[str] | None


class PeftConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What of adapter_config.json decides a merged model, under PEFT's own names."""

    r: Rank
    lora_alpha: Alpha
    target_modules: Names = None
    exclude_modules: Names = None
    modules_to_save: list[str] | None = None
    layers_to_transform: int | list[int] | None = None
    layers_pattern: Names = None
    use_rslora: bool | None = None
    rank_pattern: dict[str, Rank] | None = None
    alpha_pattern: dict[str, Alpha] | None = None
    init_lora_weights: bool | str | None = True
    ensure_weight_tying: bool | None = None
    peft_type: str | None = None
    task_type: str | None = None
    bias: str | None = None

    def rank(self, module: str) -> int:
        """The rank of one module's factors."""
        return _of_pattern(self.rank_pattern or {}, module, self.r)

    def scale(self, module: str) -> float:
        """What its product is multiplied by: alpha / rank, or alpha / sqrt(rank) where the ranks are stabilised."""
        rank, alpha = self.rank(module), _of_pattern(self.alpha_pattern or {}, module, self.lora_alpha)
        return alpha / (math.sqrt(rank) if self.use_rslora else rank)

    def targets(self, modules: Iterable[str]) -> set[str]:
        """Those of some modules that the adapter changes."""
        return {module for module in modules if self._is_target(module)}

    def saves(self, tensor: str) -> bool:
        """Whether a tensor belongs to a module that the adapter brings whole: PEFT goes by how a name ends."""
        return any(is_of_module(tensor, wanted) for wanted in self.modules_to_save or ())

    def _is_target(self, module: str) -> bool:
        if _names(self.exclude_modules, module) or self.saves(f"{module}.weight"):
            return False
        if isinstance(self.target_modules, str):
            if self.target_modules.lower() == ALL_LINEAR:
                return module.endswith("_proj")
            return re.fullmatch(self.target_modules, module) is not None
        if module in (self.target_modules or ()):
            return True
        return _names(self.target_modules, module) and self._is_in_layers(module)

    def _is_in_layers(self, module: str) -> bool:
        layers = self.layers_to_transform
        if layers is None or layers == []:
            return True
        patterns = [self.layers_pattern] if isinstance(self.layers_pattern, str) else self.layers_pattern or []
        shapes = [rf"(?:^|.*?\.){pattern}\.(\d+)\." for pattern in patterns if pattern] or [r".*?\.[^.]*\.(\d+)\."]
        found = next((match for shape in shapes if (match := re.match(shape, module))), None)
        wanted = [layers] if isinstance(layers, int) else layers
        return found is not None and int(found[1]) in wanted


def is_of_module(tensor: str, wanted: str) -> bool:
    """Whether a tensor lies in a module whose name ends so."""
    parts = tensor.split(".")
    return any(".".join(parts[:end]).endswith(wanted) for end in range(1, len(parts)))


def _names(names: Names, module: str) -> bool:
    if isinstance(names, str):
        return bool(names) and re.fullmatch(names, module) is not None
    return any(module == name or module.endswith(f".{name}") for name in names or ())


def _of_pattern(pattern: Mapping[str, Number], module: str, default: Number) -> Number:
    """The value of the first key that the end of a module's name matches."""
    return next((value for key, value in pattern.items() if re.match(rf"(.*\.)?({key})$", module)), default)


def read_peft_config(path: Path) -> PeftConfig:
    """Read adapter_config.json. Raises CheckpointError naming every key that makes it more than a plain sum."""
    try:
        values = read_json(path)
    except RecordError as err:
        raise CheckpointError(str(err), hint=SAVE_AGAIN) from err
    if not isinstance(values, dict):
        message = f"{path} is not an object"
        raise CheckpointError(message, hint=SAVE_AGAIN)
    for name in ("r", "lora_alpha"):
        if values.get(name) is None and values.get("peft_type") == "LORA":
            message = f"{path} does not say {name}"
            raise CheckpointError(message, hint="nothing is defaulted: write the value that training used")
    _refuse_others(path, values)
    config = _parsed(path, values)
    _refuse_start(path, config)
    return config


def _refuse_others(path: Path, values: dict[str, Any]) -> None:
    """Refuse by name whatever is set and not understood; unset is null, false or empty."""
    if values.get("peft_type") != "LORA":
        message = f"{path}: an adapter of type {values.get('peft_type')} is not supported: adapters are plain LoRA"
        raise CheckpointError(message, hint=MERGE)
    known = WITHOUT_EFFECT | set(PeftConfig.__struct_fields__)
    odd = sorted(name for name, value in values.items() if name not in known and value)
    odd += ["bias"] if values.get("bias") not in (None, "none") else []
    odd += ["task_type"] if values.get("task_type") not in TASKS else []
    if odd:
        shown = ", ".join(f"{name} {values[name]!r}" for name in odd)
        message = f"{path}: {shown} is not supported: adapters are plain LoRA, W + scale x B A"
        raise CheckpointError(message, hint=NO_MERGE if NEVER_MERGED & set(odd) else MERGE)


def _parsed(path: Path, values: dict[str, Any]) -> PeftConfig:
    try:
        config = msgspec.convert(values, PeftConfig)
        patterns = [*(config.rank_pattern or {}), *(config.alpha_pattern or {})]
        regular = (config.target_modules, config.exclude_modules)
        patterns += [names for names in regular if isinstance(names, str)]
        listed = config.layers_pattern
        for pattern in [*patterns, *([listed] if isinstance(listed, str) else listed or [])]:
            re.compile(pattern)
    except (msgspec.ValidationError, re.error) as err:
        message = f"{path}: {err}"
        raise CheckpointError(message, hint=SAVE_AGAIN) from err
    if not config.target_modules and not config.modules_to_save:
        message = f"{path} does not say target_modules, the layers that were adapted"
        raise CheckpointError(message, hint=SAVE_AGAIN)
    return config


def _refuse_start(path: Path, config: PeftConfig) -> None:
    start = config.init_lora_weights
    if not isinstance(start, str) or start.lower() in PLAIN_STARTS:
        return
    if start.lower().startswith(CHANGED_BASE):
        message = (
            f"{path}: init_lora_weights {start!r}: training began by changing the base, so that the adapter is no sum "
            "over the untouched one"
        )
        raise CheckpointError(message, hint=TO_PLAIN)
    message = f"{path}: init_lora_weights {start!r} is not known: it may have changed the base"
    raise CheckpointError(message, hint=TO_PLAIN)
