"""APR v2 checkpoints of entrenar's CUDA trainer: model config, and perhaps the tokenizer, inside the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.convert.layouts.beside import config_beside
from podium.convert.layouts.names import HEAD
from podium.convert.layouts.tensors import assemble
from podium.convert.model_config import parse_config
from podium.convert.tokenizer import embedded_tokenizer, tokenizer_beside
from podium.errors import CheckpointError, RecordError
from podium.files import parse_json

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.convert.model_config import ModelConfig

NAME = "apr"
CHECKPOINT_FORMAT = "entrenar-checkpoint"


def describe(folder: Path, container: Container) -> Checkpoint | str:
    """Describe an APR file, or say in a phrase why it is none."""
    if container.kind != "apr":
        return f"it is a {container.kind} file"
    prior = {}
    if container.metadata.get("format") == CHECKPOINT_FORMAT:
        prior["order"] = f"in_out: format {CHECKPOINT_FORMAT}"
        if HEAD in container.tensors:
            prior["head"] = f"own_hv: format {CHECKPOINT_FORMAT}"
    tokenizer = embedded_tokenizer(container) or tokenizer_beside(folder)
    return assemble(NAME, container, _config(folder, container), tokenizer, prior)


def _config(folder: Path, container: Container) -> ModelConfig:
    """The config inside the file, which belongs to it; only without one the file beside it."""
    text = container.metadata.get("model_config")
    if text is None:
        return config_beside(folder)
    where = f"{container.paths[0]}: metadata model_config"
    try:
        return parse_config(parse_json(text.encode(), where), where)
    except RecordError as err:
        raise CheckpointError(str(err), hint="fetch the checkpoint again, or write config.json beside it") from err
