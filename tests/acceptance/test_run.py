"""podium run on real data: generations, verdicts and metrics that follow from each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import CHECKPOINT, tree

if TYPE_CHECKING:
    from tests.acceptance.command import Podium

pytestmark = [pytest.mark.world, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


def test_twenty_real_problems_five_samples_each(podium: Podium, data_dir: Path) -> None:
    options = ("--data-dir", data_dir, "--tasks", "humaneval", "--limit", "20", "--n-samples", "5")
    said = podium("run", "--config", ROOT / "podium.toml", *options)
    assert said.code == 0, said.err
    assert "not a submission" in said.err
    run = podium.folder / "runs" / "tryout"
    assert said.out.strip() == "runs/tryout"
    generations = json.loads((run / "generations_ALBOR350M" / "generations_humaneval_ALBOR350M.json").read_text())
    assert [len(texts) for texts in generations] == [5] * 20

    again = podium("score", run / "verdicts" / "humaneval.jsonl", "-o", "again.json")
    assert again.code == 0, again.err
    metrics = json.loads((run / "metrics_ALBOR350M" / "metrics_humaneval_ALBOR350M.json").read_text())
    assert json.loads((podium.folder / "again.json").read_text())["humaneval"] == metrics["humaneval"]
    assert podium("validate", run).code == 0

    refused = podium("submit", run, "--config", ROOT / "podium.toml", PODIUM_FORK_TOKEN="unused")
    assert refused.code == 3
    assert "20 of 164" in refused.err


def test_environment_variables_are_options(podium: Podium) -> None:
    podium.write_config()
    said = podium("run", "--tag", "v1", PODIUM_RUN_TASKS="demo-sh", PODIUM_RUN_LIMIT="2", PODIUM_RUN_N_SAMPLES="1")
    assert said.code == 0, said.err
    samples = (podium.folder / "runs" / "v1" / "samples" / "demo-sh.1-of-1.jsonl").read_text().splitlines()
    assert len(samples) == 3


def test_stage_commands_give_the_same_bytes_as_run(podium: Podium) -> None:
    podium.write_config()
    assert podium("run", "--tag", "v1", "--tasks", "demo-pl", "--n-samples", "3").code == 0
    steps: list[tuple[str | Path, ...]] = [
        ("plan", "--tag", "v1", "--tasks", "demo-pl", "-o", "parts/plan.json"),
        ("convert", CHECKPOINT, "-o", "parts/model", "--dtype", "float32"),
        ("generate", "parts/model", "--task", "demo-pl", "-o", "parts", "--name", "Small", "--n-samples", "3"),
        ("execute", "parts/generations_Small/generations_demo-pl_Small.json", "--task", "demo-pl", "-o",
         "parts/verdicts/demo-pl.jsonl"),
        ("score", "--run-dir", "parts"),
        ("validate", "parts", "--output", "parts/findings.json"),
        ("report", "parts"),
    ]  # fmt: skip
    for step in steps:
        said = podium(*step)
        assert said.code == 0, (step, said.err)
    run, parts = podium.folder / "runs" / "v1", podium.folder / "parts"
    assert tree(run / "submission") == tree(parts / "submission")
    assert podium("validate", parts).code == 0


def test_a_second_run_says_that_nothing_is_to_do_and_changes_nothing(podium: Podium) -> None:
    podium.write_config()
    command = ("run", "--tag", "v1", "--tasks", "demo-sh", "--limit", "2")
    assert podium(*command).code == 0
    before = {path: path.stat().st_mtime_ns for path in podium.folder.rglob("*") if path.is_file()}
    said = podium(*command)
    assert said.code == 0
    assert "nothing to do" in said.err
    after = {path: path.stat().st_mtime_ns for path in podium.folder.rglob("*") if path.is_file()}
    assert before == after
