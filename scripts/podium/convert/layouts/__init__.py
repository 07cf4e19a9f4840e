"""Checkpoint layouts behind one seam: `detect` names the layout, says where every tensor lies and what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.convert.adapter import Base, pinned, read_adapter
from podium.convert.containers import open_container
from podium.convert.layouts.checkpoint import Checkpoint
from podium.convert.layouts.wrappers import unwrapped, why_strange
from podium.errors import CheckpointError
from podium.names import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.convert.layouts.wrappers import Unwrapped

# layout -> function (folder, container) -> Checkpoint or why it is none; the order is the order of detection
LAYOUTS = {
    "apr": "podium.convert.layouts.apr:describe",
    "albor-converted": "podium.convert.layouts.albor_converted:describe",
    "entrenar-flat": "podium.convert.layouts.entrenar:describe_flat",
    "entrenar-labelled": "podium.convert.layouts.entrenar:describe_labelled",
    "huggingface": "podium.convert.layouts.huggingface:describe",
}


def detect(checkpoint: Path, base: Base | None = None) -> Checkpoint:
    """Find the layout of a checkpoint, a folder or one weight file, and describe it; `base` is a LoRA's.

    Raises CheckpointError.
    """
    folder = checkpoint if checkpoint.is_dir() else checkpoint.parent
    opened = unwrapped(open_container(checkpoint))
    adapter = read_adapter(folder, opened.container)
    if adapter is None:
        return _describe(checkpoint, folder, opened)
    from podium.convert.layouts.adapted import adapted

    return _told(
        adapted(detect(pinned(adapter, base)), adapter, folder), "adapter-names", opened.phrase(is_adapter=True)
    )


def _describe(checkpoint: Path, folder: Path, opened: Unwrapped) -> Checkpoint:
    reasons = []
    strange = why_strange(list(opened.container.tensors))
    if strange:
        message = f"{opened.container.paths[0]}: {strange[0]}"
        raise CheckpointError(message, hint=strange[1])
    for name in LAYOUTS:
        describe: Callable[[Path, Container], Checkpoint | str] = load("layout", name, LAYOUTS)
        answer = describe(folder, opened.container)
        if isinstance(answer, Checkpoint):
            return _told(answer, "names", opened.phrase())
        reasons.append(f"not {name}: {answer}")
    message = f"the layout of {checkpoint} is not known ({'; '.join(reasons)})"
    raise CheckpointError(message, hint="convert it to a known layout first: " + ", ".join(LAYOUTS))


def _told(checkpoint: Checkpoint, name: str, what: str) -> Checkpoint:
    return msgspec.structs.replace(checkpoint, told={**checkpoint.told, name: what}) if what else checkpoint
