"""Files that people take for checkpoints and that are not read: told by their first bytes, with the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from podium.convert.containers.weightfile import WeightFile


class UnsupportedFormat(msgspec.Struct, frozen=True):
    """A format by `name`, why it is not read, and what to do instead."""

    name: str
    reason: str
    hint: str


NEVER_LOADED = "it is never loaded, because loading one runs code of whoever wrote it"
SAVE_PYTORCH = "where you trust it, load it once and export as SafeTensors: safetensors.torch.save_model(model, path)"
EXPORT = "export the checkpoint as model.safetensors or save it as model.apr"

PICKLE = UnsupportedFormat("a pickle", NEVER_LOADED, SAVE_PYTORCH)
ARCHIVE = UnsupportedFormat("a pickle/zip (PyTorch's .bin or .pt)", NEVER_LOADED, SAVE_PYTORCH)
NUMPY = UnsupportedFormat("a NumPy file", "it has no model's names and metadata", EXPORT)
GGUF = UnsupportedFormat(
    "a GGUF file",
    "its rows are reordered for llama.cpp and mostly quantised",
    "convert the checkpoint that the GGUF was made from: model.safetensors or model.apr",
)
HDF5 = UnsupportedFormat("an HDF5 file", "Keras weights are not read", EXPORT)
MSGPACK = UnsupportedFormat("a msgpack file", "Flax weights are not read", EXPORT)
ONNX = UnsupportedFormat("an ONNX graph", "a graph is not a checkpoint", EXPORT)
POINTER = UnsupportedFormat(
    "a Git LFS pointer", "the weights themselves were not fetched", "run `git lfs pull` in its folder"
)
PAGE = UnsupportedFormat(
    "a web page", "the download was answered by a page, not by the file", "log in and fetch the file again"
)

MAGICS = {
    b"GGUF": GGUF,
    b"PK\x03\x04": ARCHIVE,
    b"\x93NUMPY": NUMPY,
    b"\x89HDF\r\n\x1a\n": HDF5,
    b"version https://git-lfs": POINTER,
    b"<!DOCTYPE": PAGE,
    b"<!doctype": PAGE,
    b"<html": PAGE,
    **{bytes([0x80, version]): PICKLE for version in range(2, 6)},
}

# Formats without first bytes of their own, and the zips that are something better known.
SUFFIXES = {
    ".bin": ARCHIVE,
    ".pt": ARCHIVE,
    ".pth": ARCHIVE,
    ".ckpt": ARCHIVE,
    ".pkl": PICKLE,
    ".npz": NUMPY,
    ".npy": NUMPY,
    ".gguf": GGUF,
    ".h5": HDF5,
    ".keras": HDF5,
    ".msgpack": MSGPACK,
    ".onnx": ONNX,
}


def refuse_unsupported(file: WeightFile) -> None:
    """Raise CheckpointError if a file is one of these, by its first bytes or else by its suffix."""
    begin = file.read(0, min(file.size, max(map(len, MAGICS))), "the begin")
    by_suffix = SUFFIXES.get(file.path.suffix.lower())
    found = next((found for magic, found in MAGICS.items() if begin.startswith(magic)), by_suffix)
    if found is ARCHIVE and by_suffix:
        found = by_suffix
    if found:
        file.refuse(f"it is {found.name}; {found.reason}", found.hint)
