"""The packed kinds of linear layer that this machine can run; they run on its processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from podium.generate.backends.native.kernels import kernels
from podium.generate.backends.native.linear import OneDnnLinear, TiledLinear

if TYPE_CHECKING:
    import pytest

    from podium.generate.backends.native.linear import Linear

PACKED_KINDS: list[type[Linear]] = [
    *([TiledLinear] if kernels() is not None else []),
    *([OneDnnLinear] if OneDnnLinear.is_available() else []),
]


def draw_with(kind: type[Linear], monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear layers of this kind; on the processor, whatever else there is, if it is a packed one."""
    monkeypatch.setattr("podium.generate.backends.native.weights.best_linear", lambda device: kind)
    if kind in PACKED_KINDS:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
