"""convert: the model that comes out computes what the checkpoint's function computes; damage is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from podium.convert import ConvertOptions, convert, record_path
from podium.convert.container import read_header
from podium.convert.writer import round_to_bfloat16
from podium.errors import CheckpointError, UnknownNameError
from podium.progress import SilentReport
from podium.records import Model, read_record

DEMO = Path(__file__).resolve().parents[3] / "scripts" / "podium" / "demo" / "checkpoint"


def _copy(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    shutil.copytree(DEMO, folder)
    return folder


def _convert(folder: Path, tmp_path: Path, dtype: str = "float32") -> Path:
    output = tmp_path / "model"
    convert(ConvertOptions(checkpoint=folder, output=output, dtype=dtype), SilentReport())
    return output


def _flat(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    header, data = read_header(folder / "model.safetensors"), (folder / "model.safetensors").read_bytes()
    return {
        name: np.frombuffer(
            data[header.data_begin + entry.data_offsets[0] : header.data_begin + entry.data_offsets[1]], "<f4"
        )
        for name, entry in header.tensors.items()
    }


def _slow_obvious_model(folder: Path) -> Any:
    """The same model, filled in tensor by tensor from the definition of the layout."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = json.loads((folder / "config.json").read_text())
    config.pop("architectures", None)
    model = LlamaForCausalLM(LlamaConfig(**{**config, "tie_word_embeddings": False}))
    flat = _flat(folder)
    flat["lm_head.weight"] = flat["model.embed_tokens.weight"]
    state = {}
    for name, parameter in model.state_dict().items():
        values = torch.tensor(flat[name])
        if parameter.ndim == 1 or name in ("model.embed_tokens.weight", "lm_head.weight"):
            state[name] = values.reshape(parameter.shape)
        else:
            state[name] = values.reshape(parameter.shape[1], parameter.shape[0]).T.contiguous()
    model.load_state_dict(state)
    return model.eval()


def test_converted_model_has_the_logits_of_an_obviously_right_one(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(_convert(DEMO, tmp_path), dtype=torch.float32).eval()
    ids = torch.arange(64)[None] + 7
    with torch.inference_mode():
        assert torch.allclose(model(ids).logits, _slow_obvious_model(DEMO)(ids).logits, atol=1e-5)


def test_record_tells_the_tensors_the_assumptions_and_the_checks(tmp_path: Path) -> None:
    output = _convert(DEMO, tmp_path)
    record = read_record(record_path(output), Model)
    transformed = {tensor.name: tensor.transformation for tensor in record.tensors}
    assert record.layout == "entrenar-flat"
    assert transformed["model.layers.0.self_attn.q_proj.weight"] == "transpose"
    assert transformed["model.embed_tokens.weight"] == "copy"
    assert any("[in, out]" in assumption for assumption in record.assumptions)
    assert all(check.ok for check in record.checks)
    assert {file.path for file in record.files} == {path.name for path in output.iterdir()}


def test_noise_is_seen(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    path = folder / "model.safetensors"
    begin = read_header(path).data_begin
    noise = np.random.default_rng(0).normal(0, 0.5, (path.stat().st_size - begin) // 4).astype("<f4").tobytes()
    path.write_bytes(path.read_bytes()[:begin] + noise)
    output = _convert(folder, tmp_path)
    failed = [check.name for check in read_record(record_path(output), Model).checks if not check.ok]
    assert "better-than-chance" in failed


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_bfloat16_rounds_to_nearest_even_as_torch_does(values: list[float]) -> None:
    array = np.array(values, np.float32)
    expected = torch.tensor(array).to(torch.bfloat16).view(torch.int16).numpy().view(np.uint16)
    assert (round_to_bfloat16(array) == expected).all()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_other_dtypes_are_written_as_torch_casts_them(tmp_path: Path, dtype: str) -> None:
    from safetensors.torch import load_file

    written = load_file(_convert(DEMO, tmp_path, dtype) / "model.safetensors")
    for name, parameter in _slow_obvious_model(DEMO).state_dict().items():
        assert torch.equal(written[name], parameter.to(getattr(torch, dtype))), name


def _rewrite_header(folder: Path, change: Any) -> None:
    path = folder / "model.safetensors"
    data, begin = path.read_bytes(), read_header(path).data_begin
    header = json.loads(data[8:begin])
    text = change(header)
    text = text if isinstance(text, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[begin:])


def _edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def _damage(folder: Path, kind: str) -> None:
    weights = folder / "model.safetensors"
    first = "model.embed_tokens.weight"
    changes: dict[str, Any] = {
        "no weights": weights.unlink,
        "empty": lambda: weights.write_bytes(b""),
        "junk": lambda: weights.write_bytes(b"\x93NUMPY junk, not a model"),
        "pickle": lambda: weights.write_bytes(b"PK\x03\x04" + b"\0" * 100),
        "long header": lambda: weights.write_bytes((1 << 40).to_bytes(8, "little") + b"{}"),
        "truncated": lambda: weights.write_bytes(weights.read_bytes()[:-10]),
        "overlap": lambda: _rewrite_header(folder, lambda h: h[first].update(data_offsets=[0, 262152])),
        "negative": lambda: _rewrite_header(folder, lambda h: h[first].update(data_offsets=[-8, 8])),
        "doubled": lambda: _rewrite_header(folder, lambda _: b'{"a": {}, "a": {}}'),
        "2-D": lambda: _rewrite_header(folder, lambda h: h[first].update(shape=[512, 128])),
        "missing tensor": lambda: _rewrite_header(folder, lambda h: h.pop("model.norm.weight") and None),
        "no config": (folder / "config.json").unlink,
        "missing key": lambda: _edit_config(folder, rope_theta=None),
        "wrong shape": lambda: _edit_config(folder, intermediate_size=300),
        "wrong layers": lambda: _edit_config(folder, num_hidden_layers=3),
        "no tokenizer": (folder / "tokenizer.json").unlink,
        "bad tokenizer": lambda: (folder / "tokenizer.json").write_text("{}"),
    }
    changes[kind]()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("no weights", "there is no checkpoint at"),
        ("empty", "header of 0 bytes"),
        ("junk", "header of"),
        ("pickle", "header of"),
        ("long header", "header of 1099511627776 bytes"),
        ("truncated", "leaves the file"),
        ("overlap", "overlaps"),
        ("negative", "data_offsets"),
        ("doubled", "duplicate key 'a'"),
        ("2-D", "not 1-D F32"),
        ("missing tensor", "lacks model.norm.weight"),
        ("no config", "config.json"),
        ("missing key", "rope_theta"),
        ("wrong shape", "config.json calls for"),
        ("wrong layers", "model.layers.2."),
        ("no tokenizer", "tokenizer.json"),
        ("bad tokenizer", "not a readable tokenizer"),
    ],
)
def test_damage_is_named_and_leaves_nothing_behind(tmp_path: Path, kind: str, said: str) -> None:
    folder = _copy(tmp_path)
    _damage(folder, kind)
    with pytest.raises(CheckpointError) as caught:
        _convert(folder, tmp_path)
    assert said in str(caught.value)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_bad_number_is_named_with_its_tensor(tmp_path: Path, value: float) -> None:
    folder = _copy(tmp_path)
    path = folder / "model.safetensors"
    data, header = bytearray(path.read_bytes()), read_header(path)
    place = header.data_begin + header.tensors["model.embed_tokens.weight"].data_offsets[0] + 4 * 5
    data[place : place + 4] = np.float32(value).tobytes()
    path.write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match=r"model\.embed_tokens\.weight holds (nan|inf) at value 5"):
        _convert(folder, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint"]


def test_unknown_dtype_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'bfloat16'"):
        ConvertOptions(checkpoint=DEMO, output=tmp_path / "m", dtype="bfloat")


def test_converting_again_replaces_the_old_model(tmp_path: Path) -> None:
    output = _convert(DEMO, tmp_path)
    (output / "stale.txt").write_text("old")
    _convert(DEMO, tmp_path)
    assert not (output / "stale.txt").exists()
