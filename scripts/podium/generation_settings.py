"""What a model's own files say about generation: which tokens end a text, and settings that the protocol overrides.

Reads config.json and generation_config.json. Every backend ends rows at the same tokens and applies nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import RecordError
from podium.files import canonical_json, read_json, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from podium.errors import PodiumError

GENERATION, CONFIG = "generation_config.json", "config.json"
FILES = (GENERATION, CONFIG)
KINDS = ("bos", "eos", "pad")
# No settings: ids that are read, who wrote the file, and how a computation is carried out.
NOT_SETTINGS = {
    *(f"{kind}_token_id" for kind in KINDS),
    "_commit_hash",
    "_from_model_config",
    "_original_object_hash",
    "cache_config",
    "cache_implementation",
    "compile_config",
    "continuous_batching_config",
    "disable_compile",
    "low_memory",
    "max_cache_len",
    "output_attentions",
    "output_hidden_states",
    "output_logits",
    "output_scores",
    "prefill_chunk_size",
    "return_dict_in_generate",
    "transformers_version",
    "use_cache",
}
# transformers 4 kept settings in config.json too; these are all it knew, with the values that change nothing.
NEUTRAL: dict[str, Any] = {
    "bad_words_ids": None,
    "begin_suppress_tokens": None,
    "diversity_penalty": 0.0,
    "do_sample": False,
    "early_stopping": False,
    "encoder_no_repeat_ngram_size": 0,
    "exponential_decay_length_penalty": None,
    "forced_bos_token_id": None,
    "forced_eos_token_id": None,
    "length_penalty": 1.0,
    "max_length": 20,
    "min_length": 0,
    "no_repeat_ngram_size": 0,
    "num_beam_groups": 1,
    "num_beams": 1,
    "num_return_sequences": 1,
    "remove_invalid_values": False,
    "repetition_penalty": 1.0,
    "suppress_tokens": None,
    "temperature": 1.0,
    "top_k": 50,
    "top_p": 1.0,
    "typical_p": 1.0,
}


class GenerationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Special tokens' ids by kind (bos, eos, pad) and file, and the settings that are not applied, as texts by file."""

    ids: dict[str, dict[str, tuple[int, ...]]]
    unapplied: dict[str, dict[str, str]]

    def end_ids(self, eos_id: int) -> tuple[int, ...]:
        """All tokens that end a text: the tokenizer's first, then those of either file."""
        found = [number for ids in self.ids["eos"].values() for number in ids]
        return tuple(dict.fromkeys([eos_id, *found]))

    def says_no_more(self, eos_id: int) -> bool:
        """Whether generation_config.json gives these ends and nothing else, so that it may be applied as it is."""
        is_padded_with_eos = self.ids["pad"].get(GENERATION, (eos_id,)) == (eos_id,)
        return self.ids["eos"].get(GENERATION) == self.end_ids(eos_id) and is_padded_with_eos and not self.not_applied()

    def not_applied(self) -> str:
        """The settings of the model's own files in one phrase; empty where there are none."""
        parts = [
            f"{name}: {', '.join(f'{key} {value}' for key, value in sorted(values.items()))}"
            for name, values in self.unapplied.items()
            if values
        ]
        return "; ".join(parts)


def read_generation_settings(folder: Path, failure: type[PodiumError], *, hint: str) -> GenerationSettings:
    """Read both files, where they exist. Raises `failure` for one that is broken."""
    try:
        values = {name: _object(folder / name) for name in FILES}
    except RecordError as err:
        raise failure(str(err), hint=hint) from err
    ids = {kind: {name: _ids(values[name].get(f"{kind}_token_id")) for name in FILES} for kind in KINDS}
    config = {key: value for key, value in values[CONFIG].items() if key in NEUTRAL and value != NEUTRAL[key]}
    own = {key: value for key, value in values[GENERATION].items() if key not in NOT_SETTINGS}
    unapplied = {GENERATION: own, CONFIG: config}
    return GenerationSettings(
        ids={kind: {name: found for name, found in files.items() if found} for kind, files in ids.items()},
        unapplied={
            name: {key: _shown(value) for key, value in settings.items() if value not in (None, [], {})}
            for name, settings in unapplied.items()
        },
    )


def write_plain(folder: Path, model_dir: Path, end_ids: tuple[int, ...]) -> Path:
    """Make `folder` a model directory of links that ends texts at these tokens and sets nothing else; returns it.

    Raises StorageError, RecordError.
    """
    folder.mkdir()
    for path in model_dir.iterdir():
        if path.name not in FILES:
            (folder / path.name).symlink_to(path.resolve())
    config = {key: value for key, value in _object(model_dir / CONFIG).items() if key not in NEUTRAL}
    write_atomic(folder / CONFIG, canonical_json({**config, "eos_token_id": list(end_ids)}))
    write_atomic(folder / GENERATION, canonical_json({"eos_token_id": list(end_ids), "pad_token_id": end_ids[0]}))
    return folder


def _object(path: Path) -> dict[str, Any]:
    value = read_json(path) if path.exists() else {}
    if not isinstance(value, dict):
        message = f"{path} is not a JSON object"
        raise RecordError(message)
    return value


def _ids(value: Any) -> tuple[int, ...]:
    """One id or a list of them; what cannot be an id (null, -1) is none."""
    listed = value if isinstance(value, list) else [value]
    return tuple(
        number for number in listed if isinstance(number, int) and not isinstance(number, bool) and number >= 0
    )


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
