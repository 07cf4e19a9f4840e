"""tokenizer.json is read and written as it is used; what would be cut otherwise by others fails at conversion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.convert.small_models import TOKENIZER_CONFIG, byte_tokenizer, write_json, write_small
from tokenizers import Tokenizer, processors

from podium.convert.checks.directory import _tokenizer_check
from podium.convert.probe import build_probe
from podium.convert.tokenizer import TokenizerSource, tokenizer_beside, write_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.records import Check

TRUNCATION = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
PADDING = {
    "strategy": {"Fixed": 512},
    "direction": "Left",
    "pad_to_multiple_of": None,
    "pad_id": 3,
    "pad_type_id": 0,
    "pad_token": "<pad>",
}


def _read(tmp_path: Path, change: Callable[[dict[str, Any]], object], **config: Any) -> TokenizerSource:
    folder = write_small(tmp_path / "checkpoint")
    value = json.loads((folder / "tokenizer.json").read_text())
    change(value)
    write_json(folder / "tokenizer.json", value)
    write_json(folder / "tokenizer_config.json", {**TOKENIZER_CONFIG, **config})
    return tokenizer_beside(folder)


def _loaded(tmp_path: Path, source: TokenizerSource) -> Any:
    from transformers import AutoTokenizer

    (tmp_path / "out").mkdir()
    write_tokenizer(source, tmp_path / "out", 64)
    return AutoTokenizer.from_pretrained(tmp_path / "out")


def _check(tmp_path: Path, source: TokenizerSource) -> Check:
    return _tokenizer_check(_loaded(tmp_path, source), source, ["def f(x):\n"])


@pytest.mark.parametrize(
    ("change", "off"),
    [
        (lambda value: value.update(truncation=TRUNCATION), "truncation"),
        (lambda value: value.update(padding=PADDING), "padding"),
        (lambda value: value.update(truncation=TRUNCATION, padding=PADDING), "truncation, padding"),
        (lambda value: value["model"].update(dropout=0.5), "model.dropout"),
    ],
)
def test_switches_of_training_are_taken_out_and_told(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], off: str
) -> None:
    source = _read(tmp_path, change)
    assert f"taken out of tokenizer.json: {off};" in source.told["tokenizer-switches"]
    assert source.notes == [f"tokenizer: {off} was saved in tokenizer.json; it is read and written without"]
    assert _check(tmp_path, source).ok
    written = json.loads((tmp_path / "out" / "tokenizer.json").read_text())
    assert (written["truncation"], written["padding"], written["model"]["dropout"]) == (None, None, None)
    plain = byte_tokenizer()
    text = "def f(x):\n    return x * 2\n" * 4
    assert Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json")).encode(text).ids == plain.encode(text).ids
    untouched = write_small(tmp_path / "untouched")
    assert build_probe(source, 64) == build_probe(tokenizer_beside(untouched), 64)


def test_a_tokenizer_without_switches_is_written_byte_by_byte(tmp_path: Path) -> None:
    folder = write_small(tmp_path / "checkpoint")
    source = tokenizer_beside(folder)
    assert source.data == (folder / "tokenizer.json").read_bytes()
    assert source.told["tokenizer-switches"] == "it puts no token around a text"


def _template(single: str) -> Callable[[dict[str, Any]], object]:
    def change(value: dict[str, Any]) -> None:
        tokenizer = byte_tokenizer()
        tokenizer.post_processor = processors.TemplateProcessing(
            single=single, pair="$A $B", special_tokens=[("<s>", 1), ("</s>", 2)]
        )
        value["post_processor"] = json.loads(tokenizer.to_str())["post_processor"]

    return change


def test_a_token_before_each_text_is_kept_and_told(tmp_path: Path) -> None:
    source = _read(tmp_path, _template("<s> $A"))
    assert source.told["tokenizer-switches"] == "it puts <s> before each text"
    assert _check(tmp_path, source).ok
    config = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert (config["add_bos_token"], config["add_eos_token"]) == (True, False)


@pytest.mark.parametrize(
    ("change", "config", "said"),
    [
        (_template("$A </s>"), {}, r"does not survive.*puts \['</s>'\] after it"),
        (_template("<s> $A </s>"), {}, r"puts \['<s>'\] before it and \['</s>'\] after it"),
        # Only the token that is called bos is dropped again.
        (_template("</s> $A"), {}, r"puts \['</s>'\] before it"),
        (_template("<s> <s> $A"), {}, r"puts \['<s>', '<s>'\] before it"),
        (lambda value: value.update(normalizer={"type": "Lowercase"}), {}, "does not survive"),
        (
            lambda value: value.update(normalizer={"type": "Strip", "strip_left": True, "strip_right": True}),
            {},
            "survive",
        ),
        (lambda value: value["pre_tokenizer"].update(add_prefix_space=True), {}, "does not survive"),
        (lambda value: value.update(decoder=None), {}, "does not survive"),
    ],
)
def test_what_would_spoil_every_prompt_fails_at_conversion(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], config: dict[str, Any], said: str
) -> None:
    import re

    check = _check(tmp_path, _read(tmp_path, change, **config))
    assert not check.ok
    assert re.search(said, check.saw, re.DOTALL)


def test_the_pre_tokenizers_switch_is_written_where_old_versions_look(tmp_path: Path) -> None:
    source = _read(tmp_path, lambda value: value["pre_tokenizer"].update(add_prefix_space=True))
    _loaded(tmp_path, source)
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())["add_prefix_space"] is True


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"add_bos_token": True}, "says add_bos_token true; tokenizer.json decides"),
        ({"add_bos_token": False}, ""),
        ({"split_special_tokens": True}, "split_special_tokens is not applied"),
        ({"chat_template": "{{ messages }}"}, "chat_template is not applied"),
        ({"clean_up_tokenization_spaces": True, "model_max_length": 7, "padding_side": "left"}, ""),
    ],
)
def test_switches_of_tokenizer_config_change_no_id_and_are_told(
    tmp_path: Path, config: dict[str, Any], told: str
) -> None:
    source = _read(tmp_path, lambda value: value, **config)
    assert told in source.told["tokenizer-switches"]
    assert _check(tmp_path, source).ok
    written = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert (written["clean_up_tokenization_spaces"], written["model_max_length"]) == (False, 64)


def test_special_tokens_that_transformers_reads_otherwise_fail(tmp_path: Path) -> None:
    source = _read(tmp_path, lambda value: value)
    tokenizer = _loaded(tmp_path, source)
    tokenizer.eos_token = "<end>"
    check = _tokenizer_check(tokenizer, source, [])
    assert (check.ok, check.saw) == (False, "transformers has other special tokens: ['eos_token']")
