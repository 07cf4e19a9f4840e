"""The tokenizer's files: tokenizer.json as it is used, and a configuration that gives the same ids in transformers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.special_tokens import (
    USUAL_NAMES,
    NamedTokens,
    SpecialTokens,
    decide,
    read_named_tokens,
    read_settings,
)
from podium.errors import CheckpointError, RecordError
from podium.files import canonical_json, parse_json, read_bytes, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers import Container
    from podium.generation_settings import GenerationSettings

OWN_TOKENIZER = "put the run's own tokenizer.json beside the weights"
# Switches of training that are saved inside tokenizer.json: transformers turns the first two off at every call, and
# with dropout no two calls give the same tokens.
SWITCHES = (("truncation",), ("padding",), ("model", "dropout"))
# Of tokenizer_config.json: what transformers or the trainer may have done to texts and is not done here.
NOT_APPLIED = ("split_special_tokens", "do_lower_case", "chat_template")
NOTHING_SET = "the model's files set nothing"
CUT_BY_HARNESS = (
    "the harness ends a text at each of them, but cuts at eos_token alone and leaves the others in the program; if the "
    "model ends with another, name that one as eos_token in tokenizer_config.json and convert again"
)


class TokenizerSource(msgspec.Struct, frozen=True, kw_only=True):
    """A tokenizer as the checkpoint brings it: the JSON of the `tokenizers` library, and its special tokens' texts.

    `tokens_before` and `tokens_after` are what it puts around each text. `told` is what people should know of it.
    """

    where: str
    data: bytes
    special: dict[str, str]
    ids: dict[str, int]
    size: int
    end_ids: tuple[int, ...] = ()
    tokens_before: list[str] = []
    tokens_after: list[str] = []
    told: dict[str, str] = {}
    notes: list[str] = []

    @property
    def special_ids(self) -> dict[str, int | list[int]]:
        """Ids under config.json's names: bos, eos and pad, where there are such tokens; a list where several end."""
        names = ("bos", "eos", "pad")
        found: dict[str, int | list[int]] = {
            f"{name}_token_id": self.ids[self.special[f"{name}_token"]] for name in names if self._has(name)
        }
        return {**found, **({"eos_token_id": list(self.end_ids)} if len(self.end_ids) > 1 else {})}

    @property
    def generation_ids(self) -> dict[str, int | list[int]]:
        """Ids of generation_config.json: rows that ended are filled with eos_token, at which the harness cuts."""
        return {**self.special_ids, "pad_token_id": self.ids[self.special["eos_token"]]}

    def _has(self, name: str) -> bool:
        return f"{name}_token" in self.special


def tokenizer_beside(folder: Path) -> TokenizerSource:
    """tokenizer.json and every file that names special tokens. Raises CheckpointError."""
    path = folder / "tokenizer.json"
    try:
        data = read_bytes(path)
    except RecordError as err:
        message = f"{path} is not a readable tokenizer: {err}"
        raise CheckpointError(message, hint=OWN_TOKENIZER) from err
    return _source(str(path), data, read_named_tokens(folder), read_settings(folder))


def adapters_tokenizer(
    folder: Path, base: TokenizerSource, *, knows_new_tokens: bool
) -> tuple[TokenizerSource, dict[str, str]]:
    """The tokenizer in an adapter's folder, where it is its base's but for special tokens; without one the base's.

    With `knows_new_tokens` the adapter brings an embedding, so that tokens may have been added. Raises CheckpointError
    for a tokenizer of another model.
    """
    named, settings = read_named_tokens(folder), read_settings(folder)
    path = folder / "tokenizer.json"
    if not path.is_file() and not named.texts and not settings.ids["eos"]:
        return base, {}
    if not path.is_file():
        where = f"{folder}, with the base's tokenizer.json"
        texts = {**base.special, **named.texts}
        sources = {**dict.fromkeys(base.special, "the base"), **named.where}
        named = msgspec.structs.replace(named, texts=texts, where=sources)
        data = base.data
    else:
        where, data = str(path), read_bytes(path)
    own = _source(where, data, named, settings)
    _refuse_other(own, base, knows_new_tokens=knows_new_tokens)
    return _with_ends_of(own, base), {"adapter-tokenizer": f"of the adapter: {where}"}


def _with_ends_of(own: TokenizerSource, base: TokenizerSource) -> TokenizerSource:
    """The adapter's tokenizer; what ends the base's texts ends the merged model's too, as in transformers."""
    mine, theirs = own.special["eos_token"], base.special["eos_token"]
    ends = tuple(dict.fromkeys([*own.end_ids, *base.end_ids]))
    told = {**base.told, **{name: said for name, said in own.told.items() if said != NOTHING_SET}}
    told["special-tokens"] += "" if mine == theirs else f"; the base's eos_token is {theirs!r}, its ends count too"
    notes = [*own.notes, *(note for note in base.notes if note not in own.notes)]
    if mine != theirs:
        notes.append(f"special tokens: eos_token is the adapter's {mine!r}, the base's is {theirs!r}; {CUT_BY_HARNESS}")
    return msgspec.structs.replace(own, end_ids=ends, told=told, notes=notes)


def _refuse_other(own: TokenizerSource, base: TokenizerSource, *, knows_new_tokens: bool) -> None:
    mine, theirs = (_opened(one.where, one.data).get_vocab(with_added_tokens=True) for one in (own, base))
    new, gone = (sorted(set(one.items()) - set(other.items())) for one, other in ((mine, theirs), (theirs, mine)))
    hint = "convert with the base that it was trained on; if the adapter never used this tokenizer, remove its files"
    if gone or (new and not knows_new_tokens):
        kind = f"lacks {len(gone)}" if gone else f"has also {len(new)}"
        text, number = (gone or new)[0]
        message = f"{own.where} is not the base's tokenizer: it {kind} of its tokens, first {text!r} ({number})"
        raise CheckpointError(message, hint=hint)
    parts = [_parts(one) for one in (own, base)]
    if parts[0] != parts[1]:
        odd = next(name for name in parts[0] if parts[0][name] != parts[1][name])
        message = f"{own.where} is not the base's tokenizer: its {odd} is another"
        raise CheckpointError(message, hint=hint)


def _parts(source: TokenizerSource) -> dict[str, Any]:
    """What decides how a text is cut, but for the added tokens and what is put around it."""
    # As the library writes it today, whatever version wrote the file.
    value = json.loads(_opened(source.where, source.data).to_str())
    model = {name: part for name, part in value["model"].items() if name != "vocab"}
    return {"model": model, **{name: value[name] for name in ("normalizer", "pre_tokenizer", "decoder")}}


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
        named = _named_by_metadata(container, words)
    except (RecordError, AttributeError, TypeError, ValueError) as err:
        message = f"{where} cannot be read: {err}"
        raise CheckpointError(message, hint=OWN_TOKENIZER) from err
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    usual = [name for names in USUAL_NAMES.values() for name in names if name in words]
    tokenizer.add_special_tokens(list(dict.fromkeys([*usual, *named.texts.values()])))
    folder = container.paths[0].parent
    return _source(where, tokenizer.to_str().encode(), named, read_settings(folder))


def _named_by_metadata(container: Container, words: list[str]) -> NamedTokens:
    """Special tokens of an APR file: ids beside the vocabulary."""
    keys = {kind: f"tokenizer.{kind}_id" for kind in USUAL_NAMES}
    numbers = {kind: int(container.metadata[key]) for kind, key in keys.items() if key in container.metadata}
    if odd := [number for number in numbers.values() if not 0 <= number < len(words)]:
        message = f"token {odd[0]} is outside its vocabulary of {len(words)}"
        raise ValueError(message)
    texts = {kind: words[number] for kind, number in numbers.items()}
    return NamedTokens(texts=texts, where=dict.fromkeys(texts, "the file's metadata"))


def _source(where: str, data: bytes, named: NamedTokens, settings: GenerationSettings) -> TokenizerSource:
    try:
        value = parse_json(data, where)
        added = {token["content"] for token in value["added_tokens"]}
        switched_off = _switch_off(value)
    except (RecordError, KeyError, TypeError, AttributeError) as err:
        raise _unreadable(where, err) from err
    if switched_off:
        data = json.dumps(value, ensure_ascii=False).encode()
    tokenizer = _opened(where, data)
    if completed := _complete(where, tokenizer, named):
        data = tokenizer.to_str().encode()
    special = decide(where, tokenizer.get_vocab(with_added_tokens=True), {*added, *completed}, named, settings)
    before, after = _around(tokenizer)
    return TokenizerSource(
        where=where,
        data=data,
        special=special.texts,
        ids=special.ids,
        size=1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1),
        end_ids=special.end_ids,
        tokens_before=before,
        tokens_after=after,
        told={
            "special-tokens": special.told,
            "tokenizer-switches": _switches(switched_off, completed, before, after, named),
            "generation-settings": _left_out(settings) or NOTHING_SET,
        },
        notes=_notes(special, switched_off, settings),
    )


def _switch_off(value: dict[str, Any]) -> list[str]:
    """Take the switches out of a tokenizer's JSON; returns those that were on."""
    found = []
    for *path, name in SWITCHES:
        holder = value
        for step in path:
            holder = holder.get(step) or {}
        if holder.get(name):
            found.append(".".join([*path, name]))
            holder[name] = None
    return found


def _complete(where: str, tokenizer: Any, named: NamedTokens) -> list[str]:
    """Add the tokens that other files name with an id and tokenizer.json lacks, as transformers does on loading."""
    from tokenizers import AddedToken

    lacking = sorted((number, text) for text, number in named.added.items() if tokenizer.token_to_id(text) is None)
    special = set(named.texts.values())
    for number, text in lacking:
        tokenizer.add_tokens([AddedToken(text, special=text in special, normalized=text not in special)])
        if tokenizer.token_to_id(text) != number:
            message = f"{where}: the token {text!r} is said to be {number} and would be {tokenizer.token_to_id(text)}"
            raise CheckpointError(message, hint="save the tokenizer again with save_pretrained of the fast tokenizer")
    return [text for _, text in lacking]


def _around(tokenizer: Any) -> tuple[list[str], list[str]]:
    """The tokens that a tokenizer puts before and after each text."""
    bare, full = (tokenizer.encode("a", add_special_tokens=flag) for flag in (False, True))
    place = next((at for at in range(len(full.ids)) if full.ids[at : at + len(bare.ids)] == bare.ids), 0)
    return full.tokens[:place], full.tokens[place + len(bare.ids) :]


def _switches(
    switched_off: list[str], completed: list[str], before: list[str], after: list[str], named: NamedTokens
) -> str:
    parts = [f"taken out of tokenizer.json: {', '.join(switched_off)}"] if switched_off else []
    parts += [f"put into tokenizer.json: {', '.join(map(repr, completed))}"] if completed else []
    around = [
        f"{' '.join(tokens)} {place} each text" for tokens, place in ((before, "before"), (after, "after")) if tokens
    ]
    parts.append(f"it puts {' and '.join(around)}" if around else "it puts no token around a text")
    is_said = named.settings.get("add_bos_token")
    if isinstance(is_said, bool) and is_said != bool(before):
        parts.append(f"tokenizer_config.json says add_bos_token {str(is_said).lower()}; tokenizer.json decides")
    parts += [f"{name} is not applied" for name in NOT_APPLIED if named.settings.get(name)]
    return "; ".join(parts)


def _notes(special: SpecialTokens, switched_off: list[str], settings: GenerationSettings) -> list[str]:
    """What nobody should overlook."""
    notes = []
    if switched_off:
        notes.append(
            f"tokenizer: {', '.join(switched_off)} was saved in tokenizer.json; it is read and written without"
        )
    if special.disagreements or len(special.end_ids) > 1:
        more = f"; {CUT_BY_HARNESS}" if len(special.end_ids) > 1 else ""
        notes.append(f"special tokens: {special.told}{more}")
    if left_out := _left_out(settings):
        notes.append(f"generation settings: {left_out}")
    return notes


def _left_out(settings: GenerationSettings) -> str:
    return f"left out, since the protocol has its own: {said}" if (said := settings.not_applied()) else ""


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
    bos = source.special.get("bos_token")
    config = {
        **source.special,
        # This class and these flags keep every transformers version from doing other than tokenizer.json says.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": bos is not None and source.tokens_before == [bos],
        "add_eos_token": source.tokens_after == [source.special["eos_token"]],
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_length,
        **_prefix_space(source),
    }
    write_atomic(folder / "tokenizer.json", source.data)
    write_atomic(folder / "tokenizer_config.json", canonical_json(config, indent=2))


def _prefix_space(source: TokenizerSource) -> dict[str, bool]:
    """The key from which transformers 4.46 to 4.57 set the pre-tokenizer's switch; without it they turn it off."""
    pre_tokenizer = parse_json(source.data, source.where).get("pre_tokenizer") or {}
    return {"add_prefix_space": True} if pre_tokenizer.get("add_prefix_space") is True else {}
