"""The tokenizer's files: tokenizer.json as it is, and a configuration under which transformers gives the same ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import CheckpointError, RecordError
from podium.files import canonical_json, parse_json, read_bytes, read_json, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container

# Names that special tokens go by where nothing says which is which.
USUAL_NAMES = {
    "unk_token": ("<unk>",),
    "bos_token": ("<s>", "<|begin_of_text|>"),
    "eos_token": ("</s>", "<|endoftext|>", "<|end_of_text|>"),
    "pad_token": ("<pad>", "<|pad|>"),
}
OWN_TOKENIZER = "put the run's own tokenizer.json beside the weights"


class TokenizerSource(msgspec.Struct, frozen=True, kw_only=True):
    """A tokenizer as the checkpoint brings it: the JSON of the `tokenizers` library, and its special tokens' texts."""

    where: str
    data: bytes
    special: dict[str, str]
    ids: dict[str, int]
    size: int

    @property
    def special_ids(self) -> dict[str, int]:
        """Ids under config.json's names: bos, eos and pad, where there are such tokens."""
        names = ("bos", "eos", "pad")
        return {f"{name}_token_id": self.ids[self.special[f"{name}_token"]] for name in names if self._has(name)}

    def _has(self, name: str) -> bool:
        return f"{name}_token" in self.special


def tokenizer_beside(folder: Path) -> TokenizerSource:
    """tokenizer.json, and tokenizer_config.json where there is one. Raises CheckpointError."""
    path = folder / "tokenizer.json"
    try:
        data = read_bytes(path)
        config = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").exists() else {}
    except RecordError as err:
        message = f"{path} is not a readable tokenizer: {err}"
        raise CheckpointError(message, hint=OWN_TOKENIZER) from err
    named = {kind: _text_of(config.get(kind)) for kind in USUAL_NAMES}
    return _source(str(path), data, {kind: text for kind, text in named.items() if text})


def embedded_tokenizer(container: Container) -> TokenizerSource | None:
    """The byte-level tokenizer inside an APR file, or None. Raises CheckpointError when it is broken."""
    if "tokenizer.vocabulary" not in container.metadata:
        return None
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    where = f"{container.paths[0]}: embedded tokenizer"
    try:
        words = parse_json(container.metadata["tokenizer.vocabulary"].encode(), where)
        merges = parse_json(container.metadata.get("tokenizer.merges", "[]").encode(), where)
        pairs = [tuple(merge.split(" ")) for merge in merges]
        model = models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=pairs)
    except (RecordError, AttributeError, TypeError, ValueError) as err:
        message = f"{where} cannot be read: {err}"
        raise CheckpointError(message, hint=OWN_TOKENIZER) from err
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([name for names in USUAL_NAMES.values() for name in names if name in words])
    return _source(where, tokenizer.to_str().encode(), {})


def _text_of(token: Any) -> str:
    """A special token of tokenizer_config.json: a text, or an object that holds it."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _source(where: str, data: bytes, named: dict[str, str]) -> TokenizerSource:
    try:
        added = {token["content"] for token in parse_json(data, where)["added_tokens"]}
    except (RecordError, KeyError, TypeError) as err:
        raise _unreadable(where, err) from err
    tokenizer = _opened(where, data)
    usual = {kind: next((name for name in names if name in added), "") for kind, names in USUAL_NAMES.items()}
    special = {kind: text for kind, text in {**usual, **named}.items() if text}
    ids = {text: number for text in special.values() if (number := tokenizer.token_to_id(text)) is not None}
    lost = sorted(set(special.values()) - set(ids))
    if "eos_token" not in special or lost:
        message = f"{where} has no special token {', '.join(lost) or '</s>'}"
        raise CheckpointError(message, hint="without an eos token generation cannot end; use the run's own tokenizer")
    return TokenizerSource(
        where=where,
        data=data,
        special=special,
        ids=ids,
        size=1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1),
    )


def _opened(where: str, data: bytes) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(data.decode())
    # The library knows no narrower class than this for what it cannot read; nothing else is called here.
    except Exception as err:
        raise _unreadable(where, err) from err


def _unreadable(where: str, err: Exception) -> CheckpointError:
    return CheckpointError(f"{where} is not a readable tokenizer: {err}", hint=OWN_TOKENIZER)


def write_tokenizer(source: TokenizerSource, folder: Path, max_length: int) -> None:
    """Write tokenizer.json and tokenizer_config.json. Raises StorageError."""
    config = {
        **source.special,
        # This class and these flags keep every transformers version from prepending <s> or cleaning spaces.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": False,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_length,
    }
    write_atomic(folder / "tokenizer.json", source.data)
    write_atomic(folder / "tokenizer_config.json", canonical_json(config, indent=2))
