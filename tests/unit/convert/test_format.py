"""What a format defines settles what the scores leave open, and no more; sound models of odd habits raise no alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.unit.convert.bad_models import FULL_HEADS, NO_POSITION, PLAIN, TIED_BIAS
from tests.unit.convert.layouts_on_disk import Form, adjacent, write_layout
from tests.unit.convert.released import logits_of
from tests.unit.convert.trained import FINAL_NORM, HEAD, token_ids, train

from podium.convert import ConvertOptions, convert, record_path
from podium.convert.golden_maker import GoldenOptions, make_golden
from podium.errors import UndeterminedError
from podium.progress import SilentProgress
from podium.records import Hypothesis, Model, read_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.convert.trained import TrainedModel, Weights

pytestmark = pytest.mark.slow

STOCK = Hypothesis(order="out_in", pairing="split", head="own_vh")


def _released(tmp_path: Path, model: TrainedModel) -> Path:
    return write_layout(tmp_path / "checkpoint", model, "huggingface", Form(order="out_in"))


def _edit(folder: Path, change: Callable[[str, torch.Tensor], torch.Tensor]) -> Path:
    path = folder / "model.safetensors"
    weights = {name: change(name, tensor).contiguous() for name, tensor in load_file(path).items()}
    save_file(weights, path, {"format": "pt"})
    return folder


def _convert(folder: Path, tmp_path: Path, dtype: str = "float32", **more: Any) -> Model:
    options = ConvertOptions(checkpoint=folder, output=tmp_path / "model", dtype=dtype, **more)
    convert(options, SilentProgress())
    return read_record(record_path(options.output), Model)


def _failing(record: Model) -> list[str]:
    return [check.name for check in record.checks if not check.ok]


def _blind(strength: float) -> TrainedModel:
    """A model that hardly looks at positions: every pairing is nearly the same function."""
    model = train(PLAIN)
    weights = {name: tensor * strength if "q_proj" in name else tensor for name, tensor in model.weights.items()}
    return msgspec.structs.replace(model, weights=weights)


@pytest.mark.parametrize("strength", [0.0, 0.02])
def test_where_scores_leave_the_pairing_open_the_format_says_it(tmp_path: Path, strength: float) -> None:
    record = _convert(_released(tmp_path, _blind(strength)), tmp_path)
    assert record.verdict.hypothesis == STOCK
    assert record.verdict.decided_by == "format"
    assert "defines pairing" in record.verdict.evidence
    assert _failing(record) == ["better-than-chance"]  # half of what it knew rested on positions


def test_the_format_says_nothing_of_a_file_that_breaks_its_other_definitions(tmp_path: Path) -> None:
    """Linear weights [in, out] under Hugging Face's labels: who wrote them may have paired as he liked, too."""

    def turned(name: str, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.T.contiguous().reshape(tensor.shape) if name.endswith("_proj.weight") else tensor

    folder = _edit(_released(tmp_path, _blind(0.02)), turned)
    with pytest.raises(UndeterminedError, match="the rotary pairing is open") as caught:
        _convert(folder, tmp_path)
    stated = caught.value.hint.partition("--assume ")[2].partition(",")[0]
    assert _convert(folder, tmp_path, assume=stated).verdict.assumed == ["pairing"]


def test_a_clear_score_against_the_format_is_followed_and_told(tmp_path: Path) -> None:
    def paired(name: str, tensor: torch.Tensor) -> torch.Tensor:
        return adjacent(tensor) if "q_proj" in name or "k_proj" in name else tensor

    folder = _edit(_released(tmp_path, train(PLAIN)), paired)
    record = _convert(folder, tmp_path)
    assert record.verdict.hypothesis.pairing == "adjacent"
    assert _failing(record) == ["position"]
    said = next(check.saw for check in record.checks if check.name == "position")
    assert "claims split" in said
    assert "pairing=adjacent" in said
    assert _failing(_convert(folder, tmp_path, assume="pairing=adjacent")) == []


def test_golden_logits_prove_another_pairing_than_the_formats(tmp_path: Path) -> None:
    model = train(NO_POSITION)
    claimed = msgspec.structs.replace(model, spec=msgspec.structs.replace(NO_POSITION, pairing="split"))
    folder, ids = _released(tmp_path, claimed), token_ids("held-out")[500:564]
    np.savez(folder / "golden.npz", ids=np.array(ids), logits=model.logits(ids).numpy())
    record = _convert(folder, tmp_path)
    assert (record.verdict.hypothesis.pairing, record.verdict.decided_by) == ("none", "golden")
    assert _failing(record) == []


@pytest.mark.parametrize("layout", ["huggingface", "entrenar-flat"])
def test_golden_logits_that_fit_every_pairing_leave_it_to_the_format(tmp_path: Path, layout: str) -> None:
    """Differences of exactly 0 as well: the golden logits of a directory come from the same arithmetic."""
    golden = GoldenOptions(model=_released(tmp_path, _blind(0.0)), output=tmp_path / "golden.npz")
    make_golden(golden)
    form = Form(order="out_in")
    folder = write_layout(tmp_path / "other", _blind(0.0), layout, form)
    if layout == "huggingface":
        record = _convert(folder, tmp_path, golden=golden.output)
        assert (record.verdict.hypothesis, record.verdict.decided_by) == (STOCK, "golden")
        return
    with pytest.raises(UndeterminedError, match="the golden logits fit two readings"):
        _convert(folder, tmp_path, golden=golden.output)


def test_an_assumption_that_golden_logits_deny_is_refused(tmp_path: Path) -> None:
    folder = _released(tmp_path, train(PLAIN))
    make_golden(GoldenOptions(model=folder, output=folder / "golden.npz"))
    with pytest.raises(UndeterminedError, match="what is assumed does not give the golden logits"):
        _convert(folder, tmp_path, assume="order=out_in,pairing=adjacent,head=own_vh")
    assumed = _convert(folder, tmp_path, assume="order=out_in,pairing=split,head=own_vh")
    assert assumed.verdict.decided_by == "golden"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("factor", [2.0, 8.0, 512.0])
def test_a_model_too_sure_of_itself_is_judged_by_what_it_predicts(tmp_path: Path, factor: float, dtype: str) -> None:
    model = train(PLAIN)
    folder = _edit(_released(tmp_path, model), lambda name, tensor: tensor * factor if name == HEAD else tensor)
    record = _convert(folder, tmp_path, dtype)
    assert record.verdict.hypothesis == STOCK
    assert record.verdict.decided_by == "perplexity"
    assert record.verdict.logit_scale <= 2 / factor
    assert _failing(record) == []
    ids = token_ids("held-out")[500:564]
    if dtype == "float32":
        torch.testing.assert_close(logits_of(tmp_path / "model", ids), model.logits(ids) * factor, rtol=1e-4, atol=0.01)


def test_norms_that_were_folded_into_the_next_layer_are_no_fault(tmp_path: Path) -> None:
    """Quantisers and pruners do so: every norm weight is exactly 1, in a model as good as before."""
    weights = dict(train(FULL_HEADS).weights)
    weights[HEAD] = weights[HEAD] * weights[FINAL_NORM]
    weights[FINAL_NORM] = torch.ones_like(weights[FINAL_NORM])
    for layer in range(FULL_HEADS.layers):
        prefix = f"model.layers.{layer}."
        _fold(weights, f"{prefix}input_layernorm.weight", [f"{prefix}self_attn.{part}_proj.weight" for part in "qkv"])
        _fold(
            weights,
            f"{prefix}post_attention_layernorm.weight",
            [f"{prefix}mlp.{p}_proj.weight" for p in ("gate", "up")],
        )
    record = _convert(_released(tmp_path, msgspec.structs.replace(train(FULL_HEADS), weights=weights)), tmp_path)
    assert _failing(record) == []
    assert "exactly 1" in next(check.saw for check in record.checks if check.name == "norms")


def _fold(weights: Weights, norm: str, linears: list[str]) -> None:
    for name in linears:
        weights[name] = weights[name] * weights[norm]
    weights[norm] = torch.ones_like(weights[norm])


def test_layers_that_began_as_copies_are_no_fault_where_they_learned(tmp_path: Path) -> None:
    """Blocks added to a trained model: a copy of the one below whose outputs begin at zero."""
    model = train(TIED_BIAS)
    spec = msgspec.structs.replace(TIED_BIAS, layers=3)
    added = {
        name.replace("layers.1.", "layers.2."): torch.zeros_like(tensor)
        if "o_proj" in name or "down_proj" in name
        else tensor
        for name, tensor in model.weights.items()
        if "layers.1." in name
    }
    grown = msgspec.structs.replace(model, spec=spec, weights={**model.weights, **added})
    record = _convert(_released(tmp_path, grown), tmp_path)
    assert _failing(record) == []
    assert "share weights or began as copies" in next(check.saw for check in record.checks if check.name == "layers")
