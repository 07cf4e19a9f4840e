"""The processes that tests/bench/convert.py times, and what they need: `conversion.py PART ARGUMENTS`.

`make small|large FOLDER` writes FOLDER/flat (a checkpoint), FOLDER/float32 and FOLDER/bfloat16 (the model, by
transformers); `podium DTYPE [in-cache|no-digest] FLAT OUT`, `transformers MODEL OUT` and `naive DTYPE FLAT OUT` write
OUT; `equal A B` compares two weight files tensor by tensor. Each part imports what it needs and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

HIDDEN, HEADS, KEY_HEADS, FEED_FORWARD = 1024, 16, 4, 4096
SIZES = {"large": (24, 32768), "small": (2, 8192)}


class Shape(NamedTuple):
    """One tensor of the model; a matrix of the flat checkpoint lies transposed, except for the embedding."""

    name: str
    shape: tuple[int, ...]

    @property
    def is_transposed(self) -> bool:
        """Whether the checkpoint holds [in, out]."""
        return self.name.endswith("proj.weight")


def shapes_of(layers: int, vocabulary: int) -> Iterator[Shape]:
    """A LLaMA with a tied head."""
    keys = HIDDEN // HEADS * KEY_HEADS
    yield Shape("model.embed_tokens.weight", (vocabulary, HIDDEN))
    for layer in range(layers):
        prefix = f"model.layers.{layer}"
        yield Shape(f"{prefix}.self_attn.q_proj.weight", (HIDDEN, HIDDEN))
        yield Shape(f"{prefix}.self_attn.k_proj.weight", (keys, HIDDEN))
        yield Shape(f"{prefix}.self_attn.v_proj.weight", (keys, HIDDEN))
        yield Shape(f"{prefix}.self_attn.o_proj.weight", (HIDDEN, HIDDEN))
        yield Shape(f"{prefix}.mlp.gate_proj.weight", (FEED_FORWARD, HIDDEN))
        yield Shape(f"{prefix}.mlp.up_proj.weight", (FEED_FORWARD, HIDDEN))
        yield Shape(f"{prefix}.mlp.down_proj.weight", (HIDDEN, FEED_FORWARD))
        yield Shape(f"{prefix}.input_layernorm.weight", (HIDDEN,))
        yield Shape(f"{prefix}.post_attention_layernorm.weight", (HIDDEN,))
    yield Shape("model.norm.weight", (HIDDEN,))


def make(size: str, folder: Path) -> None:
    """Draw the weights into a checkpoint; transformers writes the model of them in both dtypes."""
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    layers, vocabulary = SIZES[size]
    config = LlamaConfig(
        hidden_size=HIDDEN, num_attention_heads=HEADS, num_key_value_heads=KEY_HEADS, intermediate_size=FEED_FORWARD,
        num_hidden_layers=layers, vocab_size=vocabulary, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    weights = model.state_dict()
    flat = {}
    for name, shape in shapes_of(layers, vocabulary):
        if tuple(weights[name].shape) != shape:
            sys.exit(f"{name} is {tuple(weights[name].shape)} and not {shape}")
        flat[name] = weights[name].T.contiguous() if Shape(name, shape).is_transposed else weights[name]
    (folder / "flat").mkdir()
    save_file(flat, folder / "flat" / "model.safetensors")
    model.save_pretrained(folder / "float32", max_shard_size="100GB")
    model.to(torch.bfloat16).save_pretrained(folder / "bfloat16", max_shard_size="100GB")


def _entries(path: Path) -> tuple[dict[str, Any], int]:
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        entries = json.loads(stream.read(size))
    entries.pop("__metadata__", None)
    return entries, size + 8


def podium(dtype: str, flat: Path, out: Path, *left_out: str) -> None:
    """The writer, with its recipes made by hand. What is left out is made void from outside: it has no such option."""
    from podium.convert import writer
    from podium.convert.containers import Stored
    from podium.convert.mapping import Tensor

    if "in-cache" in left_out:
        setattr(os, "fsync", id)  # noqa: B010
        setattr(os, "fdatasync", id)  # noqa: B010
    if "no-digest" in left_out:
        setattr(hashlib, "sha256", VoidDigest)  # noqa: B010
    entries, begin = _entries(flat)
    tensors = []
    for name, entry in entries.items():
        first, last = (begin + offset for offset in entry["data_offsets"])
        shape = tuple(entry["shape"])
        stored = Stored(name=name, path=flat, dtype=entry["dtype"], shape=shape, begin=first, end=last)
        turned = Shape(name, shape).is_transposed
        tensors.append(Tensor(name=name, shape=shape[::-1] if turned else shape, source=stored, transpose=turned))
    writer.write_model_files(out, tensors, dtype, lambda: None)


class VoidDigest:
    """Digests nothing."""

    def update(self, block: object) -> None:
        """Take no time."""

    def hexdigest(self) -> str:
        """Look like a digest."""
        return "0" * 64


def transformers(model: Path, out: Path) -> None:
    """Load and save in bfloat16 with stock transformers; the model has been reordered before."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16)
    loaded.save_pretrained(out, max_shard_size="100GB")


def naive(dtype: str, flat: Path, out: Path) -> None:
    """Read everything, transpose everything, join everything, write and force it to disk."""
    import numpy as np

    if dtype != "float32":
        sys.exit("the naive way writes float32 only")
    content = flat.read_bytes()
    entries, begin = _entries(flat)
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    offset = 0
    for name, entry in entries.items():
        first, last = entry["data_offsets"]
        values: np.ndarray[Any, Any] = np.frombuffer(content[begin + first : begin + last], "<f4")
        values = values.reshape(entry["shape"])
        if Shape(name, ()).is_transposed:
            values = np.ascontiguousarray(values.T)
        parts.append(values.tobytes())
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [offset, offset + len(parts[-1])]}
        offset += len(parts[-1])
    text = json.dumps(header).encode()
    with (out / "model.safetensors").open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text + b"".join(parts))
        stream.flush()
        os.fsync(stream.fileno())


def equal(mine: Path, reference: Path) -> None:
    """Every tensor: same dtype, shape and bytes, and no tensor more or less."""
    import numpy as np

    (left, left_begin), (right, right_begin) = _entries(mine), _entries(reference)
    ours, theirs = np.memmap(mine, np.uint8, "r"), np.memmap(reference, np.uint8, "r")
    if left.keys() != right.keys():
        sys.exit(f"{mine} and {reference} hold other tensors: {sorted(left.keys() ^ right.keys())}")
    for name, entry in left.items():
        first, last = entry["data_offsets"]
        other_first, other_last = right[name]["data_offsets"]
        same = np.array_equal(
            ours[left_begin + first : left_begin + last], theirs[right_begin + other_first : right_begin + other_last]
        )
        if not same or (entry["dtype"], entry["shape"]) != (right[name]["dtype"], right[name]["shape"]):
            sys.exit(f"{mine} and {reference} differ in {name}")


def main(part: str, *words: str) -> None:
    """Run one part."""
    if part == "make":
        make(words[0], Path(words[1]))
    elif part == "transformers":
        transformers(Path(words[0]), Path(words[1]))
    elif part == "equal":
        equal(Path(words[0]), Path(words[1]))
    elif part == "naive":
        naive(words[0], Path(words[1]), Path(words[2]))
    else:
        podium(words[0], Path(words[-2]), Path(words[-1]), *words[1:-2])


if __name__ == "__main__":
    main(*sys.argv[1:])
