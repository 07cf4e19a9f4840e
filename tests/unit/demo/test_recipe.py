from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import msgspec
import pytest
import torch
from click.testing import CliRunner

from podium.demo.corpus import training_texts
from podium.demo.layout import flat_tensors, write_checkpoint
from podium.demo.recipe import Recipe, train
from podium.demo.train import command
from podium.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("config.json", "model.safetensors", "tokenizer.json")
# A model that trains in a moment.
TINY = Recipe(steps=2, batch_size=4, hidden_size=32, intermediate_size=48, num_hidden_layers=1)


def checkpoint(folder: Path, recipe: Recipe) -> dict[str, bytes]:
    write_checkpoint(folder, recipe, train(recipe, training_texts(), SilentProgress()))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed_gives_the_same_bytes_and_another_seed_other_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = checkpoint(tmp_path / "first", TINY)
    torch.manual_seed(2)  # what the caller drew before must not matter
    assert tuple(sorted(first)) == FILES
    assert checkpoint(tmp_path / "second", TINY) == first
    other = checkpoint(tmp_path / "third", msgspec.structs.replace(TINY, seed=1))
    assert other["model.safetensors"] != first["model.safetensors"]


def test_training_leaves_the_callers_random_stream_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3).tolist()
    torch.manual_seed(7)
    train(TINY, training_texts(), SilentProgress())
    assert torch.rand(3).tolist() == expected


def test_linear_weights_are_written_transposed_embeddings_as_they_are_and_the_tied_head_not_at_all() -> None:
    trained = train(TINY, training_texts(), SilentProgress())
    state, flat = trained.model.state_dict(), flat_tensors(trained)
    gate = state["model.layers.0.mlp.gate_proj.weight"]
    assert flat["model.layers.0.mlp.gate_proj.weight"].reshape(32, 48).tolist() == gate.T.tolist()
    query = state["model.layers.0.self_attn.q_proj.weight"]
    assert flat["model.layers.0.self_attn.q_proj.weight"].reshape(32, 32).tolist() == query.T.tolist()
    embedding = state["model.embed_tokens.weight"]
    assert flat["model.embed_tokens.weight"].reshape(512, 32).tolist() == embedding.tolist()
    assert set(state) - set(flat) == {"lm_head.weight"}


def test_command_writes_the_checkpoint_and_prints_its_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["-o", str(tmp_path / "out"), "--steps", "1"])
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'out'}\n")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*FILES, "golden.npz"])


def test_folder_that_cannot_be_written_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = CliRunner().invoke(command, ["-o", str(tmp_path / "file" / "out"), "--steps", "1"])
    assert result.exit_code == 1
    assert "cannot write" in result.stderr
    assert "something else is in the way there; move it, or choose another" in result.stderr


@pytest.mark.exhaustive
def test_few_steps_already_lower_the_loss_well(tmp_path: Path) -> None:
    recipe = Recipe(steps=80)
    trained = train(recipe, training_texts(), SilentProgress())
    assert abs(trained.losses[0] - math.log(recipe.vocab_size)) < 0.5
    assert sum(trained.losses[-5:]) / 5 < trained.losses[0] / 2
    write_checkpoint(tmp_path, recipe, trained)
    data = (tmp_path / "model.safetensors").read_bytes()
    tensors = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert all(len(entry["shape"]) == 1 for name, entry in tensors.items() if name != "__metadata__")
