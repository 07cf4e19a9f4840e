"""The writers of checkpoint layouts: what lies on disk, read by its layout's definition, is the source function."""

from __future__ import annotations

import functools
import itertools
import json
import struct
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tests.unit.convert.adapters import adapted, make_adapter, write_delta, write_peft
from tests.unit.convert.bad_models import HEALTHY, NO_POSITION, PLAIN, REINTERPRETED, TIED_BIAS
from tests.unit.convert.layouts_on_disk import Form, write_layout
from tests.unit.convert.trained import (
    EMBEDDING,
    FFN,
    HEAD,
    HEAD_WIDTH,
    HIDDEN,
    VOCABULARY,
    Spec,
    TrainedModel,
    Weights,
    forward,
    token_ids,
    train,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@functools.cache
def _ids() -> list[int]:
    return token_ids("held-out")[500:564]


APR_DTYPES = {0: torch.float32, 1: torch.float16, 30: torch.bfloat16}
IN_FEATURES = {"o_proj": HIDDEN, "down_proj": FFN}


def _read(path: Path) -> Weights:
    if path.suffix == ".apr":
        return _read_apr(path.read_bytes())
    return {name: tensor.float() for name, tensor in load_file(path).items()}


def _read_apr(data: bytes) -> Weights:
    """By the definition of the format: u16 name length, name, u8 dtype, u8 ndim, u64 dims, u64 offset, u64 size."""
    count, _, _, at, begin = struct.unpack_from("<IQIQQ", data, 8)
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        dtype, ndim = data[at + 2 + length], data[at + 3 + length]
        *shape, offset, size = struct.unpack_from(f"<{ndim + 2}Q", data, at + 4 + length)
        at += 4 + length + 8 * (ndim + 2)
        values = torch.frombuffer(bytearray(data[begin + offset : begin + offset + size]), dtype=APR_DTYPES[dtype])
        tensors[name] = values.float().reshape(shape)
    return tensors


def _linear(flat: torch.Tensor, module: str, order: str) -> torch.Tensor:
    """By the definition of the two byte orders."""
    width = IN_FEATURES.get(module, HIDDEN)
    return flat.reshape(width, -1).T if order == "in_out" else flat.reshape(-1, width)


def _logits(model: TrainedModel, stored: Weights, form: Form) -> torch.Tensor:
    """The function of a file's flat values, its labels ignored."""
    weights = {name: tensor.reshape(-1) for name, tensor in stored.items() if not name.startswith("__training__")}
    for name in [name for name in weights if name.endswith("_proj.weight")]:
        weights[name] = _linear(weights[name], name.split(".")[-2], form.order)
    weights[EMBEDDING] = weights[EMBEDDING].reshape(VOCABULARY, HIDDEN)
    if HEAD in weights:
        is_vh = form.head == "own_vh" or (form.head == "as the order" and form.order == "out_in")
        head = weights[HEAD]
        weights[HEAD] = head.reshape(VOCABULARY, HIDDEN) if is_vh else head.reshape(HIDDEN, VOCABULARY).T
    spec = msgspec.structs.replace(model.spec, head="untied") if HEAD in weights else model.spec
    pairing = "none" if model.spec.pairing == "none" else form.pairing
    return forward(spec, weights, torch.tensor([_ids()]), pairing)[0]


FORMS = [
    Form(order=order, pairing=pairing, head=head)  # type: ignore[arg-type]
    for order, pairing, head in itertools.product(("in_out", "out_in"), ("split", "adjacent"), ("own_hv", "own_vh"))
]


@pytest.mark.parametrize("layout", ["entrenar-flat", "entrenar-labelled", "apr"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.order} {form.pairing} {form.head}")
def test_every_order_of_the_bytes_is_the_same_function(tmp_path: Path, layout: str, form: Form) -> None:
    model = train(PLAIN)
    folder = write_layout(tmp_path, model, layout, form)
    (path,) = [*folder.glob("*.safetensors"), *folder.glob("*.apr")]
    assert torch.allclose(_logits(model, _read(path), form), model.logits(_ids()), atol=1e-5)


@pytest.mark.parametrize("spec", [TIED_BIAS, NO_POSITION, REINTERPRETED], ids=["tied bias", "none", "reinterpreted"])
def test_models_of_every_kind_come_back(tmp_path: Path, spec: Spec) -> None:
    model, form = train(spec), Form(pairing="adjacent", optimizer_state=True)
    path = write_layout(tmp_path, model, "apr", form) / "model-best.apr"
    stored = _read(path)
    assert any(name.startswith("__training__.block_optimizer.1.v.w_gate") for name in stored)
    assert torch.allclose(_logits(model, stored, form), model.logits(_ids()), atol=1e-5)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_narrow_dtypes_round_once(tmp_path: Path, dtype: str) -> None:
    model = train(PLAIN)
    kinds = {"F16": torch.float16, "BF16": torch.bfloat16}
    form = Form(order="out_in", dtype=dtype)  # type: ignore[arg-type]
    for layout, name in (("apr", "model-best.apr"), ("entrenar-flat", "model.safetensors")):
        stored = _read(write_layout(tmp_path / layout, model, layout, form) / name)
        for key, tensor in model.weights.items():
            assert torch.equal(stored[key].reshape(tensor.shape), tensor.to(kinds[dtype]).float()), (layout, key)


def test_flat_files_have_flat_shapes_and_no_format_key(tmp_path: Path) -> None:
    path = write_layout(tmp_path, train(PLAIN), "entrenar-flat") / "model.safetensors"
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"name": "entrenar-model", "architecture": "llama", "version": "0.1.0"}
        assert {len(file.get_slice(name).get_shape()) for name in file.keys()} == {1}  # noqa: SIM118 (not a mapping)


def test_labels_say_out_in_whatever_the_bytes_are(tmp_path: Path) -> None:
    shapes = {}
    for order in ("in_out", "out_in"):
        folder = write_layout(tmp_path / order, train(TIED_BIAS), "entrenar-labelled", Form(order=order))
        shapes[order] = {name: tuple(x.shape) for name, x in load_file(folder / "model.safetensors").items()}
    assert shapes["in_out"] == shapes["out_in"]
    assert shapes["in_out"]["model.layers.0.mlp.gate_proj.weight"] == (FFN, HIDDEN)
    assert shapes["in_out"]["model.layers.0.mlp.down_proj.weight"] == (HIDDEN, FFN)
    assert shapes["in_out"]["model.layers.0.self_attn.k_proj.weight"] == (2 * HEAD_WIDTH, HIDDEN)
    assert shapes["in_out"]["model.layers.0.self_attn.q_proj.bias"] == (HIDDEN,)


def test_old_trainers_labelled_some_biases_as_matrices(tmp_path: Path) -> None:
    path = write_layout(tmp_path, train(TIED_BIAS), "entrenar-labelled", Form(bias_matrices=True))
    tensors = load_file(path / "model.safetensors")
    assert tensors["model.layers.0.self_attn.q_proj.bias"].shape == (1, HIDDEN)
    assert tensors["model.layers.0.self_attn.k_proj.bias"].shape == (2 * HEAD_WIDTH,)


def test_converted_files_have_right_projections_and_the_head_of_the_wrong_bytes(tmp_path: Path) -> None:
    model = train(PLAIN)
    tensors = load_file(write_layout(tmp_path, model, "albor-converted") / "model.safetensors")
    for name, tensor in model.weights.items():
        if name != HEAD:
            assert torch.equal(tensors[name], tensor), name
    assert tensors[HEAD].shape == (VOCABULARY, HIDDEN)
    assert torch.equal(tensors[HEAD].reshape(HIDDEN, VOCABULARY).T, model.weights[HEAD])


def test_converted_files_of_a_model_without_head_copy_the_embedding(tmp_path: Path) -> None:
    tensors = load_file(write_layout(tmp_path, train(REINTERPRETED), "albor-converted") / "model.safetensors")
    assert torch.equal(tensors[HEAD], tensors[EMBEDDING])


@pytest.mark.parametrize("shard_bytes", [None, 200_000])
@pytest.mark.parametrize("spec", [PLAIN, TIED_BIAS, NO_POSITION, REINTERPRETED], ids=lambda s: f"{s.pairing} {s.head}")
def test_hugging_face_files_load_as_the_source_function(tmp_path: Path, spec: Spec, shard_bytes: int | None) -> None:
    from transformers import AutoModelForCausalLM

    model = train(spec)
    write_layout(tmp_path, model, "huggingface", Form(shard_bytes=shard_bytes))
    assert (len(list(tmp_path.glob("*.safetensors"))) > 1) == (shard_bytes is not None)
    network = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    with torch.inference_mode():
        assert torch.allclose(network(torch.tensor([_ids()])).logits[0], model.logits(_ids()), atol=1e-5)


def _merged(model: TrainedModel, factors: dict[str, tuple[torch.Tensor, torch.Tensor]], scale: float) -> torch.Tensor:
    weights = {
        name: w + scale * (factors[name][1] @ factors[name][0]) if name in factors else w
        for name, w in model.weights.items()
    }
    return forward(model.spec, weights, torch.tensor([_ids()]), model.spec.pairing)[0]


def test_peft_files_hold_the_adapter(tmp_path: Path) -> None:
    model = train(PLAIN)
    adapter = make_adapter(model, ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"))
    folder = write_peft(tmp_path, adapter, tmp_path / "base")
    tensors = load_file(folder / "adapter_model.safetensors")
    config: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text())
    factors = {
        name: tuple(tensors[f"base_model.model.{name[:-7]}.lora_{kind}.weight"] for kind in "AB")
        for name in model.weights
        if name.endswith("_proj.weight")
    }
    logits = _merged(model, factors, config["lora_alpha"] / config["r"])
    assert torch.allclose(logits, adapted(model, adapter).logits(_ids()), atol=1e-5)
    assert (logits - model.logits(_ids())).abs().max() > 0.5


@pytest.mark.parametrize("order", ["in_out", "out_in"])
def test_delta_checkpoints_hold_the_adapter_and_no_projection(tmp_path: Path, order: str) -> None:
    model = train(PLAIN)
    adapter = make_adapter(model)
    form = Form(order=order)  # type: ignore[arg-type]
    stored = _read(write_delta(tmp_path, model, adapter, form) / "model-best.apr")
    assert not any("_proj.weight" in name for name in stored)
    factors = {}
    for layer, module in itertools.product(range(model.spec.layers), ("q_proj", "v_proj")):
        a, b = (stored[f"lora.{layer}.{module}.lora_{kind}"] for kind in "ab")
        factors[f"model.layers.{layer}.self_attn.{module}.weight"] = (
            (a.reshape(HIDDEN, -1).T, b.reshape(adapter.rank, -1).T)
            if order == "in_out"
            else (a.reshape(-1, HIDDEN), b.reshape(-1, adapter.rank))
        )
    scale = adapter.alpha / adapter.rank
    assert torch.allclose(_merged(model, factors, scale), adapted(model, adapter).logits(_ids()), atol=1e-5)


def test_there_are_ten_healthy_checkpoints_or_more(tmp_path: Path) -> None:
    assert len(HEALTHY) >= 10
    for name, spec, layout, form in HEALTHY:
        folder = write_layout(tmp_path / name, train(spec), layout, form)
        assert (folder / "tokenizer.json").is_file(), name
