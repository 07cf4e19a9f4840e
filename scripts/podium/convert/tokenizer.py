"""The tokenizer's files: tokenizer.json as it is, and a configuration under which transformers gives the same ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import CheckpointError, RecordError
from podium.files import canonical_json, parse_json, read_bytes, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

SPECIAL = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}


def write_tokenizer(source: Path, folder: Path, max_length: int) -> dict[str, int]:
    """Copy tokenizer.json and write tokenizer_config.json; returns bos, eos and pad ids. Raises CheckpointError."""
    try:
        data = read_bytes(source)
        value = parse_json(data, str(source))
        ids = {token["content"]: token["id"] for token in value["added_tokens"]}
    except (RecordError, KeyError, TypeError) as err:
        message = f"{source} is not a readable tokenizer: {err}"
        raise CheckpointError(message, hint="put training's tokenizer.json beside model.safetensors") from err
    missing = [token for token in SPECIAL.values() if token not in ids]
    if missing:
        message = f"{source} has no special token {', '.join(missing)}"
        raise CheckpointError(message, hint="without an eos token generation cannot end; use the run's own tokenizer")
    config = {
        **SPECIAL,
        # This class and these flags keep every transformers version from prepending <s> or cleaning spaces.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": False,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_length,
    }
    write_atomic(folder / "tokenizer.json", data)
    write_atomic(folder / "tokenizer_config.json", canonical_json(config, indent=2))
    return {f"{kind}_token_id": ids[SPECIAL[f"{kind}_token"]] for kind in ("bos", "eos", "pad")}
