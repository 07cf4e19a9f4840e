"""A checkpoint's address goes from podium.toml through the plan to the job that converts, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import CHECKPOINT, DEMO_CONFIG, tree

from podium.standin.server import Standin
from podium.standin.world import Repository, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.command import Podium

pytestmark = pytest.mark.world
REPOSITORY, TAG = "acme/small", "v1.0.0"
PLAN = ("plan", "--tag", TAG, "--tasks", "demo-sh", "--limit", "1", "--matrix", "-o", "plan.json")


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with Standin(tmp_path / "state", World(repositories=[Repository(full_name=REPOSITORY)])) as running:
        running.release(REPOSITORY, TAG, {path.name: path for path in CHECKPOINT.iterdir()})
        yield running


@pytest.fixture
def jobs(podium: Podium, standin: Standin) -> Podium:
    """Commands as jobs of one workflow run: podium.toml names the release's assets."""
    (podium.folder / "podium.toml").write_text(DEMO_CONFIG.format(checkpoint="release:*"))
    podium.environment |= {
        "GITHUB_API_URL": standin.github_url,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "47",
    }
    return podium


def transfers(standin: Standin) -> int:
    return len([asked for asked in standin.requests if "-content/" in asked.path])


@pytest.mark.slow
def test_a_release_is_planned_and_converted_from_its_assets_by_jobs_that_share_nothing_else(
    jobs: Podium, standin: Standin
) -> None:
    planned = jobs(*PLAN, RUNNER_TEMP=str(jobs.folder / "job-1"))
    assert planned.code == 0, planned.err
    assert "not checked" in planned.err, "the test's folder is no clone"
    record = json.loads((jobs.folder / "plan.json").read_text())
    assert record["source"] == "release:*"
    assert record["workflow_run"] == "https://github.com/acme/small/actions/runs/47"
    assert transfers(standin) == 4
    said = jobs("convert", "--plan", "plan.json", "-o", "model", RUNNER_TEMP=str(jobs.folder / "job-2"))
    assert said.code == 0, said.err
    assert transfers(standin) == 8, "one transfer a job"
    assert "dtype" in json.loads((jobs.folder / "model.json").read_text())
    before = tree(jobs.folder / "model")
    changed = jobs.folder / "changed.json"
    changed.write_text("{}")
    standin.release(REPOSITORY, TAG, {"config.json": changed})
    refused = jobs("convert", "--plan", "plan.json", "-o", "model", RUNNER_TEMP=str(jobs.folder / "job-3"))
    assert refused.code == 4
    assert "has changed since the plan was made: config.json" in refused.err
    assert "what to do: plan anew" in refused.err
    assert tree(jobs.folder / "model") == before


def test_a_tag_without_release_stops_before_anything_is_written(jobs: Podium) -> None:
    said = jobs("plan", "--tag", "v2", "-o", "plan.json")
    assert said.code == 4
    assert "the release v2 of acme/small" in said.err
    assert "gh release create v2 FILES" in said.err
    assert not (jobs.folder / "plan.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("convert", "-o", "model"), "name the checkpoint, or a plan"),
        (("convert", "ckpt", "--plan", "plan.json", "-o", "model"), "name the checkpoint, or a plan"),
        (("convert", "s3://bucket/x", "-o", "model"), "no address of a checkpoint"),
        (("convert", "release:*", "-o", "model"), "needs a release tag"),
        (("plan", "--checkpoint", "hf://acme/small"), "does not say which revision"),
    ],
)
def test_an_address_that_cannot_work_is_told(jobs: Podium, words: tuple[str, ...], told: str) -> None:
    said = jobs(*words)
    assert said.code == 2, said.err
    assert told in said.err
    assert "what to do: " in said.err


def test_init_starts_from_a_published_release_where_the_checkpoint_is_its_assets(podium: Podium) -> None:
    names = ("--org", "Acme", "--model", "Tiny-1", "--user", "ada")
    assert podium("init", *names, "--checkpoint", "release:*").code == 0
    written = (podium.folder / ".github" / "workflows" / "podium.yml").read_text()
    assert "  release:\n    types: [published]\n" in written
    assert "  push:\n" not in written
    assert podium("init", *names, "--force").code == 0
    written = (podium.folder / ".github" / "workflows" / "podium.yml").read_text()
    assert "  push:\n" in written
    assert "release:\n    types" not in written
    assert podium("init", *names, "--force", "--checkpoint", "relase:*").code == 2


def test_a_fresh_repository_tries_out_podiums_own_model_on_hosted_machines(podium: Podium) -> None:
    assert podium("init", "--org", "Acme", "--model", "Tiny-1", "--user", "ada").code == 0
    said = podium("plan", "--matrix")
    assert said.code == 0, said.err
    assert "it was run without a release tag" in said.err
    facts = json.loads(said.out)
    assert {item["task"] for item in facts["tasks"]["include"]} == {"demo-pl", "demo-python", "demo-sh"}
    assert facts["convert"] == ["ubuntu-latest"]
    assert all(item["execute"] == ["ubuntu-latest"] for item in facts["tasks"]["include"])
    record = json.loads((podium.folder / "plan.json").read_text())
    assert (record["source"], record["profile"]) == ("demo:", "demo")
