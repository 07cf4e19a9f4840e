"""What a config.json says of rotary positions. Two keys that disagree are an error: versions of transformers differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ORIGINAL = "original_max_position_embeddings"
# kind -> the values that it cannot do without; as in transformers' modeling_rope_utils.py
KINDS: dict[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "yarn": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
    "longrope": ("short_factor", "long_factor"),
}
# What any kind may have besides. `finetuned` is a remark that some models carry.
OPTIONAL = {
    *(ORIGINAL, "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate", "finetuned"),
    *("partial_rotary_factor", "rope_theta", "rope_type", "type"),
}
KNOWN = OPTIONAL.union(*KINDS.values())
LISTS = ("short_factor", "long_factor")
PLACES = ("rope_scaling", "rope_parameters")  # transformers 4 and 5
DEFAULT_THETA = 10000.0


class RotaryError(ValueError):
    """The config says of rotary positions what no LLaMA computes, or says two things."""


class UnknownScalingError(RotaryError):
    """The config asks for positions that nothing here computes; transformers may."""


class Rotary(msgspec.Struct, frozen=True, kw_only=True):
    """Rotary positions: `theta` is the base, `values` are the config's own for this kind, as they stand there.

    `original` is the length before scaling that the config names outside of `values`, 0 where it does not.
    """

    theta: float
    kind: str = "default"
    values: dict[str, Any] = {}
    original: int = 0

    def original_length(self, positions: int) -> int:
        """The length that training had before scaling, which is `positions` where nothing names another."""
        return int(self.original or self.values.get(ORIGINAL) or positions)

    def check_fit(self, width: int, positions: int) -> None:
        """Refuse values that no head of `width` dimensions and model of `positions` can have. Raises RotaryError."""
        for name in LISTS:
            if len(self.values.get(name, [])) not in (0, width // 2):
                found = len(self.values[name])
                message = f"rope scaling {self.kind!r}: {name} has {found} values, a head has {width // 2} pairs"
                raise RotaryError(message)
        if self.kind in ("yarn", "longrope") and min(self.theta, self.original_length(positions)) <= 1:
            message = f"rope scaling {self.kind!r}: its base and its length before scaling have to be above 1"
            raise RotaryError(message)

    def as_config(self) -> dict[str, Any]:
        """The keys of config.json; transformers 4 reads `rope_scaling` and `rope_theta`, 5 `rope_parameters`."""
        scaling = {**self.values, "rope_type": self.kind}
        return {
            "rope_parameters": {**scaling, "rope_theta": self.theta},
            **({} if self.kind == "default" else {"rope_scaling": scaling}),
            **({ORIGINAL: self.original} if self.original else {}),
            "rope_theta": self.theta,
        }


def read_rotary(config: Mapping[str, Any], theta: float | None = None) -> Rotary:
    """Rotary positions of a config; `theta` is the base where it names none. Raises RotaryError naming the key."""
    found = [_one_set(config, name) for name in PLACES if config.get(name)]
    bases = [*(values.pop("rope_theta") for values in found if values.get("rope_theta") is not None)]
    bases += [config["rope_theta"]] if config.get("rope_theta") is not None else []
    if len(found) > 1 and found[0] != found[1]:
        message = f"rope_scaling is {found[0]}, rope_parameters is {found[1]}"
        raise RotaryError(message)
    if len(set(map(float, bases))) > 1:
        message = f"rope_theta is {' in one place and '.join(map(str, bases))} in another"
        raise RotaryError(message)
    values = found[0] if found else {"rope_type": "default"}
    kind = values.pop("rope_type")
    _check(kind, values)
    base = bases[0] if bases else theta
    if base is None:
        message = "it lacks `rope_theta`"
        raise RotaryError(message)
    return Rotary(theta=_positive("rope_theta", base), kind=kind, values=values, original=_outside(config, values))


def _one_set(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The values under one of `PLACES`, for all layers, with their kind under `rope_type`."""
    values = config[name]
    if not isinstance(values, dict):
        message = f"{name} is {values!r}, not an object"
        raise RotaryError(message)
    if any(isinstance(value, dict) for value in values.values()):
        values = _common(config, name, values)
    kinds = [values[key] for key in ("rope_type", "type") if values.get(key) is not None]
    if len(set(kinds)) > 1:
        message = f"rope scaling: {name} has rope_type {kinds[0]!r} and type {kinds[1]!r}"
        raise RotaryError(message)
    kept = {key: value for key, value in values.items() if key not in ("rope_type", "type") and value is not None}
    return {**kept, "rope_type": kinds[0] if kinds else "default"}


def _common(config: Mapping[str, Any], name: str, by_type: Mapping[str, Any]) -> dict[str, Any]:
    """What all types of layer that the model has agree on."""
    types = sorted(set(config.get("layer_types") or ["full_attention"]))
    sets = [by_type.get(layer_type) for layer_type in types]
    if not isinstance(sets[0], dict) or any(other != sets[0] for other in sets):
        message = f"rope scaling: {name} differs by type of layer ({', '.join(types)})"
        raise UnknownScalingError(message)
    return sets[0]


def _check(kind: Any, values: Mapping[str, Any]) -> None:
    if kind not in KINDS:
        message = f"rope scaling {kind!r}; known are {', '.join(KINDS)}"
        raise UnknownScalingError(message)
    lacking = [key for key in KINDS[kind] if key not in values]
    if lacking:
        message = f"rope scaling {kind!r} lacks {lacking[0]!r}"
        raise RotaryError(message)
    odd = sorted(set(values) - KNOWN)
    if odd:
        message = f"rope scaling {kind!r} has {odd[0]!r}, which no LLaMA computes"
        raise UnknownScalingError(message)
    if values.get("partial_rotary_factor", 1) != 1:
        message = f"partial rotary factor {values['partial_rotary_factor']}"
        raise UnknownScalingError(message)
    for key in LISTS:
        if not isinstance(values.get(key, []), list):
            message = f"rope scaling {kind!r}: {key} is {values[key]!r}, not a list"
            raise RotaryError(message)
    for key, value in _numbers(values):
        _positive(f"rope scaling {kind!r}: {key}", value)
    if kind == "llama3" and values["high_freq_factor"] <= values["low_freq_factor"]:
        message = f"rope scaling {kind!r}: high_freq_factor is not above low_freq_factor"
        raise RotaryError(message)


def _numbers(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every value that has to be a positive number."""
    for key, value in values.items():
        if key in LISTS:
            yield from ((key, one) for one in value)
        elif key not in ("truncate", "finetuned"):
            yield key, value


def _positive(name: str, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:
        message = f"{name} is {value!r}, not a positive number"
        raise RotaryError(message)
    return float(value)


def _outside(config: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """The original length that stands beside the values; some families write it there."""
    beside = config.get(ORIGINAL)
    if beside is None:
        return 0
    within = values.get(ORIGINAL, beside)
    if within != beside:
        message = f"{ORIGINAL} is {beside} beside rope scaling and {within} in it"
        raise RotaryError(message)
    return int(_positive(ORIGINAL, beside))
