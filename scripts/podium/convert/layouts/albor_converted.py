"""What albor's own convert script wrote: true 2-D linear weights, and a head whose bytes it did not turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.convert.layouts.beside import config_beside
from podium.convert.layouts.tensors import assemble
from podium.convert.tokenizer import tokenizer_beside

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.convert.layouts.checkpoint import Checkpoint

NAME = "albor-converted"


def describe(folder: Path, container: Container) -> Checkpoint | str:
    """Describe a file that carries the script's mark, or say in a phrase why it is none."""
    if "converted_by" not in container.metadata:
        return "its metadata has no converted_by"
    by = container.metadata["converted_by"]
    prior = {"order": f"out_in: converted_by {by}", "head": "own_hv: the script copies the head's bytes as they are"}
    return assemble(NAME, container, config_beside(folder), tokenizer_beside(folder), prior)
