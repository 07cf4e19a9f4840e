"""Rotary positions: every spelling is read, contradictions are named, and the tables are transformers' bit for bit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from podium.rotary import KINDS, Rotary, RotaryError, UnknownScalingError, read_rotary
from podium.rotary.frequencies import frequencies

SHAPE = {"hidden_size": 64, "num_attention_heads": 4, "max_position_embeddings": 256}
WIDTH = 16
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
LONG = {
    **{"rope_type": "longrope", "short_factor": [1 + pair / 8 for pair in range(8)]},
    "long_factor": [2.0 + pair for pair in range(8)],
}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {"rope_theta": 500.0},
    "plain, base inside": {"rope_parameters": {"rope_type": "default", "rope_theta": 1234.5}},
    "plain, kind not named": {"rope_parameters": {"rope_theta": 1234.5}},
    "linear": {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0}},
    "linear, older key": {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_theta": 1e5},
    "linear, both keys": {"rope_scaling": {"type": "linear", "rope_type": "linear", "factor": 2.0}, "rope_theta": 1e5},
    "linear, both places": {
        "rope_scaling": {"rope_type": "linear", "factor": 3.0},
        "rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 1e5},
        "rope_theta": 1e5,
    },
    "dynamic": {"rope_scaling": {"type": "dynamic", "factor": 2.7}, "rope_theta": 1e5},
    "llama3": {"rope_scaling": {**LLAMA3, "original_max_position_embeddings": 32}, "rope_theta": 5e5},
    "llama3, long": {"rope_parameters": {**LLAMA3, "original_max_position_embeddings": 128, "rope_theta": 5e5}},
    "yarn": {"rope_scaling": YARN, "rope_theta": 1e4},
    "yarn, length not named": {"rope_scaling": {"type": "yarn", "factor": 4.0}, "rope_theta": 1e4},
    "yarn, length beside": {
        **{"rope_scaling": {"rope_type": "yarn", "factor": 4.0}, "original_max_position_embeddings": 32},
        "rope_theta": 1e4,
    },
    "yarn, betas": {"rope_scaling": {**YARN, "beta_fast": 16, "beta_slow": 2}, "rope_theta": 1e4},
    "yarn, attention": {"rope_scaling": {**YARN, "attention_factor": 1.3}, "rope_theta": 1e4},
    "yarn, magnitudes": {"rope_scaling": {**YARN, "mscale": 0.7, "mscale_all_dim": 1.1}, "rope_theta": 1e4},
    "yarn, one magnitude": {"rope_scaling": {**YARN, "mscale": 0.7}, "rope_theta": 1e4},
    "yarn, not truncated": {"rope_scaling": {**YARN, "truncate": False}, "rope_theta": 1e4},
    "yarn, no stretch": {"rope_scaling": {**YARN, "factor": 1.0}, "rope_theta": 1e4},
    "longrope": {"rope_scaling": {**LONG, "original_max_position_embeddings": 64}, "rope_theta": 1e4},
    "longrope, factor": {
        **{"rope_scaling": {**LONG, "factor": 3.0}, "original_max_position_embeddings": 64, "rope_theta": 1e4},
    },
}


def _theirs(config: dict[str, Any], length: int) -> torch.Tensor:
    """Cosines [length, width / 2] of transformers' own LLaMA."""
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    embedding: Any = LlamaRotaryEmbedding(LlamaConfig(**SHAPE, **copy.deepcopy(config)))
    cosine: torch.Tensor = embedding(torch.zeros(1), torch.arange(length)[None])[0]
    return cosine[0, :, : WIDTH // 2]


def _ours(rotary: Rotary, length: int) -> torch.Tensor:
    inverse_frequencies, factor = frequencies(rotary, WIDTH, SHAPE["max_position_embeddings"], length)
    return (torch.arange(length, dtype=torch.float32)[:, None] * inverse_frequencies).cos() * factor


@pytest.mark.parametrize("length", [30, 100, 256])
@pytest.mark.parametrize("name", CONFIGS)
def test_tables_are_transformers_bit_for_bit(name: str, length: int) -> None:
    assert torch.equal(_ours(read_rotary({**SHAPE, **CONFIGS[name]}), length), _theirs(CONFIGS[name], length))


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_written_again_means_the_same(name: str) -> None:
    rotary = read_rotary({**SHAPE, **CONFIGS[name]})
    written = rotary.as_config()
    assert torch.equal(_theirs(written, 100), _theirs(CONFIGS[name], 100))
    assert read_rotary({**SHAPE, **written}) == rotary


def test_every_kind_is_tried() -> None:
    assert {read_rotary({**SHAPE, **config}).kind for config in CONFIGS.values()} == set(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("default", "dynamic")])
def test_every_scaling_differs_from_none(kind: str) -> None:
    for config in CONFIGS.values():
        rotary = read_rotary({**SHAPE, **config})
        if rotary.kind == kind and rotary.values.get("factor") != 1:
            assert not torch.allclose(_ours(rotary, 100), _ours(Rotary(theta=rotary.theta), 100), atol=1e-3)


def test_scaling_by_type_of_layer_counts_where_the_models_layers_agree() -> None:
    linear = {"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0}
    other = {**linear, "factor": 2.0}
    flat = read_rotary({"rope_parameters": linear})
    assert read_rotary({"rope_parameters": {"full_attention": linear}}) == flat
    both = {"full_attention": linear, "sliding_attention": other}
    assert read_rotary({"rope_parameters": both, "layer_types": ["full_attention"] * 2}) == flat
    with pytest.raises(UnknownScalingError, match="rope_parameters differs by type of layer"):
        read_rotary({"rope_parameters": both, "layer_types": ["full_attention", "sliding_attention"]})


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "lacks `rope_theta`"),
        ({"rope_theta": "1e4"}, "rope_theta is '1e4', not a positive number"),
        ({"rope_theta": -1.0}, r"rope_theta is -1\.0"),
        ({"rope_theta": float("inf")}, "rope_theta is inf"),
        ({"rope_theta": True}, "rope_theta is True"),
        ({"rope_theta": 1e4, "rope_parameters": {"rope_theta": 5e5}}, r"rope_theta is 500000\.0 in one place"),
        ({"rope_scaling": "linear"}, "rope_scaling is 'linear', not an object"),
        ({"rope_scaling": {"type": "linear", "rope_type": "yarn"}}, "rope_type 'yarn' and type 'linear'"),
        ({"rope_scaling": {"type": "su", "factor": 2.0}}, "rope scaling 'su'; known are"),
        ({"rope_scaling": {"type": "linear"}}, "'linear' lacks 'factor'"),
        ({"rope_scaling": {"type": "linear", "factor": None}}, "'linear' lacks 'factor'"),
        ({"rope_scaling": {"type": "yarn", "factor": "4"}}, "factor is '4'"),
        ({"rope_scaling": {"type": "yarn", "factor": 4, "beta_fast": 0}}, "beta_fast is 0"),
        ({"rope_scaling": {**LLAMA3, "low_freq_factor": 4.0}}, "high_freq_factor is not above low_freq_factor"),
        ({"rope_scaling": {**LONG, "long_factor": [1.0, -1.0]}}, r"long_factor is -1\.0"),
        ({"rope_scaling": {**LONG, "long_factor": 2.0}}, r"long_factor is 2\.0, not a list"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0, "mrope_section": [1]}}, "'mrope_section', which no LLaMA"),
        (
            {"rope_scaling": {"type": "linear", "factor": 2.0, "partial_rotary_factor": 0.5}},
            "partial rotary factor 0.5",
        ),
        ({"rope_scaling": YARN, "original_max_position_embeddings": 32}, "32 beside rope scaling and 64 in it"),
        (
            {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": {"rope_type": "default"}},
            "rope_scaling is .*, rope_parameters is",
        ),
    ],
)
def test_what_cannot_be_meant_is_named(config: dict[str, Any], said: str) -> None:
    with pytest.raises(RotaryError, match=said):
        read_rotary(config, None if not config else config.get("rope_theta", 1e4))


def test_what_does_not_fit_the_model_is_named() -> None:
    rotary = read_rotary({"rope_scaling": {**LONG, "short_factor": [1.0] * 3}, "rope_theta": 1e4})
    with pytest.raises(RotaryError, match="short_factor has 3 values, a head has 8 pairs"):
        rotary.check_fit(WIDTH, 256)
    for odd in (Rotary(theta=1.0, kind="yarn", values={"factor": 2.0}), read_rotary({"rope_theta": 0.5} | _long(256))):
        with pytest.raises(RotaryError, match="have to be above 1"):
            odd.check_fit(WIDTH, 256)
    read_rotary({"rope_theta": 1e4, **_long(64)}).check_fit(WIDTH, 256)


def _long(original: int) -> dict[str, Any]:
    return {"rope_scaling": {**LONG, "original_max_position_embeddings": original}}
