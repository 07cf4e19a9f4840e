"""Remedies of convert, told by other commands: every flag it has becomes a key that podium.toml has."""

from __future__ import annotations

import pytest

from podium.cli.convert import command
from podium.cli.remedies import VALUES, in_config, remedies_in_config
from podium.config import ModelSection
from podium.errors import UndeterminedError


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ("state it: --assume pairing=split, or not", 'state it: assume = "pairing=split", or not'),
        ("--assume order=in_out,head=own_hv.", 'assume = "order=in_out,head=own_hv".'),
        ("--assume takes order=in_out|out_in", "assume takes order=in_out|out_in"),
        ("pass --base DIR --base-sha256 DIGEST", 'pass base = "DIR" and base_sha256 = "DIGEST"'),
        ("pass --base-sha256 52c1d0ffee", 'pass base_sha256 = "52c1d0ffee"'),
        ("name the base with --base", "name the base with base"),
        ("podium convert --dtype float32, or", 'dtype = "float32", or'),
    ],
)
def test_a_flag_becomes_a_key_under_model(hint: str, told: str) -> None:
    assert in_config(hint) == f"{told} (under [model] in podium.toml)"


def test_golden_logits_go_beside_the_weights() -> None:
    assert in_config("give --golden FILE.npz") == "give golden.npz beside the weights"


@pytest.mark.parametrize("hint", ["put tokenizer.json beside the weights", "leave --log out", "--based on"])
def test_other_remedies_stay(hint: str) -> None:
    assert in_config(hint) == hint


def test_what_is_translated_exists_on_both_sides() -> None:
    flags = {name.removeprefix("--") for option in command.params for name in option.opts}
    assert set(VALUES) <= flags
    assert {flag.replace("-", "_") for flag in VALUES} <= set(ModelSection.__struct_fields__)


def test_a_failure_keeps_its_kind_and_its_words() -> None:
    with pytest.raises(UndeterminedError, match="open") as caught:
        _fail_inside()
    assert caught.value.hint.startswith('assume = "pairing=none"')


def _fail_inside() -> None:
    with remedies_in_config():
        message = "the pairing is open"
        raise UndeterminedError(message, hint="--assume pairing=none")
