"""Special tokens: one decision from all files that may name them, the same as transformers', and no end is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.convert.small_models import TOKENIZER_CONFIG, write_json, write_small

from podium.convert.tokenizer import TokenizerSource, tokenizer_beside, write_tokenizer
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

CLASS = {"tokenizer_class": "PreTrainedTokenizerFast"}
END = {"content": "<end>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
TYPED = {"__type": "AddedToken", **END, "special": True}
Files = dict[str, dict[str, Any]]
CONFIG, MAP, ADDED = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
GENERATION = "generation_config.json"


def _folder(tmp_path: Path, files: Files, **config: Any) -> Path:
    folder = write_small(tmp_path / "checkpoint", **config)
    for name, value in files.items():
        write_json(folder / name, value)
    return folder


def _source(tmp_path: Path, files: Files, **config: Any) -> TokenizerSource:
    return tokenizer_beside(_folder(tmp_path, files, **config))


SAVINGS: list[Files] = [
    {CONFIG: {**CLASS, "eos_token": "<end>", "bos_token": "<s>"}},
    {CONFIG: {**CLASS, "eos_token": TYPED, "bos_token": None}},
    {CONFIG: {**CLASS, "eos_token": TYPED}},
    {CONFIG: CLASS, MAP: {"eos_token": "<end>", "pad_token": "<pad>"}},
    {CONFIG: {**CLASS, "eos_token": "</s>"}, MAP: {"eos_token": END}},
    # Since 4.34 the tokenizer's config is whole, and the map beside it is for others.
    {
        CONFIG: {**CLASS, "eos_token": "<end>", "added_tokens_decoder": {"4": {**END, "special": True}}},
        MAP: {"eos_token": "</s>"},
    },
    {CONFIG: {**CLASS, "eos_token": "<end>"}, ADDED: {"<end>": 4}},
    {
        CONFIG: {
            **CLASS,
            "eos_token": "<new>",
            "added_tokens_decoder": {"261": {**END, "content": "<new>", "special": True}},
        }
    },
    {CONFIG: {**CLASS, "eos_token": "<new>"}, ADDED: {"<new>": 261}},
    {CONFIG: CLASS, MAP: {"eos_token": "<new>"}, ADDED: {"<new>": 261, "<other>": 262}},
]


@pytest.mark.parametrize("files", SAVINGS)
def test_files_name_the_tokens_that_transformers_reads_in_them(tmp_path: Path, files: Files) -> None:
    from transformers import AutoTokenizer

    folder = _folder(tmp_path, files)
    theirs: Any = AutoTokenizer.from_pretrained(folder)
    source = tokenizer_beside(folder)
    for kind in ("eos_token", "bos_token", "pad_token"):
        # A kind that no file names goes by a usual name here; transformers leaves it open.
        if getattr(theirs, kind) is not None:
            assert source.special[kind] == getattr(theirs, kind)
    assert source.ids[source.special["eos_token"]] == theirs.eos_token_id
    assert source.end_ids == (theirs.eos_token_id,)


@pytest.mark.parametrize("files", SAVINGS)
def test_what_is_written_transformers_reads_as_it_was_meant(tmp_path: Path, files: Files) -> None:
    from transformers import AutoTokenizer

    source = _source(tmp_path, files)
    (tmp_path / "out").mkdir()
    write_tokenizer(source, tmp_path / "out", 64)
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert {kind: getattr(tokenizer, kind) for kind in source.special} == source.special
    assert tokenizer.eos_token_id == source.end_ids[0]


@pytest.mark.parametrize(
    ("files", "config", "eos", "ends", "disagrees"),
    [
        ({}, {}, "</s>", (2,), False),
        ({GENERATION: {"eos_token_id": 2}}, {"eos_token_id": 2}, "</s>", (2,), False),
        ({GENERATION: {"eos_token_id": 4}}, {}, "</s>", (2, 4), True),
        ({}, {"eos_token_id": 4}, "</s>", (2, 4), True),
        ({GENERATION: {"eos_token_id": [2, 4]}}, {"eos_token_id": 2}, "</s>", (2, 4), True),
        ({GENERATION: {"eos_token_id": [4, 3]}}, {"eos_token_id": 2}, "</s>", (2, 4, 3), True),
        ({GENERATION: {"eos_token_id": 4}}, {"eos_token_id": 3}, "</s>", (2, 4, 3), True),
        # An id that has a row and no text can still be drawn.
        ({GENERATION: {"eos_token_id": 270}}, {}, "</s>", (2, 270), True),
        ({GENERATION: {"eos_token_id": None}}, {"eos_token_id": -1}, "</s>", (2,), False),
        # Nobody names a text: ids decide, before any usual name.
        ({CONFIG: CLASS}, {"eos_token_id": 4}, "<end>", (4,), False),
        ({CONFIG: CLASS, GENERATION: {"eos_token_id": [4, 2]}}, {"eos_token_id": 2}, "<end>", (4, 2), True),
        ({CONFIG: {**CLASS, "eos_token": ""}}, {}, "</s>", (2,), False),
    ],
)
def test_every_end_is_kept_and_disagreements_are_told(
    tmp_path: Path, files: Files, config: dict[str, Any], eos: str, ends: tuple[int, ...], disagrees: bool
) -> None:
    source = _source(tmp_path, files, **config)
    assert source.special["eos_token"] == eos
    assert source.end_ids == ends
    wanted = list(ends) if len(ends) > 1 else ends[0]
    assert source.special_ids["eos_token_id"] == wanted
    assert source.generation_ids == {**source.special_ids, "pad_token_id": ends[0]}
    notes = [note for note in source.notes if note.startswith("special tokens")]
    assert len(notes) == disagrees
    for number in ends:
        assert f"({number})" in source.told["special-tokens"] or f"token {number}," in source.told["special-tokens"]
    if disagrees:
        assert "cuts at eos_token alone" in notes[0]
        assert "eos_token in tokenizer_config.json" in notes[0]


def test_the_remedy_that_the_note_names_gives_one_end(tmp_path: Path) -> None:
    files: Files = {CONFIG: {**TOKENIZER_CONFIG, "eos_token": "<end>"}, GENERATION: {"eos_token_id": 4}}
    source = _source(tmp_path, files, eos_token_id=4)
    assert (source.end_ids, source.notes) == ((4,), [])


def test_another_bos_or_pad_is_told_and_a_pad_that_is_eos_is_not(tmp_path: Path) -> None:
    files: Files = {
        GENERATION: {"bos_token_id": 4, "pad_token_id": 2},
        CONFIG: {**TOKENIZER_CONFIG, "pad_token": "<pad>"},
    }
    told = _source(tmp_path, files).told["special-tokens"]
    assert "generation_config.json gives '<end>' (4) as bos, tokenizer_config.json names '<s>'" in told
    assert "as pad" not in told
    files[GENERATION] = {"pad_token_id": 0}
    assert "gives '<unk>' (0) as pad" in _source(tmp_path / "again", files).told["special-tokens"]


def test_other_settings_of_the_model_are_left_out_and_told(tmp_path: Path) -> None:
    settings = {"temperature": 0.7, "repetition_penalty": 1.1, "suppress_tokens": [], "top_k": None}
    files: Files = {GENERATION: {"eos_token_id": 2, "transformers_version": "4.44.0", "use_cache": True, **settings}}
    source = _source(tmp_path, files, no_repeat_ngram_size=3, max_length=20, temperature=1.0)
    said = "generation_config.json: repetition_penalty 1.1, temperature 0.7; config.json: no_repeat_ngram_size 3"
    assert source.told["generation-settings"] == f"left out, since the protocol has its own: {said}"
    assert source.notes == [f"generation settings: left out, since the protocol has its own: {said}"]
    assert source.generation_ids == {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({CONFIG: {**CLASS, "eos_token": "<gone>"}}, "has no special token <gone>"),
        (
            {CONFIG: {**CLASS, "eos_token": "<gone>"}, ADDED: {"<gone>": 277}},
            "'<gone>' is said to be 277 and would be 261",
        ),
        ({CONFIG: {**CLASS, "added_tokens_decoder": {"x": END}}}, "in a way that cannot be read"),
        ({CONFIG: {**CLASS, "added_tokens_decoder": [END]}}, "in a way that cannot be read"),
    ],
)
def test_tokens_that_cannot_be_are_named(tmp_path: Path, files: Files, said: str) -> None:
    with pytest.raises(CheckpointError, match=said) as caught:
        _source(tmp_path, files)
    assert caught.value.hint


@pytest.mark.parametrize("name", [CONFIG, MAP, ADDED, GENERATION, "config.json"])
@pytest.mark.parametrize("text", ["{", "[]", '{"eos_token_id": 1, "eos_token_id": 2}'])
def test_a_broken_file_that_may_name_an_end_is_named(tmp_path: Path, name: str, text: str) -> None:
    folder = write_small(tmp_path / "checkpoint")
    (folder / name).write_text(text)
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        tokenizer_beside(folder)
