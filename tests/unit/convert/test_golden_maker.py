"""podium golden: logits of a model that loads, always the same bytes; what stands in the way has its remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tests.unit.convert.released import DEMO, edit_config, logits_of, write_released

from podium.convert.golden import read_golden
from podium.convert.golden_maker import LENGTH, POSITIONS, GoldenOptions, make_golden
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def released(tmp_path: Path) -> Path:
    return write_released(tmp_path / "released")


def _make(folder: Path, name: str = "golden.npz") -> Path:
    output = folder.parent / name
    make_golden(GoldenOptions(model=folder, output=output))
    return output


def test_it_is_what_convert_reads_and_what_transformers_computes(released: Path) -> None:
    vocabulary = json.loads((released / "config.json").read_text())["vocab_size"]
    golden = read_golden(_make(released), vocabulary, LENGTH)
    assert golden.ids.shape == (LENGTH,)
    assert tuple(golden.positions) == POSITIONS
    assert golden.logits.shape == (len(POSITIONS), vocabulary)
    expected = logits_of(released, golden.ids.tolist())[list(POSITIONS)]
    assert torch.equal(torch.from_numpy(golden.logits), expected)


def test_it_says_what_made_it_and_is_the_same_every_time(released: Path) -> None:
    first, second = _make(released).read_bytes(), _make(released, "again.npz").read_bytes()
    assert first == second
    with np.load(released.parent / "golden.npz", allow_pickle=False) as arrays:
        made_by = json.loads(str(arrays["made_by"]))
    assert set(made_by) == {"podium", "model", "dtype", "torch", "transformers"}
    edit_config(released, rms_norm_eps=1e-3)
    with np.load(_make(released), allow_pickle=False) as arrays:
        assert json.loads(str(arrays["made_by"]))["model"] != made_by["model"]


def test_golden_logits_beside_the_weights_do_not_change_what_made_them(released: Path) -> None:
    before = _make(released).read_bytes()
    make_golden(GoldenOptions(model=released, output=released / "golden.npz"))
    assert _make(released).read_bytes() == before


def test_a_short_context_gives_fewer_positions(tmp_path: Path) -> None:
    folder = write_released(tmp_path / "released", max_position_embeddings=64)
    with np.load(_make(folder)) as arrays:
        assert arrays["positions"].tolist() == [0, 17, 31, 63]


def test_a_context_too_short_for_golden_logits_is_told(tmp_path: Path) -> None:
    folder = write_released(tmp_path / "released", max_position_embeddings=32)
    with pytest.raises(CheckpointError, match="takes 32 tokens of the probe, golden logits need 64") as caught:
        _make(folder)
    assert "--assume" in caught.value.hint


def test_a_checkpoint_that_is_no_model_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="is not a model folder") as caught:
        _make(tmp_path / "empty")
    assert "save_pretrained" in caught.value.hint
    with pytest.raises(CheckpointError, match="transformers cannot load"):
        make_golden(GoldenOptions(model=DEMO, output=tmp_path / "golden.npz"))
    assert not (tmp_path / "golden.npz").exists()


def test_a_tokenizer_of_another_vocabulary_is_told(tmp_path: Path) -> None:
    folder = write_released(tmp_path / "released", vocab_size=100)
    with pytest.raises(CheckpointError, match="the model's vocabulary has 100") as caught:
        _make(folder)
    assert "tokenizer" in caught.value.hint


def test_random_values_are_never_golden(released: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = released / "model.safetensors"
    weights = load_file(path)
    del weights["lm_head.weight"]
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match="missing keys lm_head") as caught:
        _make(released)
    assert "restore the missing weights" in caught.value.hint


def test_logits_that_are_not_finite_are_never_golden(released: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = released / "model.safetensors"
    weights = load_file(path)
    weights["model.norm.weight"] = weights["model.norm.weight"] * float("nan")
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match="logits are not finite"):
        _make(released)


def test_without_torch_the_way_to_get_it_is_told(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(CheckpointError, match="needs the package torch") as caught:
        _make(released)
    assert "podium-leaderboard[model]" in caught.value.hint
