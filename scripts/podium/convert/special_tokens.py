"""Which tokens are special and where a text ends, decided once from all files that may say so.

Reads tokenizer_config.json, special_tokens_map.json and added_tokens.json as transformers does (older savings too), and
the ids of generation_config.json and config.json. Keeps every id that ends a text, and tells where files disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import CheckpointError, RecordError
from podium.files import read_json
from podium.generation_settings import GenerationSettings, read_generation_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Names that special tokens go by where nothing says which is which.
USUAL_NAMES = {
    "unk_token": ("<unk>",),
    "bos_token": ("<s>", "<|begin_of_text|>"),
    "eos_token": ("</s>", "<|endoftext|>", "<|end_of_text|>"),
    "pad_token": ("<pad>", "<|pad|>"),
}
TOKENIZER_CONFIG, TOKENS_MAP, ADDED_TOKENS = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
OWN_FILES = "put the run's own files beside the weights, or remove what is broken"
NO_EOS = "without an eos token generation cannot end; use the run's own tokenizer"


class NamedTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What the tokenizer's own files say: special tokens' texts by kind, and ids of tokens that were added later.

    `where` says which file named a kind; `settings` are the other keys of tokenizer_config.json.
    """

    texts: dict[str, str] = {}
    where: dict[str, str] = {}
    added: dict[str, int] = {}
    settings: dict[str, Any] = {}


class SpecialTokens(msgspec.Struct, frozen=True, kw_only=True):
    """The special tokens in force: texts by kind, their ids by text, and every id that ends a text, eos_token's first.

    `told` says what ends a text, and where the files disagree about it.
    """

    texts: dict[str, str]
    ids: dict[str, int]
    end_ids: tuple[int, ...]
    told: str
    disagreements: list[str]


def read_named_tokens(folder: Path) -> NamedTokens:
    """Read the tokenizer's own files in a folder, where they exist. Raises CheckpointError for a broken one."""
    config, tokens_map, added = (_object(folder / name) for name in (TOKENIZER_CONFIG, TOKENS_MAP, ADDED_TOKENS))
    where = {kind: TOKENIZER_CONFIG for kind in USUAL_NAMES if kind in config}
    named = {kind: config[kind] for kind in where}
    decoder = config.get("added_tokens_decoder")
    if decoder is None:
        # As transformers reads older savings: there special_tokens_map.json has the last word.
        changed = {kind: tokens_map[kind] for kind in USUAL_NAMES if kind in tokens_map}
        named, where = {**named, **changed}, {**where, **dict.fromkeys(changed, TOKENS_MAP)}
    texts = {kind: text for kind, token in named.items() if (text := _text_of(token))}
    try:
        numbers = {_text_of(token): int(number) for number, token in (decoder or {}).items()}
        numbers = {**{str(text): int(number) for text, number in added.items()}, **numbers}
    except (AttributeError, TypeError, ValueError) as err:
        message = (
            f"{folder}: {TOKENIZER_CONFIG} or {ADDED_TOKENS} names added tokens in a way that cannot be read: {err}"
        )
        raise CheckpointError(message, hint=OWN_FILES) from err
    settings = {key: value for key, value in config.items() if key not in USUAL_NAMES}
    return NamedTokens(texts=texts, where={kind: where[kind] for kind in texts}, added=numbers, settings=settings)


def read_settings(folder: Path) -> GenerationSettings:
    """What config.json and generation_config.json of a checkpoint say. Raises CheckpointError for a broken one."""
    return read_generation_settings(folder, CheckpointError, hint=OWN_FILES)


def decide(
    where: str, vocabulary: Mapping[str, int], added: set[str], named: NamedTokens, settings: GenerationSettings
) -> SpecialTokens:
    """The special tokens of a tokenizer with this vocabulary, of which `added` are no ordinary ones.

    A kind is what the tokenizer's files name, else the first id that a config gives, else a usual name. Raises
    CheckpointError where a named token is not in the vocabulary, or nothing ends a text.
    """
    text_of = {number: text for text, number in vocabulary.items()}
    texts, sources = {}, {}
    for kind, usual in USUAL_NAMES.items():
        by_id = _first_known(settings, kind, text_of)
        by_name = next((name for name in usual if name in added), "")
        if text := named.texts.get(kind) or by_id[1] or by_name:
            texts[kind] = text
            sources[kind] = (
                named.where.get(kind, TOKENIZER_CONFIG) if kind in named.texts else by_id[0] or "its usual name"
            )
    lost = sorted(set(texts.values()) - set(vocabulary))
    if "eos_token" not in texts or lost:
        message = f"{where} has no special token {', '.join(lost) or '</s>'}"
        raise CheckpointError(message, hint=NO_EOS)
    ids = {text: vocabulary[text] for text in texts.values()}
    ends = settings.end_ids(ids[texts["eos_token"]])
    disagreements = _disagreements(texts, sources, ids, text_of, settings)
    shown = ", ".join(_shown(number, text_of) for number in ends)
    told = "; ".join([f"a text ends at {shown} (eos_token by {sources['eos_token']})", *disagreements])
    return SpecialTokens(texts=texts, ids=ids, end_ids=ends, told=told, disagreements=disagreements)


def _first_known(settings: GenerationSettings, kind: str, text_of: Mapping[int, str]) -> tuple[str, str]:
    """File and text of the first id that a config gives for a kind."""
    files = settings.ids.get(kind.removesuffix("_token"), {})
    return next(
        ((name, text_of[number]) for name, ids in files.items() for number in ids if number in text_of), ("", "")
    )


def _disagreements(
    texts: dict[str, str],
    sources: dict[str, str],
    ids: dict[str, int],
    text_of: Mapping[int, str],
    settings: GenerationSettings,
) -> list[str]:
    """Where a config gives other ids than the tokenizer's files; what that means where it is about the end."""
    found = []
    eos = ids[texts["eos_token"]]
    for kind, files in settings.ids.items():
        text = texts.get(f"{kind}_token")
        # To fill ended rows with eos is what the harness does, and what is written here.
        known = {ids[text] if text is not None else None, eos if kind == "pad" else None}
        for name, numbers in files.items():
            if not known.issuperset(numbers) and name != sources.get(f"{kind}_token"):
                shown = ", ".join(_shown(number, text_of) for number in numbers)
                mine = f"{sources[f'{kind}_token']} names {text!r}" if text is not None else "the tokenizer names none"
                found.append(f"{name} gives {shown} as {kind}, {mine}")
    return found


def _shown(number: int, text_of: Mapping[int, str]) -> str:
    return f"{text_of[number]!r} ({number})" if number in text_of else f"token {number}, which has no text"


def _text_of(token: Any) -> str:
    """A special token as files write it: a text, or an object that holds it."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _object(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path) if path.exists() else {}
    except RecordError as err:
        raise CheckpointError(str(err), hint=OWN_FILES) from err
    if not isinstance(value, dict):
        message = f"{path} is not a JSON object"
        raise CheckpointError(message, hint=OWN_FILES)
    return value
