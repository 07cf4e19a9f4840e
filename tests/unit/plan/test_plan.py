"""plan: everything is decided, and named, before an hour is spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.config import read_config
from podium.errors import CheckpointError, UnknownNameError, UsageError
from podium.plan import PlanOptions, matrix, plan
from podium.protocol import BIGCODE_PROBLEMS

ROOT = Path(__file__).resolve().parents[3]
CHECKPOINT = ROOT / "scripts" / "podium" / "demo" / "checkpoint"


def test_a_release_of_all_tasks_is_a_submission(data_dir: Path) -> None:
    record = plan(PlanOptions(tag="v1", checkpoint=CHECKPOINT, data_dir=data_dir), read_config(ROOT / "podium.toml"))
    assert record.partial == []
    assert {task.task: len(task.problems) for task in record.tasks} == BIGCODE_PROBLEMS
    assert sum(job.samples for job in record.jobs if job.stage == "generate") == 95_850
    assert {file.path for file in record.checkpoint} == {"model.safetensors", "config.json", "tokenizer.json"}


def test_a_limited_run_is_planned_and_never_submitted(data_dir: Path) -> None:
    options = PlanOptions(
        tag="v1", checkpoint=CHECKPOINT, data_dir=data_dir, tasks=("humaneval",), limit=20, n_samples=5
    )
    record = plan(options, read_config(ROOT / "podium.toml"))
    assert "humaneval: 20 of 164 problems" in record.partial
    assert record.partial[1].startswith("missing: multiple-cpp, multiple-d")
    assert record.tasks[0].problems[-1] == "HumanEval/19"


def test_a_run_without_a_tag_says_so(data_dir: Path) -> None:
    record = plan(PlanOptions(checkpoint=CHECKPOINT, data_dir=data_dir), read_config(ROOT / "podium.toml"))
    assert record.partial == ["it was run without a release tag"]
    assert record.release.tag == "tryout"


def test_the_matrix_has_one_job_a_task_with_its_labels(data_dir: Path) -> None:
    options = PlanOptions(tag="v1", checkpoint=CHECKPOINT, data_dir=data_dir, tasks=("humaneval",), limit=2)
    record = plan(options, read_config(ROOT / "podium.toml"))
    assert matrix(record, "generate")["include"] == [
        {
            "task": "humaneval",
            "runs-on": ["self-hosted", "Linux", "X64", "gpu"],
            "name": "ALBOR350M",
            "backend": "transformers",
            "n-samples": "50",
            "seed": "0",
            "limit": "2",
        }
    ]


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
