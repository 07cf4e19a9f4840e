"""The packed kinds of linear layer that this machine can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.generate.native.kernels import kernels
from podium.generate.native.linear import OneDnnLinear, TiledLinear

if TYPE_CHECKING:
    from podium.generate.native.linear import Linear

PACKED_KINDS: list[type[Linear]] = [
    *([TiledLinear] if kernels() is not None else []),
    *([OneDnnLinear] if OneDnnLinear.is_available() else []),
]
