"""The packed kinds of linear layer that this machine can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from podium.generate.native import linear
from podium.generate.native.linear import OneDnnLinear, TiledLinear

if TYPE_CHECKING:
    from podium.generate.native.linear import Linear

# Also where oneDNN would be chosen: a processor with wider vectors has AVX2 too.
HAS_TILES = torch.backends.cpu.get_cpu_capability().startswith("AVX") and linear._kernel() is not None
PACKED_KINDS: list[type[Linear]] = [
    *([TiledLinear] if HAS_TILES else []),
    *([OneDnnLinear] if OneDnnLinear.is_available() else []),
]
