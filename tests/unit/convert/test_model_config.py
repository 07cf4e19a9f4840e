"""What a config says of a model: nothing is defaulted, nothing foreign is let in, contradictions are named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.convert.apr_files import write_apr
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from podium.convert.containers import open_container
from podium.convert.model_config import ModelConfig, parse_config
from podium.convert.tokenizer import embedded_tokenizer, tokenizer_beside
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

WHOLE: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 160,
    "vocab_size": 512,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
}


def _parse(**changes: Any) -> ModelConfig:
    value = {key: item for key, item in {**WHOLE, **changes}.items() if item is not None}
    return parse_config(value, "config.json")


@pytest.mark.parametrize("key", sorted(WHOLE))
def test_a_missing_key_stops_with_its_name(key: str) -> None:
    with pytest.raises(CheckpointError, match=f"config.json: .*`(head_width|{key})`") as caught:
        _parse(**{key: None})
    assert "nothing is defaulted" in caught.value.hint


def test_other_names_for_the_same_thing_are_known() -> None:
    renamed = _parse(num_key_value_heads=None, num_kv_heads=2, max_position_embeddings=None, max_seq_length=256)
    assert renamed == _parse()


def test_two_names_that_disagree_are_an_error() -> None:
    with pytest.raises(CheckpointError, match="num_kv_heads is 4, num_key_value_heads is 2"):
        _parse(num_kv_heads=4)


def test_theta_is_found_where_transformers_5_writes_it() -> None:
    rope = {"rope_type": "default", "rope_theta": 5000.0}
    assert _parse(rope_theta=None, rope_parameters=rope).rope_theta == 5000.0


def test_the_head_width_is_the_files_or_follows_from_the_heads() -> None:
    assert _parse().head_width == 16
    assert _parse(head_dim=32).head_width == 32


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": "gpt2"}, "family 'gpt2'"),
        ({"hidden_act": "gelu"}, "activation 'gelu'"),
        ({"rope_scaling": {"rope_type": "llama3"}}, "rope scaling 'llama3'"),
        ({"rope_scaling": {"type": "dynamic"}}, "rope scaling 'dynamic'"),
        ({"quantization_config": {"bits": 4}}, "quantisation"),
        ({"use_sliding_window": True, "sliding_window": 128}, "sliding window 128"),
        ({"hidden_size": 66}, "66 is not a multiple of num_attention_heads 4"),
        ({"num_key_value_heads": 3}, "its heads does not fit"),
        ({"num_hidden_layers": 0}, "num_hidden_layers does not fit"),
        ({"vocab_size": "512"}, "vocab_size"),
        ({"head_dim": 7}, "its heads does not fit"),
    ],
)
def test_what_no_such_model_computes_is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckpointError, match=said) as caught:
        _parse(**changes)
    assert caught.value.hint


def test_a_model_without_positions_is_told_to_both_generations_of_transformers() -> None:
    config = _parse().hugging_face("none", attention_bias=False, mlp_bias=False)
    assert config["rope_parameters"] == {"rope_type": "linear", "factor": 1e12, "rope_theta": 10000.0}
    assert config["rope_scaling"] == {"rope_type": "linear", "factor": 1e12}
    assert "rope_scaling" not in _parse().hugging_face("split", attention_bias=False, mlp_bias=False)


def _vocabulary() -> list[str]:
    return ["<unk>", "<s>", "</s>", "<pad>", *sorted(ByteLevel.alphabet()), "re", "ret"]


def _apr_with_tokenizer(path: Path, **changes: Any) -> Path:
    import numpy as np

    metadata = {"tokenizer.vocabulary": _vocabulary(), "tokenizer.merges": ["r e", "re t"], **changes}
    write_apr(path, {"model.norm.weight": np.ones(4, np.float32)}, metadata)
    return path


def test_a_tokenizer_inside_an_apr_file_gives_the_ids_of_its_vocabulary_and_merges(tmp_path: Path) -> None:
    source = embedded_tokenizer(open_container(_apr_with_tokenizer(tmp_path / "model.apr")))
    assert source is not None
    tokenizer = Tokenizer.from_str(source.data.decode())
    expected = Tokenizer(BPE(vocab={word: i for i, word in enumerate(_vocabulary())}, merges=[("r", "e"), ("re", "t")]))
    expected.pre_tokenizer = ByteLevel(add_prefix_space=False)
    expected.decoder = ByteLevelDecoder()
    for text in ("ret re r\n  é", "\t<x>"):
        assert tokenizer.encode(text).ids == expected.encode(text).ids
        assert tokenizer.decode(tokenizer.encode(text).ids) == text
    assert source.special_ids == {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}


def test_a_broken_embedded_tokenizer_is_named(tmp_path: Path) -> None:
    path = _apr_with_tokenizer(tmp_path / "model.apr", **{"tokenizer.merges": ["x y z q", "no such"]})
    with pytest.raises(CheckpointError, match="embedded tokenizer cannot be read"):
        embedded_tokenizer(open_container(path))


def test_special_tokens_come_from_tokenizer_config_where_there_is_one(tmp_path: Path) -> None:
    tokenizer = Tokenizer(BPE(vocab={word: i for i, word in enumerate([*_vocabulary(), "<|im_end|>"])}, merges=[]))
    tokenizer.add_special_tokens(["<s>", "</s>", "<|im_end|>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    config = {"eos_token": {"content": "<|im_end|>"}, "bos_token": None}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert tokenizer_beside(tmp_path).special["eos_token"] == "<|im_end|>"
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|gone|>"}))
    with pytest.raises(CheckpointError, match=r"no special token <\|gone\|>"):
        tokenizer_beside(tmp_path)
