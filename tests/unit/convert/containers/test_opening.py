"""opening: the file that is meant is found in a folder; what cannot be read is refused by name with the way out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.unit.convert.apr_files import apr_bytes, write_apr

from podium.convert.containers import open_container
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

ONE = {"w": np.ones(2, np.float32)}


def _write(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith(".index.json"):
        save_file(ONE, folder / "model-00001-of-00001.safetensors")
        path.write_text(json.dumps({"weight_map": {"w": "model-00001-of-00001.safetensors"}}))
    elif name.endswith(".apr"):
        write_apr(path, ONE, {})
    elif name.endswith(".safetensors"):
        save_file(ONE, path)
    else:
        path.write_bytes(b"{}")
    return path


def refused(path: Path) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        open_container(path)
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["model.safetensors", "model.apr", "model-best.apr", "other.safetensors"], "model.safetensors"),
        (["model.safetensors.index.json", "model.apr"], "model-00001-of-00001.safetensors"),
        (["model.apr", "model-best.apr", "model-step-500.apr"], "model.apr"),
        (["model-best.apr", "model-step-500.apr", "config.json"], "model-best.apr"),
        (["model-step-500.apr", "config.json", "final_model.json"], "model-step-500.apr"),
        (["albor.safetensors", "tokenizer.json"], "albor.safetensors"),
    ],
)
def test_best_known_name_in_a_folder_is_read(tmp_path: Path, names: list[str], read: str) -> None:
    for name in names:
        _write(tmp_path, name)
    assert open_container(tmp_path).paths == (tmp_path / read,)


def test_named_file_is_read_whatever_else_lies_there(tmp_path: Path) -> None:
    _write(tmp_path, "model.safetensors")
    path = _write(tmp_path, "model-step-500.apr")
    assert open_container(path).paths == (path,)


def test_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(apr_bytes(ONE, {}))
    assert open_container(tmp_path / "weights.bin").kind == "apr"
    save_file(ONE, tmp_path / "weights.pt")
    assert open_container(tmp_path / "weights.pt").kind == "safetensors"


@pytest.mark.parametrize(
    "names",
    [
        ["model-step-500.apr", "model-step-1000.apr"],
        ["a.safetensors", "b.apr"],
        ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
        ["model.safetensors", "model.safetensors.index.json"],
    ],
)
def test_more_than_one_candidate_is_refused_with_their_names(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        _write(tmp_path, name)
    error = refused(tmp_path)
    assert "holds more than one checkpoint: " in str(error)
    assert all(name in str(error) for name in names)
    assert "name the file: " in error.hint


def test_single_file_that_an_index_names_is_no_second_candidate(tmp_path: Path) -> None:
    save_file(ONE, tmp_path / "model.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": "model.safetensors"}}))
    assert open_container(tmp_path).paths == (tmp_path / "model.safetensors",)


@pytest.mark.parametrize(
    ("name", "data", "said", "remedy"),
    [
        ("pytorch_model.bin", b"PK\x03\x04", "a pickle/zip", "export as SafeTensors"),
        ("model.pt", b"PK\x03\x04", "it is never loaded", "export as SafeTensors"),
        ("model.pkl", b"\x80\x04K\x05.", "a pickle; it is never loaded", "export as SafeTensors"),
        ("weights.npz", b"PK\x03\x04", "a NumPy file", "model.safetensors or save it as model.apr"),
        ("model-q4_k.gguf", b"GGUF\3", "a GGUF file", "the checkpoint that the GGUF was made from"),
        ("model.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file", "model.safetensors"),
        ("flax_model.msgpack", b"\x81", "a msgpack file", "model.safetensors"),
        ("model.onnx", b"\x08\x07", "an ONNX graph", "model.safetensors"),
    ],
)
def test_foreign_format_is_refused_by_name_in_a_folder_and_alone(
    tmp_path: Path, name: str, data: bytes, said: str, remedy: str
) -> None:
    (tmp_path / name).write_bytes(data.ljust(100, b"\1"))
    (tmp_path / "config.json").write_text("{}")
    for path in (tmp_path, tmp_path / name):
        error = refused(path)
        assert said in str(error)
        assert name in str(error)
        assert remedy in error.hint


def test_older_apr_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "model.apr").write_bytes(b"APR1".ljust(200, b"\0"))
    error = refused(tmp_path)
    assert "APR1" in str(error)
    assert "save the checkpoint again as APR v2" in error.hint


def test_folder_without_weights_is_told_what_it_holds(tmp_path: Path) -> None:
    assert "it is empty" in str(refused(tmp_path))
    for number in range(30):
        (tmp_path / f"file-{number:02}.txt").touch()
    (tmp_path / "a\n::error::forged").touch()
    error = refused(tmp_path)
    assert "file-00.txt" in str(error)
    assert "and 11 more" in str(error)
    assert str(error).isprintable()
    assert "model.safetensors" in error.hint
    assert "model.apr" in error.hint


def test_missing_path_and_broken_link_are_told_apart(tmp_path: Path) -> None:
    assert str(refused(tmp_path / "none")) == f"there is no checkpoint at {tmp_path / 'none'}"
    (tmp_path / "model.apr").symlink_to("gone")
    error = refused(tmp_path)
    assert "model.apr (a broken link)" in str(error)
    assert "name a folder with" in error.hint


def test_path_that_the_system_refuses_is_told(tmp_path: Path) -> None:
    assert "File name too long" in str(refused(tmp_path / ("m" * 300)))


def test_link_is_followed_to_a_regular_file_only(tmp_path: Path) -> None:
    _write(tmp_path, "blob.apr").rename(tmp_path / "blob")
    (tmp_path / "model.apr").symlink_to("blob")
    assert open_container(tmp_path).kind == "apr"
    (tmp_path / "model.apr").unlink()
    (tmp_path / "model.apr").symlink_to("/dev/zero")
    assert "is not a regular file" in str(refused(tmp_path))
