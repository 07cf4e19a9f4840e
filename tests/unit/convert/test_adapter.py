"""Adapters of PEFT: what can be merged is W + scale x B A computed by hand, everything else is refused by name."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.unit.convert.small_models import (
    HIDDEN,
    LAYERS,
    ROWS,
    SHAPES,
    TOKENIZER_CONFIG,
    Weights,
    byte_tokenizer,
    small_weights,
    write_json,
    write_small,
    written,
)

from podium.convert.adapter import Base
from podium.convert.layouts import detect
from podium.convert.layouts.checkpoint import Checkpoint
from podium.errors import CheckpointError
from podium.files import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

RANK, ALPHA = 4, 8
PLAIN = {
    "peft_type": "LORA",
    "task_type": "CAUSAL_LM",
    "r": RANK,
    "lora_alpha": ALPHA,
    "target_modules": ["q_proj", "v_proj"],
    "bias": "none",
    "lora_dropout": 0.05,
    "init_lora_weights": True,
    "inference_mode": True,
    "base_model_name_or_path": "somewhere",
    "peft_version": "0.21.2",
}
# As save_pretrained of 0.21 writes the keys that are off.
UNSET: dict[str, Any] = {
    "alora_invocation_tokens": None,
    "alpha_pattern": {},
    "arrow_config": None,
    "auto_mapping": None,
    "corda_config": None,
    "ensure_weight_tying": False,
    "eva_config": None,
    "exclude_modules": None,
    "fan_in_fan_out": False,
    "kasa_config": None,
    "layer_replication": None,
    "layers_pattern": None,
    "layers_to_transform": None,
    "loftq_config": {},
    "lora_bias": False,
    "lora_ga_config": None,
    "megatron_config": None,
    "megatron_core": "megatron.core",
    "modules_to_save": None,
    "monteclora_config": None,
    "qalora_group_size": 16,
    "rank_pattern": {},
    "revision": None,
    "target_parameters": None,
    "trainable_token_indices": None,
    "use_bdlora": None,
    "use_dora": False,
    "use_qalora": False,
    "use_rslora": False,
    "velora_config": None,
}
Q, V = "self_attn.q_proj", "self_attn.v_proj"


def _factors(ranks: dict[str, int], layers: tuple[int, ...] = tuple(range(LAYERS)), prefix: str = "") -> Weights:
    """Factors of modules of each layer, under PEFT's names."""
    source = np.random.default_rng(1)
    tensors = {}
    for layer in layers:
        for module, rank in ranks.items():
            out, width = SHAPES[module]
            name = f"base_model.model.{prefix}model.layers.{layer}.{module}"
            tensors[f"{name}.lora_A.weight"] = source.normal(0, 1, (rank, width)).astype(np.float32)
            tensors[f"{name}.lora_B.weight"] = source.normal(0, 1, (out, rank)).astype(np.float32)
    return tensors


def _write(folder: Path, tensors: Weights | None = None, **changes: Any) -> Path:
    folder.mkdir()
    tensors = _factors({Q: RANK, V: RANK}) if tensors is None else tensors
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    write_json(folder / "adapter_config.json", {**PLAIN, **UNSET, **changes})
    return folder


def _base(tmp_path: Path, weights: Weights | None = None, **config: Any) -> Base:
    folder = write_small(tmp_path / "base", weights, **config)
    return Base(checkpoint=folder, sha256=sha256_file(folder / "model.safetensors"))


def _by_hand(tensors: Weights, scales: dict[str, float]) -> Weights:
    """W + scale x B A in float64; `scales` by the end of a module's name."""
    expected = small_weights()
    for name in [name for name in tensors if name.endswith("lora_A.weight")]:
        module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        scale = next(value for end, value in scales.items() if module.endswith(end))
        product = tensors[name.replace("lora_A", "lora_B")].astype(np.float64) @ tensors[name].astype(np.float64)
        weight = f"{module}.weight"
        expected[weight] = (expected[weight].astype(np.float64) + scale * product).astype(np.float32)
    return expected


def _same(found: Weights, expected: Weights) -> None:
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name


@pytest.mark.parametrize(
    ("changes", "ranks", "scales"),
    [
        ({}, {Q: 4, V: 4}, {Q: 2.0, V: 2.0}),
        ({"use_rslora": True}, {Q: 4, V: 4}, {Q: 4.0, V: 4.0}),
        ({"rank_pattern": {"q_proj": 2}}, {Q: 2, V: 4}, {Q: 4.0, V: 2.0}),
        ({"alpha_pattern": {"v_proj": 3, "._proj": 5}}, {Q: 4, V: 4}, {Q: 1.25, V: 0.75}),
        (
            {"rank_pattern": {r"layers\.\d\.self_attn\.q_proj": 2}, "alpha_pattern": {"q_proj": 6}, "use_rslora": True},
            {Q: 2, V: 4},
            {Q: 6 / math.sqrt(2), V: 4.0},
        ),
        ({"target_modules": r".*\.(q|v)_proj"}, {Q: 4, V: 4}, {Q: 2.0, V: 2.0}),
        ({"target_modules": "all-linear"}, dict.fromkeys(SHAPES, 4), {"": 2.0}),
        ({"exclude_modules": ["v_proj"]}, {Q: 4}, {Q: 2.0}),
        ({"exclude_modules": r".*v_proj"}, {Q: 4}, {Q: 2.0}),
        ({"init_lora_weights": "gaussian"}, {Q: 4, V: 4}, {"": 2.0}),
        ({"init_lora_weights": "eva", "eva_config": {"rho": 2.0}}, {Q: 4, V: 4}, {"": 2.0}),
        ({"init_lora_weights": "orthogonal"}, {Q: 4, V: 4}, {"": 2.0}),
        ({"init_lora_weights": "mica"}, {Q: 4, V: 4}, {"": 2.0}),
        ({"init_lora_weights": False}, {Q: 4, V: 4}, {"": 2.0}),
        # PEFT's own way from PiSSA to plain LoRA leaves the settings of the start where they were.
        ({"init_lora_weights": True, "corda_config": {"corda_method": "ipm"}}, {Q: 4, V: 4}, {"": 2.0}),
        ({"a_key_of_tomorrow": None, "another": False, "third": []}, {Q: 4, V: 4}, {"": 2.0}),
    ],
)
def test_what_is_a_plain_sum_is_merged_as_computed_by_hand(
    tmp_path: Path, changes: dict[str, Any], ranks: dict[str, int], scales: dict[str, float]
) -> None:
    tensors = _factors(ranks)
    folder = _write(tmp_path / "adapter", tensors, **changes)
    found, checkpoint = written(folder, tmp_path / "out", _base(tmp_path))
    _same(found, _by_hand(tensors, scales))
    assert checkpoint.layout == "peft over huggingface"


@pytest.mark.parametrize(
    "changes", [{"layers_to_transform": [1]}, {"layers_to_transform": 1, "layers_pattern": "layers"}]
)
def test_only_the_layers_that_were_transformed_are_wanted(tmp_path: Path, changes: dict[str, Any]) -> None:
    tensors = _factors({Q: RANK, V: RANK}, layers=(1,))
    found, _ = written(_write(tmp_path / "adapter", tensors, **changes), tmp_path / "out", _base(tmp_path))
    _same(found, _by_hand(tensors, {"": 2.0}))


@pytest.mark.parametrize("names", [("lm_head.weight", "model.embed_tokens.weight"), ("model.norm.weight",)])
def test_modules_that_were_trained_whole_take_the_bases_place(tmp_path: Path, names: tuple[str, ...]) -> None:
    wholes: Weights = {name: np.float32(2) * small_weights()[name][::-1].copy() for name in names}
    tensors = _factors({Q: RANK, V: RANK})
    saved = {**tensors, **{f"base_model.model.{name}": values for name, values in wholes.items()}}
    modules = [name.removesuffix(".weight") for name in names]
    folder = _write(tmp_path / "adapter", saved, modules_to_save=modules)
    found, checkpoint = written(folder, tmp_path / "out", _base(tmp_path))
    _same(found, {**_by_hand(tensors, {"": 2.0}), **wholes})
    assert checkpoint.grid.heads == (("own_vh",) if "lm_head.weight" in names else ("own_vh", "own_hv"))


def test_a_head_of_its_own_over_a_tied_base_is_the_models_head(tmp_path: Path) -> None:
    weights = small_weights()
    del weights["lm_head.weight"]
    head = np.full((ROWS, HIDDEN), 0.5, np.float32)
    tensors = {**_factors({Q: RANK, V: RANK}), "base_model.model.lm_head.weight": head}
    folder = _write(tmp_path / "adapter", tensors, modules_to_save=["lm_head"])
    found, _ = written(folder, tmp_path / "out", _base(tmp_path, weights, tie_word_embeddings=True))
    assert np.array_equal(found["lm_head.weight"], head)
    assert np.array_equal(found["model.embed_tokens.weight"], weights["model.embed_tokens.weight"])


@pytest.mark.parametrize("infix", ["_orig_mod.", "module.", "_orig_mod.module.", "_fsdp_wrapped_module."])
def test_wrappers_in_an_adapters_names_are_taken_off_and_told(tmp_path: Path, infix: str) -> None:
    tensors = _factors({Q: RANK, V: RANK}, prefix=infix)
    found, checkpoint = written(_write(tmp_path / "adapter", tensors), tmp_path / "out", _base(tmp_path))
    _same(found, _by_hand(_factors({Q: RANK, V: RANK}), {"": 2.0}))
    assert checkpoint.told["adapter-names"].endswith(", ".join(f"{part}." for part in infix.split(".") if part))


def test_an_adapters_own_name_in_its_tensors_is_no_obstacle(tmp_path: Path) -> None:
    plain = _factors({Q: RANK, V: RANK})
    named = {name.replace(".weight", ".mine.weight"): values for name, values in plain.items()}
    found, checkpoint = written(_write(tmp_path / "adapter", named), tmp_path / "out", _base(tmp_path))
    _same(found, _by_hand(plain, {"": 2.0}))
    assert "adapter-names" not in checkpoint.told


TO_PLAIN, MERGE, NEVER = "path_initial_model_for_weight_conversion", "merge_and_unload", "cannot be merged"


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        *(({"init_lora_weights": start}, TO_PLAIN) for start in ("pissa", "PiSSA", "pissa_niter_16", "olora", "corda")),
        *(({"init_lora_weights": start}, TO_PLAIN) for start in ("loftq", "lora_ga", "of_tomorrow", "true")),
        ({"use_dora": True}, MERGE),
        ({"use_qalora": True}, MERGE),
        ({"lora_bias": True}, MERGE),
        ({"bias": "all"}, MERGE),
        ({"bias": "lora_only"}, MERGE),
        ({"fan_in_fan_out": True}, MERGE),
        ({"layer_replication": [[0, 2], [1, 2]]}, MERGE),
        ({"alora_invocation_tokens": [5, 6]}, NEVER),
        ({"arrow_config": {"top_k": 2}}, NEVER),
        ({"trainable_token_indices": [3]}, MERGE),
        ({"trainable_token_indices": {"embed_tokens": [3]}}, MERGE),
        ({"target_parameters": ["mlp.gate_proj.weight"]}, MERGE),
        ({"megatron_config": {"a": 1}}, MERGE),
        ({"kasa_config": {"beta": 1.0}}, MERGE),
        ({"monteclora_config": {"n": 1}}, MERGE),
        ({"velora_config": {"rank": 1}}, MERGE),
        ({"use_bdlora": {"nblocks": 2}}, MERGE),
        ({"enable_lora": [True, False]}, MERGE),
        ({"task_type": "SEQ_CLS"}, MERGE),
        ({"a_key_of_tomorrow": 1}, MERGE),
        ({"peft_type": "ADALORA"}, MERGE),
        ({"target_modules": ["q_proj", "v_proj", "lm_head"]}, MERGE),
        ({"target_modules": ["q_proj", "v_proj", "embed_tokens"]}, MERGE),
        ({"modules_to_save": ["score"]}, MERGE),
    ],
    ids=json.dumps,
)
def test_what_is_no_plain_sum_is_refused_by_name_with_the_way_out(
    tmp_path: Path, changes: dict[str, Any], remedy: str
) -> None:
    folder = _write(tmp_path / "adapter", **changes)
    with pytest.raises(CheckpointError) as caught:
        detect(folder, _base(tmp_path))
    key, value = next(iter(changes.items()))
    shown = value[-1] if isinstance(value, list) and key.endswith("_modules") else value
    shown = value[0] if key == "modules_to_save" else shown
    assert key in str(caught.value) or key == "peft_type"
    assert str(shown) in str(caught.value)
    assert remedy in caught.value.hint


@pytest.mark.parametrize(
    ("start", "said"), [("pissa_niter_4", "training began by changing the base"), ("of_tomorrow", "is not known")]
)
def test_a_start_that_changed_the_base_is_told_from_an_unknown_one(tmp_path: Path, start: str, said: str) -> None:
    with pytest.raises(CheckpointError, match=f"'{start}'.*{said}"):
        detect(_write(tmp_path / "adapter", init_lora_weights=start), _base(tmp_path))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"r": 0}, r"\$\.r"),
        ({"r": None}, "does not say r"),
        ({"lora_alpha": None}, "does not say lora_alpha"),
        ({"lora_alpha": -1}, r"\$\.lora_alpha"),
        ({"use_rslora": "yes"}, r"\$\.use_rslora"),
        ({"rank_pattern": {"q_proj": 0}}, r"\$\.rank_pattern"),
        ({"rank_pattern": {"q_proj": 8}}, r"factor A of model\.layers\.0\.self_attn\.q_proj\.weight is \[4, 8\]"),
        ({"r": 5}, "does not fit the base or the rank 5"),
        ({"target_modules": "("}, "adapter_config.json: "),
        ({"target_modules": None}, "does not say target_modules"),
        ({"target_modules": ["q_proj"]}, r"has also 2 \(model\.layers\.0\.self_attn\.v_proj\.weight"),
        ({"target_modules": ["q_proj", "v_proj", "k_proj"]}, r"lacks 2 \(model\.layers\.0\.self_attn\.k_proj\.weight"),
        ({"layers_to_transform": [0]}, r"has also 2 \(model\.layers\.1"),
        ({"modules_to_save": ["lm_head"]}, r"by modules_to_save: it lacks 1 \(lm_head\.weight\)"),
    ],
)
def test_a_config_that_does_not_fit_its_tensors_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    folder = _write(tmp_path / "adapter", **changes)
    with pytest.raises(CheckpointError, match=said) as caught:
        detect(folder, _base(tmp_path))
    assert caught.value.hint


ODD = np.zeros((4, 8), np.float32)


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector", ODD, "is no LoRA factor"),
        ("base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias", ODD, "is no LoRA factor"),
        ("base_model.model.model.embed_tokens.lora_embedding_A", ODD, "is no LoRA factor"),
        ("base_model.model.model.embed_tokens.weight", ODD, "is no LoRA factor"),
        ("base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight", ODD, "has not both LoRA factors"),
        ("base_model.model.model.layers.0.self_attn.q_proj.lora_A.second.weight", ODD, "holds several adapters"),
    ],
)
def test_tensors_that_no_plain_adapter_has_are_named(tmp_path: Path, name: str, values: Any, said: str) -> None:
    folder = _write(tmp_path / "adapter", {**_factors({Q: RANK, V: RANK}), name: values})
    with pytest.raises(CheckpointError, match=said):
        detect(folder, _base(tmp_path))


@pytest.mark.parametrize(
    ("shape", "modules", "tied", "said"),
    [
        ((ROWS + 8, HIDDEN), ["embed_tokens", "lm_head"], False, r"has no place in the base \(\[288, 8\]\)"),
        ((ROWS, HIDDEN), ["embed_tokens"], True, "to which the head may be tied"),
    ],
)
def test_whole_modules_that_do_not_fit_are_named(
    tmp_path: Path, shape: tuple[int, int], modules: list[str], tied: bool, said: str
) -> None:
    weights = small_weights()
    if tied:
        del weights["lm_head.weight"]
    names = {"embed_tokens": "model.embed_tokens.weight", "lm_head": "lm_head.weight"}
    wholes = {f"base_model.model.{names[module]}": np.ones(shape, np.float32) for module in modules}
    folder = _write(tmp_path / "adapter", {**_factors({Q: RANK, V: RANK}), **wholes}, modules_to_save=modules)
    with pytest.raises(CheckpointError, match=said):
        detect(folder, _base(tmp_path, weights, tie_word_embeddings=tied))


def _with_tokenizer(tmp_path: Path, **config: Any) -> Path:
    folder = _write(tmp_path / "adapter")
    byte_tokenizer().save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {**TOKENIZER_CONFIG, **config})
    return folder


def _ends(checkpoint: Checkpoint) -> tuple[str, tuple[int, ...]]:
    return checkpoint.tokenizer.special["eos_token"], checkpoint.tokenizer.end_ids


def test_an_adapters_own_end_token_counts_and_the_bases_is_kept(tmp_path: Path) -> None:
    checkpoint = detect(_with_tokenizer(tmp_path, eos_token="<end>"), _base(tmp_path))
    assert _ends(checkpoint) == ("<end>", (4, 2))
    assert any("the adapter's '<end>', the base's is '</s>'" in note for note in checkpoint.tokenizer.notes)
    assert "adapter-tokenizer" in checkpoint.told


def test_an_adapter_without_tokenizer_has_its_bases(tmp_path: Path) -> None:
    checkpoint = detect(_write(tmp_path / "adapter"), _base(tmp_path))
    assert _ends(checkpoint) == ("</s>", (2,))
    assert "adapter-tokenizer" not in checkpoint.told


def test_special_tokens_beside_an_adapter_are_read_over_the_bases_vocabulary(tmp_path: Path) -> None:
    folder = _write(tmp_path / "adapter")
    write_json(folder / "special_tokens_map.json", {"eos_token": {"content": "<end>", "lstrip": False}})
    assert _ends(detect(folder, _base(tmp_path))) == ("<end>", (4, 2))


def test_ends_of_an_adapters_generation_config_are_kept(tmp_path: Path) -> None:
    folder = _with_tokenizer(tmp_path)
    write_json(folder / "generation_config.json", {"eos_token_id": [2, 4]})
    assert _ends(detect(folder, _base(tmp_path))) == ("</s>", (2, 4))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("added", r"has also 1 of its tokens, first '<new>' \(261\)"),
        ("missing", "lacks 1 of its tokens"),
        ("swapped", "lacks 2 of its tokens"),
        ("normalizer", "its normalizer is another"),
    ],
)
def test_a_tokenizer_of_another_model_beside_an_adapter_is_refused(tmp_path: Path, change: str, said: str) -> None:
    folder = _with_tokenizer(tmp_path)
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text())
    vocabulary = value["model"]["vocab"]
    if change == "added":
        value["added_tokens"].append({**value["added_tokens"][4], "id": 261, "content": "<new>"})
    elif change == "missing":
        del vocabulary["a"]
    elif change == "swapped":
        vocabulary["a"], vocabulary["b"] = vocabulary["b"], vocabulary["a"]
    else:
        value["normalizer"] = {"type": "NFC"}
    write_json(path, value)
    with pytest.raises(CheckpointError, match=said) as caught:
        detect(folder, _base(tmp_path))
    assert "remove its files" in caught.value.hint


def test_tokens_that_were_added_with_a_trained_embedding_are_taken(tmp_path: Path) -> None:
    wholes = {"base_model.model.model.embed_tokens.weight": np.ones((ROWS, HIDDEN), np.float32)}
    folder = _write(tmp_path / "adapter", {**_factors({Q: RANK, V: RANK}), **wholes}, modules_to_save=["embed_tokens"])
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens(["<new>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {**TOKENIZER_CONFIG, "eos_token": "<new>"})
    assert _ends(detect(folder, _base(tmp_path))) == ("<new>", (261, 2))


def test_the_file_that_was_written_holds_the_adapters_shapes(tmp_path: Path) -> None:
    """The writer of these tests itself: factors are [rank, in] and [out, rank]."""
    tensors = load_file(_write(tmp_path / "adapter") / "adapter_model.safetensors")
    assert tensors["base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight"].shape == (4, 8)
    assert tensors["base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight"].shape == (4, 4)
