"""The workflows run from one end to the other with the real commands: every path, artifact and output name meets."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.actions.documents import REPOSITORY
from tests.actions.runner import COMMIT, Job, Runner, StepFailedError

from podium.records import Plan, Scores, Submission, Throughput, read_record

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOWS = REPOSITORY / ".github" / "workflows"
DEMO_CONFIG = REPOSITORY / "tests" / "actions" / "demo.toml"
CHECKPOINT = REPOSITORY / "scripts" / "podium" / "demo" / "checkpoint"


@pytest.fixture
def model_repository(tmp_path: Path) -> Path:
    """A model's repository: podium.toml, and the demo's checkpoint where it says."""
    folder = tmp_path / "repository"
    shutil.copytree(CHECKPOINT, folder / "checkpoint")
    text = DEMO_CONFIG.read_text(encoding="utf-8").replace("../../scripts/podium/demo/checkpoint", "checkpoint")
    (folder / "podium.toml").write_text(text, encoding="utf-8")
    return folder


def build_runner(tmp_path: Path, checkout: Path, skipped: tuple[str, ...] = ()) -> Runner:
    return Runner(tmp_path, checkout, {"OMP_NUM_THREADS": "1"}, skipped)


@pytest.mark.world
@pytest.mark.slow
def test_release_workflow_makes_a_run_that_can_be_reported(tmp_path: Path, model_repository: Path) -> None:
    runner = build_runner(tmp_path, model_repository)
    runner.workflow(WORKFLOWS / "release.yml", {"tasks": "demo-sh,demo-pl", "limit": "1", "n-samples": "2"})
    run = runner.artifacts / "run"
    plan = read_record(run / "plan.json", Plan)
    assert plan.release.commit == COMMIT
    scores = read_record(run / "scores.json", Scores)
    assert {task.task: (task.problems, task.n_samples) for task in scores.tasks} == {
        "demo-pl": (1, 2),
        "demo-sh": (1, 2),
    }
    submission = read_record(run / "submission.json", Submission)
    assert all((run / "submission" / submission.folder / file.path).is_file() for file in submission.files)
    assert (run / "report" / "index.html").is_file()
    measured = read_record(run / "throughput.json", Throughput)
    assert [batch.tokens_per_second for batch in measured.batches] == [None, None], "the demo's model is too short"
    assert not (run / "model").exists(), "the model itself does not travel on"
    assert set(runner.checkouts) == {"", COMMIT}, "after the plan everything works on its commit"
    assert "submit" not in runner.finished, "a tryout is never submitted"


@pytest.mark.world
@pytest.mark.slow
def test_own_actions_job_of_ci_passes(tmp_path: Path) -> None:
    checkout = tmp_path / "repository"
    shutil.copytree(CHECKPOINT, checkout / CHECKPOINT.relative_to(REPOSITORY))
    (checkout / "tests" / "actions").mkdir(parents=True)
    shutil.copy(DEMO_CONFIG, checkout / "tests" / "actions")
    runner = build_runner(tmp_path, checkout, skipped=("Allow namespaces",))
    runner.workflow(WORKFLOWS / "ci.yml", {}, only="actions")
    assert list(runner.root.glob("job-*/temp/run/pr_body.md"))


@pytest.mark.world
def test_failing_command_fails_its_step_with_the_remedy(tmp_path: Path) -> None:
    runner = build_runner(tmp_path, tmp_path)
    job = Job(runner, {}, runner.environment)
    job.action("setup", {})
    with pytest.raises(
        StepFailedError,
        match=r"there is no podium\.toml[\s\S]*podium init .* writes one",
    ):
        job.action("plan", {"config": "podium.toml"})


@pytest.mark.world
def test_input_reaches_the_command_unsplit_and_unread(tmp_path: Path) -> None:
    runner = build_runner(tmp_path, tmp_path)
    job = Job(runner, {}, runner.environment)
    job.action("setup", {})
    hostile = "$(touch owned); `touch owned` 'x' \"y\".toml"
    with pytest.raises(StepFailedError) as failed:
        job.action("plan", {"config": hostile})
    assert f"there is no {hostile}" in str(failed.value)
    assert not (job.workspace / "owned").exists()
