"""Wrappers in tensor names: known ones are taken off everywhere or nowhere, and recorded; unknown ones are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.unit.convert.small_models import Weights, small_weights, write_json, write_small, written

from podium.convert.layouts import detect
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _renamed(change: Callable[[str], str]) -> Weights:
    return {change(name): values for name, values in small_weights().items()}


def _in_layer(infix: str, layer: int = 0) -> Callable[[str], str]:
    return lambda name: name.replace(f"layers.{layer}.", f"layers.{layer}.{infix}.")


KNOWN: list[tuple[str, Callable[[str], str]]] = [
    ("_orig_mod.", lambda name: f"_orig_mod.{name}"),
    ("module.", lambda name: f"module.{name}"),
    ("module., _orig_mod.", lambda name: f"module._orig_mod.{name}"),
    ("_orig_mod., module.", lambda name: f"_orig_mod.module.{name}"),
    ("module.", lambda name: f"module.module.{name}"),
    ("_forward_module.", lambda name: f"_forward_module.{name}"),
    ("_orig_mod.", lambda name: name.replace("model.", "model._orig_mod.", 1)),
    ("_orig_mod.", lambda name: name.replace("self_attn.", "self_attn._orig_mod.")),
    ("_fsdp_wrapped_module.", _in_layer("_fsdp_wrapped_module")),
    ("_checkpoint_wrapped_module.", _in_layer("_checkpoint_wrapped_module")),
    (
        "_fsdp_wrapped_module., _checkpoint_wrapped_module.",
        lambda name: f"_fsdp_wrapped_module.{_in_layer('_fsdp_wrapped_module._checkpoint_wrapped_module')(name)}",
    ),
    ("base_model.model.", lambda name: f"base_model.model.{name}"),
    ("module., base_model.model.", lambda name: f"module.base_model.model.{name}"),
    ("model.", lambda name: f"model.{name}"),
    ("_forward_module., model.", lambda name: f"_forward_module.model.{name}"),
]


@pytest.mark.parametrize(("told", "change"), KNOWN, ids=[told for told, _ in KNOWN])
def test_known_wrappers_are_taken_off_and_told(tmp_path: Path, told: str, change: Callable[[str], str]) -> None:
    found, checkpoint = written(write_small(tmp_path / "checkpoint", _renamed(change)), tmp_path / "out")
    expected = small_weights()
    assert set(found) == set(expected)
    assert all(np.array_equal(found[name], values) for name, values in expected.items())
    assert checkpoint.told["names"] == f"taken off all tensor names: {told}"


def test_names_without_wrappers_tell_nothing(tmp_path: Path) -> None:
    assert detect(write_small(tmp_path / "checkpoint")).told == {}


def test_wrappers_are_taken_off_the_names_of_shards_too(tmp_path: Path) -> None:
    folder = write_small(tmp_path / "checkpoint")
    weights = _renamed(lambda name: f"_orig_mod.{name}")
    (folder / "model.safetensors").unlink()
    shards = {name: f"model-0000{1 + place % 2}-of-00002.safetensors" for place, name in enumerate(sorted(weights))}
    for shard in set(shards.values()):
        save_file({name: weights[name] for name in weights if shards[name] == shard}, folder / shard)
    write_json(folder / "model.safetensors.index.json", {"weight_map": shards})
    found, _ = written(folder, tmp_path / "out")
    assert all(np.array_equal(found[name], values) for name, values in small_weights().items())


def test_the_record_keeps_the_names_that_the_file_has(tmp_path: Path) -> None:
    from podium.convert.mapping import tensors_of
    from podium.records import Hypothesis

    checkpoint = detect(write_small(tmp_path / "checkpoint", _renamed(lambda name: f"module.{name}")))
    tensors = tensors_of(checkpoint, Hypothesis(order="out_in", pairing="split", head="own_vh"))
    assert {f"module.{tensor.name}" for tensor in tensors} == {tensor.as_map().source for tensor in tensors}


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (
            {**small_weights(), "module.model.norm.weight": np.ones(8, np.float32)},
            "module.model.norm.weight has the wrapper 'module.' and .* has not",
        ),
        (
            _renamed(lambda name: f"module.{name}" if "layers" in name else name),
            "has the wrapper 'module.' and (lm_head|model.embed_tokens|model.norm).weight has not",
        ),
        (
            {**small_weights(), "model._orig_mod.norm.weight": np.ones(8, np.float32)},
            "without their wrappers .* are both model.norm.weight",
        ),
        (
            {**_renamed(_in_layer("_fsdp_wrapped_module")), **small_weights()},
            r"without their wrappers .* are both model\.layers\.0\.",
        ),
    ],
)
def test_a_mix_of_wrapped_and_other_names_is_refused_naming_two(tmp_path: Path, weights: Weights, said: str) -> None:
    with pytest.raises(CheckpointError, match=said) as caught:
        detect(write_small(tmp_path / "checkpoint", weights))
    assert "save_pretrained" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "said", "remedy"),
    [
        (lambda name: f"policy.{name}", r"begin with 'policy\.'", "save the model inside"),
        (lambda name: f"actor.net.{name}", r"begin with 'actor\.net\.'", "save the model inside"),
        (
            lambda name: f"base_model.model.{name.replace('q_proj.', 'q_proj.base_layer.')}",
            "base_layer.weight belongs to a LoRA that was not merged",
            "merge_and_unload",
        ),
    ],
)
def test_what_is_no_known_wrapper_is_named_with_the_way_out(
    tmp_path: Path, change: Callable[[str], str], said: str, remedy: str
) -> None:
    with pytest.raises(CheckpointError, match=said) as caught:
        detect(write_small(tmp_path / "checkpoint", _renamed(change)))
    assert remedy in caught.value.hint


def _headless() -> Weights:
    return {name.removeprefix("model."): values for name, values in small_weights().items() if name != "lm_head.weight"}


def test_a_base_model_without_head_is_named_with_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is a base model without its head: it has no lm_head.weight") as caught:
        detect(write_small(tmp_path / "checkpoint", _headless()))
    assert "LlamaForCausalLM" in caught.value.hint
    assert '"tie_word_embeddings": true' in caught.value.hint


@pytest.mark.parametrize("wrapper", ["", "_orig_mod.", "module."])
def test_a_base_model_whose_config_ties_the_head_is_read(tmp_path: Path, wrapper: str) -> None:
    weights = {f"{wrapper}{name}": values for name, values in _headless().items()}
    checkpoint = detect(write_small(tmp_path / "checkpoint", weights, tie_word_embeddings=True))
    assert set(checkpoint.weights) == set(small_weights()) - {"lm_head.weight"}
    assert checkpoint.grid.heads == ("tied", "reinterpreted")
    assert "that the inner model lacks" in checkpoint.told["names"]


def test_a_head_beside_an_inner_models_names_is_its_head(tmp_path: Path) -> None:
    weights = _renamed(lambda name: name.removeprefix("model."))
    assert set(detect(write_small(tmp_path / "checkpoint", weights)).weights) == set(small_weights())


def test_a_missing_head_of_a_model_with_plain_names_is_named_too(tmp_path: Path) -> None:
    weights = {name: values for name, values in small_weights().items() if name != "lm_head.weight"}
    with pytest.raises(CheckpointError, match="is a base model without its head"):
        detect(write_small(tmp_path / "checkpoint", weights))


def test_training_state_and_rotary_tables_are_no_part_of_the_names(tmp_path: Path) -> None:
    table = {"module.model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(2, np.float32)}
    state = {"__training__.embed_optimizer.m.0": np.ones(2, np.float32)}
    weights = {**_renamed(lambda name: f"module.{name}"), **table, **state}
    assert set(detect(write_small(tmp_path / "checkpoint", weights)).weights) == set(small_weights())
