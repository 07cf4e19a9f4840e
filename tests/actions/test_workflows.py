"""The workflows keep their promises: nothing unpinned, no secret near a model, every job gated, every name known."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.actions.documents import (
    ACTION_FILES,
    CALLER_TEMPLATE,
    OWN,
    PINNED_RELEASE,
    REPOSITORY,
    USES,
    WORKFLOW_FILES,
    called_interface,
    callers_of,
    load_action,
    load_workflow,
    load_yaml,
    steps_of,
    texts_of,
)

from podium.plan.facts import facts_of
from podium.records import ModelName, Plan, PlannedJob, PlannedTask, Release, Sampling

ALL = [*WORKFLOW_FILES, CALLER_TEMPLATE]
IDS = [path.stem if path in WORKFLOW_FILES else "template" for path in ALL]
every_workflow = pytest.mark.parametrize("path", ALL, ids=IDS)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
VERSION = re.compile(r" +# v\d+\.\d+\.\d+")
SECRET = re.compile(r"secrets\b|id-token|github\.token|GITHUB_TOKEN")
READ_CONTENTS = {"contents": "read"}
# What reads a checkpoint, and the jobs that fetch one; they run no code of the model.
READ_TOKENS = re.compile(r"\$\{\{ (?:secrets\.PODIUM_HUB_READ_TOKEN|github\.token) \}\}|PODIUM_HUB_READ_TOKEN")
FETCHING = {"plan", "convert"}
# The one job that may write, where a called workflow keeps a comment on a pull request.
COMMENTING = ("submission", "comment")
UNTRUSTED_TRIGGERS = {"pull_request_target", "workflow_run", "issue_comment"}


def jobs_of(path: Path) -> dict[str, dict[str, Any]]:
    return load_yaml(path)["jobs"]  # type: ignore[no-any-return]


def is_own_machine(job: dict[str, Any]) -> bool:
    return "${{" in str(job.get("runs-on")) or "self-hosted" in str(job.get("runs-on"))


@every_workflow
def test_permissions_are_empty_at_the_top_and_least_in_each_job(path: Path) -> None:
    workflow = load_yaml(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
        if (path.stem, name) != COMMENTING:
            assert set(job["permissions"].values()) <= {"read"}, f"{name}: nothing else writes to its own repository"


def test_the_job_that_comments_does_nothing_else() -> None:
    workflow, name = COMMENTING
    job = load_workflow(workflow)["jobs"][name]
    assert job["permissions"] == {"pull-requests": "write"}
    assert "head.repo.full_name == github.repository" in job["if"], "a stranger's pull request gets no comment"
    used = [step["uses"].partition("@")[0] for step in job["steps"]]
    assert used == ["actions/download-artifact", "$/actions/comment"], "nothing of the pull request is even fetched"


def test_strangers_programs_run_only_where_no_token_may_write() -> None:
    for name, job in load_workflow("submission")["jobs"].items():
        if any(step.get("uses") == "$/actions/verify" for step in job["steps"]):
            assert job["permissions"] == READ_CONTENTS, name
            assert not SECRET.search(str(job)), name


@every_workflow
def test_time_and_concurrency_are_limited(path: Path) -> None:
    workflow = load_yaml(path)
    assert workflow["concurrency"]["group"]
    assert isinstance(workflow["concurrency"]["cancel-in-progress"], bool)
    for name, job in workflow["jobs"].items():
        assert "uses" in job or isinstance(job["timeout-minutes"], int), name


def test_calling_workflows_never_share_a_concurrency_group() -> None:
    # A called workflow that waits for its caller's group waits for ever.
    groups = [load_yaml(path)["concurrency"]["group"].partition("${{")[0] for path in ALL]
    assert len(set(groups)) == len(groups)


@pytest.mark.parametrize("path", [*ALL, *ACTION_FILES], ids=str)
def test_everything_of_others_is_pinned_with_its_version(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("@podium@", f"{PINNED_RELEASE} # v0.1.0")
    for found in USES.finditer(text):
        if not found["target"].startswith(OWN):
            assert PINNED.fullmatch(found["target"]), found["target"]
            assert VERSION.fullmatch(found["comment"] or ""), found["target"]


def test_one_action_is_pinned_to_one_commit() -> None:
    pins: dict[str, set[str]] = {}
    for path in WORKFLOW_FILES:
        for found in USES.finditer(path.read_text(encoding="utf-8")):
            pins.setdefault(found["target"].partition("@")[0], set()).add(found[0].partition("@")[2])
    assert {name: pin for name, pin in pins.items() if len(pin) > 1} == {}


@every_workflow
def test_own_actions_exist_and_get_the_inputs_they_know(path: Path) -> None:
    for caller in callers_of(load_yaml(path)):
        target = caller["uses"]
        if target == PINNED_RELEASE:
            target = f"{OWN}.github/workflows/release.yml"
        if not target.startswith(OWN):
            continue
        inputs = called_interface(target)
        given = caller.get("with", {}).keys()
        assert given <= inputs.keys(), f"{target}: unknown inputs"
        required = {name for name, value in inputs.items() if value.get("required")}
        assert required <= given, f"{target}: missing inputs"


@every_workflow
def test_outputs_of_own_actions_are_ones_they_have(path: Path) -> None:
    for name, job in jobs_of(path).items():
        actions = {step["id"]: step["uses"] for step in job.get("steps", []) if "id" in step}
        for step, output in re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", str(job)):
            assert step in actions, f"{name}: no step {step}"
            if actions[step].startswith(OWN):
                action = load_action(actions[step].removeprefix(f"{OWN}actions/"))
                assert output in action["outputs"], f"{name}: {step} has no output {output}"


@every_workflow
def test_outputs_of_jobs_are_ones_they_have(path: Path) -> None:
    jobs = jobs_of(path)
    for name, job in jobs.items():
        for needed, output in re.findall(r"needs\.([\w-]+)\.outputs\.([\w-]+)", str(job)):
            assert needed in job["needs"], f"{name} does not wait for {needed}"
            assert output in jobs[needed]["outputs"], f"{needed} has no output {output}"


@every_workflow
def test_no_template_is_spliced_into_a_script(path: Path) -> None:
    for step in steps_of(load_yaml(path)):
        assert "${{" not in step.get("run", "")


@every_workflow
def test_checkout_leaves_no_credentials(path: Path) -> None:
    for step in steps_of(load_yaml(path)):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@every_workflow
def test_no_secret_is_near_a_model(path: Path) -> None:
    for name, job in jobs_of(path).items():
        if is_own_machine(job):
            text = READ_TOKENS.sub("", str(job)) if name in FETCHING else str(job)
            assert not SECRET.search(text), name
            assert job["permissions"] == READ_CONTENTS, name
            assert "environment" not in job, f"{name}: an environment would bring its secrets"


def test_jobs_run_on_the_machines_the_plan_names() -> None:
    labels = {
        name: job["runs-on"]
        for file in ("evaluate", "task")
        for name, job in load_workflow(file)["jobs"].items()
        if "runs-on" in job
    }
    assert labels == {
        "convert": "${{ fromJSON(inputs.plan).convert }}",
        "measure": "${{ fromJSON(inputs.plan).measure }}",
        "preflight": "${{ matrix.execute }}",
        "gather": "ubuntu-latest",
        "generate": "${{ fromJSON(inputs.plan).generate }}",
        "execute": "${{ fromJSON(inputs.plan).execute }}",
    }


@pytest.mark.parametrize(("file", "name"), [("evaluate", "convert"), ("evaluate", "measure"), ("task", "generate")])
def test_job_that_loads_the_model_sets_it_up(file: str, name: str) -> None:
    (setup,) = [step for step in load_workflow(file)["jobs"][name]["steps"] if step.get("uses") == "$/actions/setup"]
    assert setup["with"] == {"extras": "model"}


def test_only_converting_is_given_a_token_and_one_that_reads() -> None:
    jobs = load_workflow("evaluate")["jobs"]
    assert {name for name, job in jobs.items() if SECRET.search(str(job))} == {"convert"}
    assert not SECRET.search(str(load_workflow("task")["jobs"])), "where the model runs there is none"
    assert load_workflow("release")["jobs"]["evaluate"]["secrets"].keys() == {"PODIUM_HUB_READ_TOKEN"}


@every_workflow
def test_a_job_with_a_secret_waits_for_an_environment(path: Path) -> None:
    for name, job in jobs_of(path).items():
        if "secrets." in READ_TOKENS.sub("", str(job)):
            assert "environment" in job or "uses" in job, name


@every_workflow
def test_no_trigger_brings_strangers_to_secrets(path: Path) -> None:
    triggers = load_yaml(path)["on"].keys()
    assert not triggers & UNTRUSTED_TRIGGERS
    if "pull_request" in triggers:
        assert not SECRET.search(str(jobs_of(path)))
        assert not any(is_own_machine(job) for job in jobs_of(path).values())


@every_workflow
def test_nothing_is_cached(path: Path) -> None:
    assert not [text for text in texts_of(load_yaml(path)) if "cache" in text]


def test_final_gate_needs_every_job_of_ci() -> None:
    jobs = load_workflow("ci")["jobs"]
    assert sorted(jobs["final"]["needs"]) == sorted(jobs.keys() - {"final"})
    assert jobs["final"]["if"] == "always()"


def test_dispatch_and_call_take_the_same_inputs() -> None:
    for name in ("release", "publish"):
        triggers = load_workflow(name)["on"]
        assert triggers["workflow_dispatch"]["inputs"] == triggers["workflow_call"]["inputs"]


def test_caller_template_passes_every_input_and_secret() -> None:
    called = load_workflow("release")["on"]["workflow_call"]
    template = load_yaml(CALLER_TEMPLATE)
    job = template["jobs"]["podium"]
    assert job["with"].keys() == called["inputs"].keys()
    assert template["on"]["workflow_dispatch"]["inputs"].keys() == called["inputs"].keys()
    assert job["secrets"].keys() == called["secrets"].keys()
    assert template["on"]["push"] == load_workflow("release")["on"]["push"]
    assert CALLER_TEMPLATE.read_text(encoding="utf-8").count("@") == 2, "@podium@ and nothing else to replace"


def test_caller_template_grants_what_the_called_jobs_ask_for() -> None:
    granted = load_yaml(CALLER_TEMPLATE)["jobs"]["podium"]["permissions"]
    for name in ("release", "publish", "evaluate", "task"):
        for job in load_workflow(name)["jobs"].values():
            assert job["permissions"].items() <= granted.items()


def planned() -> Plan:
    names = ("demo-sh", "demo-pl")
    tasks = [
        PlannedTask(task=name, language="sh", data_sha256="0" * 64, problems=["1", "2"], problems_in_task=2)
        for name in names
    ]
    shards = [PlannedJob(stage="generate", task="demo-sh", shard=shard, runs_on=["x"]) for shard in ("1/2", "2/2")]
    return Plan(
        release=Release(tag="v1", model=ModelName(org="o", model="m", user="u")),
        profile="demo",
        checkpoint=[],
        sampling=Sampling(),
        backend="transformers",
        dtype="float32",
        mode="parity",
        tasks=tasks,
        jobs=[
            PlannedJob(stage="convert", runs_on=["hosted"]),
            *shards,
            PlannedJob(stage="generate", task="demo-pl", runs_on=["x"]),
            *(PlannedJob(stage="execute", task=name, runs_on=["y"]) for name in names),
        ],
        partial=[],
        podium="0",
    )


def test_facts_have_every_key_that_the_jobs_use() -> None:
    facts = facts_of(planned())
    tasks = facts["tasks"]["include"]
    texts = {name: str(load_workflow(name)) for name in ("release", "evaluate", "task")}
    asked = {name: set(re.findall(r"fromJSON\([^)]*\)\.([\w-]+)", text)) for name, text in texts.items()}
    assert asked["release"] | asked["evaluate"] <= facts.keys()
    assert set(re.findall(r"matrix\.([\w-]+)", texts["evaluate"])) <= tasks[0].keys()
    part = json.loads(tasks[0]["plan"])
    assert asked["task"] <= part.keys()
    assert set(re.findall(r"matrix\.([\w-]+)", texts["task"])) <= part["shards"][0].keys()
    assert [shard["shard"] for shard in part["shards"]] == ["1/2", "2/2"]
    assert json.loads(tasks[1]["plan"])["shards"] == [{"shard": "1/1", "part": "1-of-1"}]


def test_nothing_is_downloaded_that_was_not_uploaded() -> None:
    uploaded: set[str] = set()
    wanted: set[str] = set()
    for name in ("release", "evaluate", "task", "publish"):
        for step in steps_of(load_workflow(name)):
            target = step.get("uses", "")
            if target.startswith("actions/upload-artifact@"):
                uploaded.add(step["with"]["name"].partition("${{")[0])
            elif target.startswith("actions/download-artifact@"):
                wanted.add(step["with"].get("name", step["with"].get("pattern")).partition("${{")[0].rstrip("*"))
    assert wanted <= uploaded


def test_what_a_models_machine_left_stays_in_its_folders() -> None:
    places = {
        step["with"].get("pattern"): step["with"]["path"]
        for step in load_workflow("evaluate")["jobs"]["gather"]["steps"]
        if step.get("uses", "").startswith("actions/download-artifact@")
    }
    root = "${{ runner.temp }}/run"
    assert places == {
        "drawn-*": f"{root}/samples",
        "generations-*": f"{root}/generations_${{{{ fromJSON(inputs.plan).model }}}}",
        "verdicts-*": f"{root}/verdicts",
        None: root,
    }


def test_every_workflow_file_is_yaml_with_the_usual_ending() -> None:
    folder = REPOSITORY / ".github" / "workflows"
    assert sorted(folder.iterdir()) == WORKFLOW_FILES
