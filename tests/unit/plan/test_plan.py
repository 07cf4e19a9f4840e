"""plan: everything is decided, and named, before an hour is spent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podium.config import read_config
from podium.errors import CheckpointError, UnknownNameError, UsageError
from podium.plan import PlanOptions, plan
from podium.plan.facts import facts_of
from podium.profiles import profile_named

ROOT = Path(__file__).resolve().parents[3]
CHECKPOINT = ROOT / "scripts" / "podium" / "demo" / "checkpoint"


def test_the_demos_release_is_a_submission() -> None:
    config = read_config(CHECKPOINT.parent / "podium.toml")
    record = plan(PlanOptions(tag="v1", checkpoint=CHECKPOINT), config)
    assert record.partial == []
    assert {task.task: len(task.problems) for task in record.tasks} == profile_named("demo").problems
    assert sum(job.samples for job in record.jobs if job.stage == "generate") == 640
    assert {file.path for file in record.checkpoint} == {
        "model.safetensors",
        "config.json",
        "golden.npz",
        "tokenizer.json",
    }


def test_tasks_that_could_not_be_executed_are_refused_before_anything_begins() -> None:
    options = PlanOptions(tag="v1", checkpoint=CHECKPOINT, tasks=("humaneval", "multiple-cs", "multiple-go"))
    with pytest.raises(UnknownNameError, match="no executor for the programs of multiple-cs, multiple-go") as caught:
        plan(options, read_config(ROOT / "podium.toml"))
    assert "--tasks" in caught.value.hint
    assert "humaneval" in caught.value.hint


def test_a_limited_run_is_planned_and_never_submitted(data_dir: Path) -> None:
    options = PlanOptions(
        tag="v1", checkpoint=CHECKPOINT, data_dir=data_dir, tasks=("humaneval",), limit=20, n_samples=5
    )
    record = plan(options, read_config(ROOT / "podium.toml"))
    assert "humaneval: 20 of 164 problems" in record.partial
    assert record.partial[1].startswith("missing: multiple-cpp, multiple-d")
    assert record.tasks[0].problems[-1] == "HumanEval/19"


def test_a_run_without_a_tag_says_so(data_dir: Path) -> None:
    options = PlanOptions(checkpoint=CHECKPOINT, data_dir=data_dir, tasks=("humaneval",))
    record = plan(options, read_config(ROOT / "podium.toml"))
    assert record.partial[0] == "it was run without a release tag"
    assert record.release.tag == "tryout"


def test_the_facts_name_each_stages_labels_and_a_tasks_shards(data_dir: Path) -> None:
    options = PlanOptions(tag="v1", checkpoint=CHECKPOINT, data_dir=data_dir, tasks=("humaneval",), limit=2)
    facts = facts_of(plan(options, read_config(ROOT / "podium.toml")))
    (task,) = facts["tasks"]["include"]
    assert facts["convert"] == ["ubuntu-latest"]
    assert task["task"] == "humaneval"
    assert task["execute"] == ["self-hosted", "Linux", "X64", "cpu"]
    assert json.loads(task["plan"]) == {
        "model": "ALBOR350M",
        "backend": "native",
        "dtype": "bfloat16",
        "samples": "50",
        "seed": "0",
        "limit": "2",
        "generate": ["self-hosted", "Linux", "X64", "gpu"],
        "execute": ["self-hosted", "Linux", "X64", "cpu"],
        "root": "",
        "shards": [{"shard": "1/1", "part": "1-of-1"}],
    }


def test_an_unknown_task_fails_before_data_is_read() -> None:
    options = PlanOptions(tag="v1", checkpoint=CHECKPOINT, tasks=("multiple-lu",))
    with pytest.raises(UnknownNameError, match="did you mean 'multiple-lua'"):
        plan(options, read_config(ROOT / "podium.toml"))


def test_a_missing_checkpoint_names_the_folder(tmp_path: Path) -> None:
    options = PlanOptions(tag="v1", checkpoint=tmp_path / "checkpoints" / "v1")
    with pytest.raises(CheckpointError, match="checkpoints/v1") as caught:
        plan(options, read_config(ROOT / "podium.toml"))
    assert "--checkpoint" in caught.value.hint


@pytest.mark.parametrize("tag", ["../x", "-x", "a b", "a/../b", ".hidden", "/etc"])
def test_a_tag_that_is_no_folder_name_is_refused(tag: str) -> None:
    with pytest.raises(UsageError, match="not a tag name"):
        PlanOptions(tag=tag, checkpoint=CHECKPOINT)
