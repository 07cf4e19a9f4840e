"""Released models: converted as they are, whatever their config scales, and without a false alarm of the checks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.unit.convert.released import ROPE_THETA, edit_config, logits_of, write_released

from podium.convert import ConvertOptions, convert, record_path
from podium.convert.golden_maker import GoldenOptions, make_golden
from podium.errors import CheckpointError, UndeterminedError
from podium.generate.backends.native.backend import NativeBackend
from podium.progress import SilentProgress
from podium.records import Model, read_record

if TYPE_CHECKING:
    from pathlib import Path

IDS = [11 + (place * 7) % 90 for place in range(200)]
KNOWS_NOTHING = ["better-than-chance"]
LLAMA3 = {
    **{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
    "original_max_position_embeddings": 64,
}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
LONG = {
    **{"rope_type": "longrope", "short_factor": [1 + pair / 8 for pair in range(8)]},
    **{"long_factor": [2.0 + pair for pair in range(8)], "original_max_position_embeddings": 150},
}


def _scaled(**values: Any) -> dict[str, Any]:
    return {"rope_parameters": {**values, "rope_theta": ROPE_THETA}}


SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "linear": _scaled(rope_type="linear", factor=4.0),
    "dynamic": _scaled(rope_type="dynamic", factor=2.0),
    "llama3": _scaled(**LLAMA3),
    "yarn": _scaled(**YARN),
    "yarn without its factor of attention": _scaled(**YARN, attention_factor=1.0),
    "longrope": _scaled(**LONG),
    "Qwen2, yarn": {"family": "qwen2", **_scaled(**YARN)},
    "Qwen2, a window that reaches back": {"family": "qwen2", "use_sliding_window": True, "sliding_window": 256},
    "Qwen2, a window in no layer": {
        **{"family": "qwen2", "use_sliding_window": True, "sliding_window": 32, "max_window_layers": 3},
    },
    "all biases": {"attention_bias": True, "mlp_bias": True},
    "tied": {"tie_word_embeddings": True},
    "wide heads, all of their own": {"head_dim": 32, "num_key_value_heads": 4},
    "large epsilon": {"rms_norm_eps": 0.1},
    "sixteen bits": {"dtype": "bfloat16"},
    "deep": {"num_hidden_layers": 24},
}


def _convert(folder: Path, tmp_path: Path, dtype: str = "float32", **more: Any) -> Model:
    options = ConvertOptions(checkpoint=folder, output=tmp_path / "model", dtype=dtype, **more)
    convert(options, SilentProgress())
    return read_record(record_path(options.output), Model)


def _failing(record: Model) -> list[str]:
    return [check.name for check in record.checks if not check.ok]


def _with_golden(folder: Path) -> Path:
    make_golden(GoldenOptions(model=folder, output=folder / "golden.npz"))
    return folder


@pytest.mark.parametrize("name", SHAPES)
def test_a_released_shape_is_converted_as_it_is_and_only_its_ignorance_is_told(tmp_path: Path, name: str) -> None:
    folder = _with_golden(write_released(tmp_path / "released", **SHAPES[name]))
    record = _convert(folder, tmp_path)
    assert record.verdict.decided_by == "golden"
    assert _failing(record) == KNOWS_NOTHING
    theirs, ours = logits_of(folder, IDS), logits_of(tmp_path / "model", IDS)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=float(theirs.abs().max()) * 1e-5)


@pytest.mark.parametrize("name", ["llama3", "yarn", "Qwen2, yarn", "dynamic"])
def test_what_was_converted_with_scaling_is_drawn_natively(tmp_path: Path, name: str) -> None:
    folder = _with_golden(write_released(tmp_path / "released", **SHAPES[name]))
    _convert(folder, tmp_path)
    logits = NativeBackend(tmp_path / "model").decoder.prefill(IDS)[0][0].cpu()
    torch.testing.assert_close(logits, logits_of(folder, IDS)[-1], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "older",
    [
        {"rope_parameters": None, "rope_theta": ROPE_THETA, "rope_scaling": {"type": "linear", "factor": 4.0}},
        {"rope_parameters": None, "rope_theta": ROPE_THETA, "rope_scaling": {"rope_type": "linear", "factor": 4.0}},
        {
            "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": ROPE_THETA}},
            "layer_types": ["full_attention"] * 3,
        },
    ],
    ids=["type", "rope_type", "by type of layer"],
)
def test_every_spelling_of_scaling_is_converted_to_the_same_model(tmp_path: Path, older: dict[str, Any]) -> None:
    folder = _with_golden(write_released(tmp_path / "released", **SHAPES["linear"]))
    expected = logits_of(folder, IDS)
    edit_config(folder, **older)
    _convert(folder, tmp_path)
    assert torch.equal(logits_of(tmp_path / "model", IDS), expected)


def test_keys_that_older_versions_did_not_write_mean_what_their_classes_did(tmp_path: Path) -> None:
    folder = _with_golden(write_released(tmp_path / "released", num_key_value_heads=4))
    expected = logits_of(folder, IDS)
    edit_config(folder, num_key_value_heads=None, rope_parameters=None, head_dim=None)
    _convert(folder, tmp_path)
    assert torch.equal(logits_of(tmp_path / "model", IDS), expected)
    edit_config(folder, transformers_version=None)
    with pytest.raises(CheckpointError, match="lacks `rope_theta`"):
        _convert(folder, tmp_path)


@pytest.mark.parametrize("factor", [8, 64, 4096])
@pytest.mark.parametrize("part", ["lm_head.weight", "model.norm.weight", "self_attn.q_proj.weight"])
def test_large_values_are_no_fault_where_the_weights_are_equal(tmp_path: Path, part: str, factor: int) -> None:
    folder = write_released(tmp_path / "released")
    path = folder / "model.safetensors"
    weights = load_file(path)
    save_file({k: v * factor if k.endswith(part) else v for k, v in weights.items()}, path, {"format": "pt"})
    record = _convert(_with_golden(folder), tmp_path)
    written = load_file(tmp_path / "model" / "model.safetensors")
    assert all(torch.equal(written[name], tensor) for name, tensor in load_file(path).items())
    assert _failing(record) == KNOWS_NOTHING


@pytest.mark.parametrize(
    "change",
    [
        {"rms_norm_eps": 1e-3},
        {"rope_theta": 9000.0, "rope_parameters": {"rope_type": "default", "rope_theta": 9000.0}},
        {"rope_scaling": {"rope_type": "linear", "factor": 1.01}, "rope_parameters": None},
    ],
    ids=["epsilon", "base", "scaling"],
)
def test_parity_still_sees_a_config_that_is_slightly_another(
    tmp_path: Path, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from podium.convert.checks import directory

    folder = _with_golden(write_released(tmp_path / "released"))
    look = directory._look

    def look_at_another(found: Path, ids: list[int]) -> Any:
        edit_config(found, **change)
        return look(found, ids)

    monkeypatch.setattr(directory, "_look", look_at_another)
    assert "parity" in _failing(_convert(folder, tmp_path))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden_act": "gelu"}, "activation 'gelu'"),
        ({"partial_rotary_factor": 0.5}, "partial rotary factor"),
        ({"rope_parameters": {"rope_type": "linear", "factor": 2.0, "partial_rotary_factor": 0.5}}, "partial rotary"),
        ({"rope_interleaved": True}, "rotary pairs side by side"),
        ({"no_rope_layers": [1, 0, 1]}, "layers without positions"),
        ({"attention_multiplier": 0.5}, "attention multiplier"),
        ({"query_pre_attn_scalar": 8}, "attention multiplier"),
        ({"attn_logit_softcapping": 50.0}, "capped attention"),
        ({"final_logit_softcapping": 30.0}, "capped logits"),
        ({"use_qk_norm": True}, "normed queries and keys"),
        ({"clip_qkv": 8.0}, "clipped projections"),
        ({"embedding_multiplier": 12.0}, "embedding multiplier"),
        ({"residual_multiplier": 0.22}, "residual multiplier"),
        ({"logits_scaling": 8.0}, "logit scaling"),
        ({"logit_scale": 0.0625}, "logit scaling"),
        ({"sliding_window": 32}, "sliding window 32"),
        ({"layer_types": ["full_attention", "chunked_attention", "full_attention"]}, "layers of type 'chunked"),
        ({"num_local_experts": 8}, "experts"),
        ({"is_causal": False}, "sight of later tokens"),
        ({"attention_bias": True}, "config.json says attention_bias true, the file has none"),
        ({"mlp_bias": True}, "config.json says mlp_bias true, the file has none"),
        ({"rope_theta": 5.0, "rope_parameters": {"rope_theta": 1e4}}, "rope_theta is"),
    ],
)
def test_switches_that_no_such_model_obeys_are_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    folder = write_released(tmp_path / "released")
    edit_config(folder, **changes)
    with pytest.raises(CheckpointError, match=said) as caught:
        _convert(folder, tmp_path, assume="order=out_in,pairing=split,head=own_vh")
    assert caught.value.hint


def test_biases_that_the_config_denies_are_refused(tmp_path: Path) -> None:
    folder = write_released(tmp_path / "released", attention_bias=True)
    edit_config(folder, attention_bias=False)
    with pytest.raises(CheckpointError, match="says attention_bias false, the file has such"):
        _convert(folder, tmp_path)


def test_keys_that_nothing_knows_are_told_and_neutral_ones_are_not(tmp_path: Path) -> None:
    folder = _with_golden(write_released(tmp_path / "released"))
    edit_config(folder, swiggle_factor=3, logits_scaling=1.0, use_qk_norm=False, quantization_config=None)
    record = _convert(folder, tmp_path)
    told = next(check for check in record.checks if check.name == "config")
    assert told.ok
    assert "left out: swiggle_factor" in told.saw
    assert "scaling" not in told.saw
    assert "swiggle_factor" not in json.loads((tmp_path / "model" / "config.json").read_text())


def test_yarn_by_other_lengths_than_its_factor_is_told(tmp_path: Path) -> None:
    values = {**YARN, "original_max_position_embeddings": 32}
    record = _convert(_with_golden(write_released(tmp_path / "released", **_scaled(**values))), tmp_path)
    assert "transformers 4 takes 8 for its factor" in next(c.saw for c in record.checks if c.name == "config")


def test_golden_logits_of_other_rotary_positions_fit_no_reading(tmp_path: Path) -> None:
    folder = _with_golden(write_released(tmp_path / "released", **SHAPES["yarn"]))
    edit_config(folder, **_scaled(**YARN, attention_factor=1.0))
    with pytest.raises(UndeterminedError, match="no reading gives the golden logits") as caught:
        _convert(folder, tmp_path)
    assert "take it away" in caught.value.hint


def _without(folder: Path, characters: str) -> Path:
    """The tokenizer of a vocabulary that never saw some characters of one byte: it drops them without a word."""
    from tokenizers.pre_tokenizers import ByteLevel

    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    for character in characters:
        symbol = ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(character)[0][0]
        merges = [merge if isinstance(merge, list) else merge.split(" ") for merge in tokenizer["model"]["merges"]]
        kept = [merge for merge in merges if symbol not in "".join(merge)]
        tokenizer["model"]["merges"] = kept
        del tokenizer["model"]["vocab"][symbol]
    path.write_text(json.dumps(tokenizer))
    return folder


def _bytes_check(folder: Path, prompts: tuple[str, ...] = ()) -> tuple[bool, str]:
    from podium.convert.checks import directory
    from podium.model_directory import open_tokenizer

    tokenizer = open_tokenizer(folder, CheckpointError, hint="")
    check = directory._bytes_check(tokenizer, directory.NEEDED.union(*prompts))
    return check.ok, check.saw


def test_characters_that_no_prompt_holds_may_be_lost_and_are_told(tmp_path: Path) -> None:
    folder = write_released(tmp_path / "released")
    assert _bytes_check(folder) == (True, "all of the 98 characters of the benchmarks' prompts survive")
    ok, saw = _bytes_check(_without(folder, "\x04\x06"))
    assert ok
    assert "2 other characters of one byte are lost, which no prompt holds: ['\\x04', '\\x06']" in saw


@pytest.mark.parametrize(("lost", "prompts"), [("{", ()), ("~", ()), ("\x04", ("say \x04",))])
def test_a_character_of_a_prompt_may_not_be_lost(tmp_path: Path, lost: str, prompts: tuple[str, ...]) -> None:
    ok, saw = _bytes_check(_without(write_released(tmp_path / "released"), lost), prompts)
    assert not ok
    assert f"characters of the benchmarks' prompts are lost: {[lost]}" in saw


def test_what_counts_as_needed_is_what_the_prompts_are_written_in(data_dir: Path) -> None:
    from podium.convert.checks.directory import NEEDED
    from podium.tasks import load_task

    for task in ("humaneval", "multiple-go", "multiple-pl", "multiple-sh"):
        for problem in load_task(task, data_dir, None).problems:
            assert NEEDED.issuperset(problem.prompt), (task, problem.id)


def test_golden_logits_may_be_off_by_a_share_of_their_size(tmp_path: Path) -> None:
    """Logits in the thousands differ by more across implementations than those that the tolerance was made for."""
    folder = write_released(tmp_path / "released")
    path = folder / "model.safetensors"
    save_file({k: v * 1000 if k == "lm_head.weight" else v for k, v in load_file(path).items()}, path, {"format": "pt"})
    with np.load(_with_golden(folder) / "golden.npz") as arrays:
        golden = dict(arrays)
    for share, decides in ((5e-5, True), (1e-3, False)):
        logits = golden["logits"] + np.float32(share * np.abs(golden["logits"]).max())
        np.savez(folder / "golden.npz", **{**golden, "logits": logits})
        if decides:
            assert _convert(folder, tmp_path).verdict.decided_by == "golden"
        else:
            with pytest.raises(UndeterminedError, match="no reading gives the golden logits"):
                _convert(folder, tmp_path)


@pytest.mark.parametrize(
    ("dtype", "size", "difference", "moved", "rounding", "ok"),
    [
        ("float32", 45.0, 0.000162, 0.0, 0.0, True),
        ("float32", 45.0, 0.1, 0.0, 0.0, False),
        ("float32", 1.0, 0.001, 0.0, 0.0, False),
        ("float32", 1.0, 0.001, 0.0, 0.0005, True),
        ("bfloat16", 45.0, 0.5, 0.01, 0.0, True),
        ("bfloat16", 45.0, 0.5, 0.1, 0.0, False),
    ],
)
def test_parity_is_a_share_of_the_logits_or_what_rounding_moves(
    dtype: str, size: float, difference: float, moved: float, rounding: float, ok: bool
) -> None:
    from podium.convert.checks.directory import _parity_check

    parity = {"max_logit": size, "max_logit_difference": difference, "text_nats_moved": moved}
    assert _parity_check(parity, dtype, rounding).ok is ok


def test_a_model_that_knows_nothing_goes_on_with_the_statement_that_was_named(tmp_path: Path) -> None:
    folder = write_released(tmp_path / "released")
    with pytest.raises(UndeterminedError, match="no reading predicts plain Python") as caught:
        _convert(folder, tmp_path)
    stated = caught.value.hint.partition("--assume ")[2].partition(", ")[0]
    assert stated == "order=out_in,pairing=split,head=own_vh"
    assert _failing(_convert(folder, tmp_path, assume=stated)) == KNOWS_NOTHING
