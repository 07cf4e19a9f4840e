"""config.json beside the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.convert.model_config import parse_config
from podium.errors import CheckpointError, RecordError
from podium.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.model_config import ModelConfig


def config_beside(folder: Path) -> ModelConfig:
    """Read config.json. Raises CheckpointError when it is missing, broken or incomplete."""
    path = folder / "config.json"
    try:
        value = read_json(path)
    except RecordError as err:
        raise CheckpointError(str(err), hint="put the run's own config.json beside the weights") from err
    return parse_config(value, str(path))
