"""Golden logits of the demo's model: what its own training code computes, for `podium convert` to compare with.

Writes golden.npz beside the weights: ids, positions and the logits there.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import torch

from podium.convert.golden import FILE_NAME
from podium.demo.corpus import training_texts
from podium.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from podium.demo.recipe import Trained

LENGTH = 96
POSITIONS = (0, 17, 40, 63, 95)
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the format's first date: the file must not tell when it was written


def write_golden(folder: Path, trained: Trained) -> None:
    """Write golden.npz; the same model gives the same bytes. Raises StorageError."""
    text = "".join(text.prompt + text.completion for text in training_texts()[:20])
    ids = torch.tensor([trained.tokenizer.encode(text).ids[:LENGTH]])
    with torch.inference_mode():
        logits = trained.model(ids).logits[0, list(POSITIONS)].float()
    arrays = {"ids": ids[0].numpy(), "positions": np.array(POSITIONS), "logits": logits.numpy()}
    write_atomic(folder / FILE_NAME, _npz(arrays))


def _npz(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, values in arrays.items():
            data = io.BytesIO()
            np.save(data, values, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EARLIEST), data.getvalue())
    return stream.getvalue()
