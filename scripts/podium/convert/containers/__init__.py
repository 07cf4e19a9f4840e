"""Containers: files that hold named tensors. Each reader gives a `Container` and distrusts every number in the file."""

from __future__ import annotations

from podium.convert.containers.opening import open_container
from podium.convert.containers.stored import Container, Stored

__all__ = ["Container", "Stored", "open_container"]
