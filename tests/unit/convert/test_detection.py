"""Detection: every layout, order, pairing, head and bias gives the right verdict and the source model's own logits."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from tests.unit.convert.adapters import adapted, make_adapter, write_delta, write_peft
from tests.unit.convert.bad_models import FULL_HEADS, NO_POSITION, PLAIN, REINTERPRETED, TIED_BIAS
from tests.unit.convert.layouts_on_disk import Form, write_layout
from tests.unit.convert.trained import VOCABULARY, token_ids, train

from podium.convert import ConvertOptions, convert, record_path
from podium.convert.adapter import Base, weights_sha256
from podium.convert.containers import open_container
from podium.errors import CheckpointError, UndeterminedError, UsageError
from podium.progress import SilentProgress
from podium.records import Hypothesis, Model, read_record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.convert.trained import Spec, TrainedModel

pytestmark = pytest.mark.slow


def _forms(**more: Any) -> list[Form]:
    return [
        Form(order="in_out", pairing="split", **more),
        Form(order="in_out", pairing="adjacent", **more),
        Form(order="out_in", pairing="split", **more),
        Form(order="out_in", pairing="adjacent", **more),
    ]


CASES: list[tuple[Spec, str, Form]] = [
    *((PLAIN, "entrenar-flat", form) for form in _forms()),
    *((TIED_BIAS, "entrenar-flat", form) for form in _forms()),
    *((PLAIN, "entrenar-labelled", form) for form in _forms()),
    *((TIED_BIAS, "apr", form) for form in _forms(optimizer_state=True)),
    *((FULL_HEADS, "apr", form) for form in _forms()),
    (REINTERPRETED, "entrenar-flat", Form()),
    (REINTERPRETED, "apr", Form(pairing="adjacent")),
    (REINTERPRETED, "albor-converted", Form()),
    (PLAIN, "entrenar-flat", Form(head="own_vh")),
    (PLAIN, "entrenar-labelled", Form(order="out_in", pairing="adjacent", head="own_hv")),
    (PLAIN, "albor-converted", Form(pairing="adjacent")),
    (TIED_BIAS, "albor-converted", Form()),
    (NO_POSITION, "entrenar-flat", Form()),
    (NO_POSITION, "apr", Form(order="out_in")),
    (PLAIN, "huggingface", Form(order="out_in")),
    (TIED_BIAS, "huggingface", Form(order="out_in")),
    (FULL_HEADS, "huggingface", Form(order="out_in", shard_bytes=200_000)),
    (FULL_HEADS, "apr", Form(pairing="adjacent", dtype="BF16")),
    (PLAIN, "apr", Form(pairing="adjacent", dtype="F16")),
]


def _name(value: Any) -> str:
    if isinstance(value, Form):
        return f"{value.order}-{value.pairing}-{value.head.replace(' ', '_')}-{value.dtype}"
    return str(value) if isinstance(value, str) else f"{value.pairing}-{value.head}-bias{value.bias}-kv{value.kv_heads}"


def _expected(spec: Spec, layout: str, form: Form) -> Hypothesis:
    pairing = "none" if spec.pairing == "none" else "split" if layout == "huggingface" else form.pairing
    if layout in ("albor-converted", "huggingface"):
        order, head = "out_in", _head_of_exports(spec, layout)
    else:
        own = "own_hv" if form.order == "in_out" else "own_vh"
        given = form.head if form.head != "as the order" else own
        order, head = form.order, given if spec.head == "untied" else spec.head
    return Hypothesis(order=order, pairing=pairing, head=head)  # type: ignore[arg-type]


def _head_of_exports(spec: Spec, layout: str) -> str:
    """albor's script leaves a head's bytes as they were, and copies the embedding where there is no head."""
    if layout == "huggingface":
        return "tied" if spec.head == "tied" else "own_vh"
    return "own_vh" if spec.head == "tied" else "own_hv"


def _convert(folder: Path, output: Path, **more: Any) -> Model:
    convert(ConvertOptions(checkpoint=folder, output=output, dtype="float32", **more), SilentProgress())
    return read_record(record_path(output), Model)


def _ids() -> list[int]:
    return token_ids("held-out")[500:564]


def _difference(output: Path, model: TrainedModel) -> float:
    from transformers import AutoModelForCausalLM

    loaded: Any = AutoModelForCausalLM.from_pretrained(output, dtype=torch.float32)
    with torch.inference_mode():
        return float((loaded.eval()(torch.tensor([_ids()])).logits[0] - model.logits(_ids())).abs().max())


@pytest.mark.parametrize(
    ("spec", "layout", "form"),
    [case if rank % 3 == 0 else pytest.param(*case, marks=pytest.mark.exhaustive) for rank, case in enumerate(CASES)],
    ids=_name,
)
def test_the_right_reading_is_found_and_computes_the_source_function(
    tmp_path: Path, spec: Spec, layout: str, form: Form
) -> None:
    model = train(spec)
    folder = write_layout(tmp_path / "checkpoint", model, layout, form)
    record = _convert(folder, tmp_path / "model")
    assert record.verdict.hypothesis == _expected(spec, layout, form)
    assert record.verdict.decided_by == "perplexity"
    assert [check.name for check in record.checks if not check.ok] == []
    if form.dtype == "F32":
        assert _difference(tmp_path / "model", model) < 1e-5


def test_there_are_enough_cases() -> None:
    assert len({(_name(spec), layout, _name(form)) for spec, layout, form in CASES}) >= 24


@pytest.mark.parametrize("layout", ["entrenar-flat", "apr", "huggingface"])
def test_a_peft_adapter_is_merged_in_its_bases_own_orientation(tmp_path: Path, layout: str) -> None:
    model = train(PLAIN)
    form = Form(order="out_in") if layout == "huggingface" else Form()
    base = write_layout(tmp_path / "base", model, layout, form)
    adapter = make_adapter(model, targets=("q_proj", "v_proj", "down_proj"))
    folder = write_peft(tmp_path / "adapter", adapter, base)
    digest = weights_sha256(open_container(base))
    record = _convert(folder, tmp_path / "model", base=Base(checkpoint=base, sha256=digest))
    assert record.layout == f"peft over {layout}"
    assert _difference(tmp_path / "model", adapted(model, adapter)) < 1e-4
    assert record.parity["max_logit_difference"] < 1e-4
    changed = {tensor.name for tensor in record.tensors if "add_lora" in tensor.transformation}
    assert changed == set(adapter.a)


@pytest.mark.parametrize("form", _forms(), ids=_name)
def test_a_delta_checkpoint_is_merged_before_its_rows_are_turned(tmp_path: Path, form: Form) -> None:
    model = train(PLAIN)
    base = write_layout(tmp_path / "base", model, "apr", form)
    adapter = make_adapter(model)
    folder = write_delta(tmp_path / "delta", model, adapter, form)
    digest = weights_sha256(open_container(base))
    _convert(folder, tmp_path / "model", base=Base(checkpoint=base, sha256=digest))
    assert _difference(tmp_path / "model", adapted(model, adapter)) < 1e-4


def test_an_adapter_wants_its_base_and_the_bases_digest(tmp_path: Path) -> None:
    model = train(PLAIN)
    base = write_layout(tmp_path / "base", model, "entrenar-flat", Form())
    folder = write_peft(tmp_path / "adapter", make_adapter(model), base)
    digest = weights_sha256(open_container(base))
    with pytest.raises(UsageError, match="alone it is no model") as caught:
        _convert(folder, tmp_path / "model")
    assert "--base" in caught.value.hint
    with pytest.raises(UsageError, match="is not pinned") as caught:
        _convert(folder, tmp_path / "model", base=Base(checkpoint=base))
    assert digest in caught.value.hint
    with pytest.raises(CheckpointError, match=f"has digest {digest}, not 00"):
        _convert(folder, tmp_path / "model", base=Base(checkpoint=base, sha256="0" * 64))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"use_dora": True}, "use_dora True is not supported"),
        ({"bias": "all"}, "bias 'all' is not supported"),
        ({"peft_type": "IA3"}, "type IA3"),
        ({"r": 0}, r"\$\.r"),
        ({"lora_alpha": None}, "does not say lora_alpha"),
        ({"r": 5}, "does not fit the base"),
    ],
)
def test_other_adapters_are_refused_by_name(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    model = train(PLAIN)
    base = write_layout(tmp_path / "base", model, "entrenar-flat", Form())
    folder = write_peft(tmp_path / "adapter", make_adapter(model), base, **change)
    with pytest.raises(CheckpointError, match=said):
        _convert(folder, tmp_path / "model", base=Base(checkpoint=base, sha256=weights_sha256(open_container(base))))


def _write_golden(path: Path, model: TrainedModel, **changes: Any) -> Path:
    ids = np.array(_ids())
    positions = np.array([0, 20, 63])
    logits = model.logits(_ids())[positions].numpy()
    np.savez(path, **{"ids": ids, "positions": positions, "logits": logits, **changes})
    return path


@pytest.mark.parametrize("form", _forms(), ids=_name)
def test_golden_logits_decide_and_say_how_far_the_next_reading_is(tmp_path: Path, form: Form) -> None:
    model = train(TIED_BIAS)
    folder = write_layout(tmp_path / "checkpoint", model, "apr", form)
    _write_golden(folder / "golden.npz", model)
    verdict = _convert(folder, tmp_path / "model").verdict
    assert verdict.decided_by == "golden"
    assert verdict.hypothesis == _expected(TIED_BIAS, "apr", form)
    best, second = (trial.golden_difference for trial in verdict.trials[:2])
    assert best is not None
    assert second is not None
    assert best < 1e-4 < 0.01 < second


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ids": np.arange(8)}, "it has 8 ids"),
        ({"ids": np.full(64, VOCABULARY)}, "ids outside the vocabulary"),
        ({"ids": np.linspace(0, 1, 64)}, "not whole numbers"),
        ({"positions": np.array([0, 1, 2])}, "no logits after position 16"),
        ({"positions": np.array([0, 1, 64])}, "positions outside its ids"),
        ({"logits": np.zeros((3, 5), np.float32)}, "its logits are"),
        ({"logits": np.full((3, VOCABULARY), np.nan, np.float32)}, "not finite"),
        ({"logits": np.array([{}], dtype=object)}, "holds no golden logits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_golden_logits_are_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    model = train(PLAIN)
    folder = write_layout(tmp_path / "checkpoint", model, "entrenar-flat", Form())
    golden = _write_golden(tmp_path / "other.npz", model, **changes)
    with pytest.raises(CheckpointError, match=said) as caught:
        _convert(folder, tmp_path / "model", golden=golden)
    assert "numpy.savez" in caught.value.hint


@pytest.mark.parametrize("strength", [0.0, 0.02])
def test_a_model_that_hardly_looks_at_positions_leaves_the_pairing_open(tmp_path: Path, strength: float) -> None:
    """With queries near zero every pairing is nearly the same function: no reading may win."""
    import msgspec

    model = train(PLAIN)
    weights = {name: t * strength if "q_proj" in name else t for name, t in model.weights.items()}
    folder = write_layout(
        tmp_path / "checkpoint", msgspec.structs.replace(model, weights=weights), "entrenar-flat", Form()
    )
    with pytest.raises(UndeterminedError, match=r"pairing is open|no reading predicts"):
        _convert(folder, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_golden_logits_that_fit_several_readings_leave_them_open(tmp_path: Path) -> None:
    """Golden logits of position-free weights fit several readings: undetermined, with the table of all of them."""
    import msgspec

    model = train(PLAIN)
    weights = {name: torch.zeros_like(t) if "q_proj" in name else t for name, t in model.weights.items()}
    blind = msgspec.structs.replace(model, weights=weights)
    folder = write_layout(tmp_path / "checkpoint", blind, "entrenar-flat", Form())
    golden = _write_golden(tmp_path / "golden.npz", blind)
    with pytest.raises(UndeterminedError, match="the golden logits fit two readings") as caught:
        _convert(folder, tmp_path / "model", golden=golden)
    assert str(caught.value).count("own_hv") >= 6


EOS_ID = 2
FRESH = """
import sys, warnings
warnings.simplefilter("error")
from transformers import AutoModelForCausalLM, AutoTokenizer
import torch
torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
ids = tokenizer("def count(values):\\n    ", return_tensors="pt")
out = model.generate(**ids, max_new_tokens=24, do_sample=False)
print(tokenizer.decode(out[0]), end="")
"""


@pytest.mark.world
@pytest.mark.parametrize("spec", [PLAIN, TIED_BIAS, NO_POSITION], ids=_name)
def test_a_fresh_process_loads_it_without_a_word_and_continues_as_the_source(tmp_path: Path, spec: Spec) -> None:
    from tokenizers import Tokenizer

    model = train(spec)
    _convert(write_layout(tmp_path / "checkpoint", model, "apr", Form(pairing="adjacent")), tmp_path / "model")
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    tokenizer = Tokenizer.from_str(model.tokenizer)
    ids = tokenizer.encode("def count(values):\n    ").ids
    for _ in range(24):
        ids.append(int(model.logits(ids)[-1].argmax()))
        if ids[-1] == EOS_ID:
            break
    assert done.stdout == tokenizer.decode(ids, skip_special_tokens=False)
    assert [line for line in done.stderr.splitlines() if "Loading weights" not in line] == []
