"""A real model through convert, generate and execute, where PODIUM_TEST_MODEL names its Hugging Face directory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.command import Podium

MODEL = os.environ.get("PODIUM_TEST_MODEL", "")
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = [
    pytest.mark.world,
    pytest.mark.slow,
    pytest.mark.skipif(not MODEL, reason="PODIUM_TEST_MODEL names no Hugging Face directory of a real model"),
]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_real_model_raises_no_alarm(podium: Podium, dtype: str) -> None:
    assert podium.start("convert", MODEL, "-o", "model", "--dtype", dtype).wait() == 0
    record = json.loads((podium.folder / "model.json").read_text())
    assert [f"{check['name']}: {check['saw']}" for check in record["checks"] if not check["ok"]] == []
    assert record["verdict"]["decided_by"] == "perplexity"
    assert record["verdict"]["logit_scale"] == 1


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the evaluation data is not at {DATA}")
def test_a_real_model_is_drawn_and_judged(podium: Podium) -> None:
    options = ("--task", "humaneval", "--data-dir", DATA, "--limit", "2")
    generations = "run/generations_real/generations_humaneval_real.json"
    for command in (
        ("convert", MODEL, "-o", "model"),
        ("generate", "model", "-o", "run", "--name", "real", "--n-samples", "5", *options),
        ("execute", generations, "-o", "run/verdicts/humaneval.jsonl", *options),
    ):
        assert podium.start(*command).wait() == 0, command
    texts = json.loads((podium.folder / generations).read_text())
    assert [len(of_problem) for of_problem in texts] == [5, 5]
    assert all(text.strip() for of_problem in texts for text in of_problem)
