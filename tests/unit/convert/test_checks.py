"""The release gate on files: each bad model is caught by its own check, healthy ones raise none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.convert.bad_models import BAD, HEALTHY, PLAIN
from tests.unit.convert.layouts_on_disk import Form, write_layout
from tests.unit.convert.trained import train

from podium.convert import ConvertOptions, convert
from podium.convert.checks.log import check_log
from podium.errors import CheckpointError
from podium.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from podium.records import Model

pytestmark = pytest.mark.slow


def _convert(folder: Path, output: Path, **more: Any) -> Model:
    return convert(ConvertOptions(checkpoint=folder, output=output, dtype="float32", **more), SilentProgress())


def _bad(tmp_path: Path, name: str, layout: str = "entrenar-flat") -> Path:
    form = Form(order="out_in") if layout == "huggingface" else Form()
    return write_layout(tmp_path / "checkpoint", BAD[name](), layout, form)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("untrained", "exactly 1, as before training"),
        ("no mask", "the model looks ahead"),
        ("foreign head", "the head that was trained is not in the file"),
        ("random head", "the head that was trained is not in the file"),
        ("permuted tokenizer", "the tokenizer is not the model's"),
        ("NaN row", r"embed_tokens.weight holds nan at value 19200 \(row 300\)"),
        ("at chance", "not the trained weights"),
    ],
)
def test_what_is_no_model_is_refused_for_its_own_reason(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(CheckpointError, match=said) as caught:
        _convert(_bad(tmp_path, name), tmp_path / "model")
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("name", "layout", "check"),
    [
        ("dead layers", "entrenar-flat", "layers"),
        ("norms only decayed", "entrenar-flat", "norms"),
        ("no position", "huggingface", "position"),
    ],
)
def test_what_is_a_model_but_a_bad_one_fails_its_own_check(tmp_path: Path, name: str, layout: str, check: str) -> None:
    record = _convert(_bad(tmp_path, name, layout), tmp_path / "model")
    assert check in [seen.name for seen in record.checks if not seen.ok]


def test_missing_positions_may_be_meant(tmp_path: Path) -> None:
    record = _convert(_bad(tmp_path, "no position", "huggingface"), tmp_path / "model", assume="pairing=none")
    assert [seen.name for seen in record.checks if not seen.ok] == []


@pytest.mark.parametrize(("name", "spec", "layout", "form"), HEALTHY, ids=[case[0] for case in HEALTHY])
def test_a_healthy_model_raises_no_alarm(tmp_path: Path, name: str, spec: Any, layout: str, form: Form) -> None:
    record = _convert(write_layout(tmp_path / "checkpoint", train(spec), layout, form), tmp_path / "model")
    assert [f"{check.name}: {check.saw}" for check in record.checks if not check.ok] == []


def _log(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("rows", "ok", "said"),
    [
        ([{"step": 1, "loss": 4.0}, {"step": 2, "val_loss": 3.9}], True, "last val_loss 3.9000"),
        ([{"step": 1, "loss": 4.0}, {"step": 2, "loss": 0.0}], False, "exactly 0"),
        ([{"step": 1, "val_loss": 0.1}], False, "far better than this model is"),
    ],
)
def test_the_training_log_is_held_against_the_model(
    tmp_path: Path, rows: list[dict[str, Any]], ok: bool, said: str
) -> None:
    check = check_log(_log(tmp_path / "train.jsonl", rows), 4.2)
    assert check.ok is ok
    assert said in check.saw


@pytest.mark.parametrize("text", ["", "{}\n", "not json\n", '{"loss": NaN}\n'])
def test_a_log_without_losses_is_an_error_with_a_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / "train.jsonl").write_text(text)
    with pytest.raises(CheckpointError) as caught:
        check_log(tmp_path / "train.jsonl", 4.2)
    assert "--log" in caught.value.hint


def test_a_log_given_becomes_a_check_of_the_record(tmp_path: Path) -> None:
    folder = write_layout(tmp_path / "checkpoint", train(PLAIN), "entrenar-flat", Form())
    record = _convert(folder, tmp_path / "model", log=_log(tmp_path / "train.jsonl", [{"loss": 3.0}]))
    assert record.checks[-1].name == "training-log"
