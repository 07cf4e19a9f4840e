"""A small runner of the project's workflows: jobs in order, matrices, own actions by bash as GitHub maps them.

Other people's actions are replaced by named fakes: a checkout copies a prepared folder, artifacts are folders.
Every job gets an empty RUNNER_TEMP and workspace of its own, so nothing travels but artifacts and outputs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.actions.documents import OWN, REPOSITORY, load_action, load_yaml
from tests.actions.expressions import as_text, evaluate, fill

OUTPUT = re.compile(r"(?P<name>[\w-]+)(?:=(?P<line>.*)|<<(?P<mark>\S+)\n(?P<text>(?:.*\n)*?)(?P=mark))\n")
COMMIT = "c0ffee00" * 5


class StepFailedError(Exception):
    """A step ended with another exit code than zero; carries what it wrote."""


class Job:
    """One job on one machine: its folders, contexts and steps."""

    def __init__(self, runner: Runner, contexts: dict[str, Any], environment: dict[str, str]) -> None:
        self.runner = runner
        self.home = runner.root / f"job-{len(list(runner.root.iterdir()))}"
        self.temp, self.workspace = self.home / "temp", self.home / "workspace"
        for folder in (self.temp, self.workspace):
            folder.mkdir(parents=True)
        self.environment = environment
        self.contexts = {**contexts, "steps": {}, "runner": {"temp": str(self.temp), "environment": "self-hosted"}}

    def step(self, step: dict[str, Any]) -> None:
        """Run one step of a workflow and keep its outputs."""
        condition = fill(step.get("if", "always()"), self.contexts)
        condition = evaluate(condition, self.contexts) if isinstance(condition, str) else condition
        if step.get("name") in self.runner.skipped or not condition:
            return
        try:
            outputs = self._outputs_of(step)
        except StepFailedError:
            if not step.get("continue-on-error"):
                raise
            outputs = {}
        if "id" in step:
            self.contexts["steps"][step["id"]] = {"outputs": outputs}

    def _outputs_of(self, step: dict[str, Any]) -> dict[str, str]:
        inputs = {name: as_text(fill(value, self.contexts)) for name, value in step.get("with", {}).items()}
        if "run" in step:
            environment = {name: as_text(fill(value, self.contexts)) for name, value in step.get("env", {}).items()}
            return self.bash(step, environment)
        if step["uses"].startswith(f"{OWN}actions/"):
            return self.action(step["uses"].removeprefix(f"{OWN}actions/"), inputs)
        return FAKES[step["uses"].partition("@")[0]](self, inputs)

    def action(self, name: str, inputs: dict[str, str]) -> dict[str, str]:
        """Run one of the project's composite actions; returns its outputs."""
        if name == "setup":  # what it does is tested on its own; here it would fetch packages
            link = self.temp / "podium" / "bin" / "podium"
            link.parent.mkdir(parents=True)
            link.symlink_to(Path(sys.executable).parent / "podium")
            return {}
        action = load_action(name)
        declared = action.get("inputs", {})
        missing = [key for key, value in declared.items() if value["required"] and not inputs.get(key)]
        if unknown := inputs.keys() - declared.keys() or missing:
            message = f"action {name}: unknown or missing inputs {sorted(unknown)}"
            raise StepFailedError(message)
        contexts: dict[str, Any] = {"inputs": {key: inputs.get(key, "") for key in declared}, "steps": {}}
        for step in action["runs"]["steps"]:
            environment = {key: as_text(fill(value, contexts)) for key, value in step.get("env", {}).items()}
            environment["GITHUB_ACTION_PATH"] = str(REPOSITORY / "actions" / name)
            contexts["steps"][step.get("id")] = {"outputs": self.bash(step, environment)}
        return {key: as_text(fill(value["value"], contexts)) for key, value in action.get("outputs", {}).items()}

    def bash(self, step: dict[str, Any], environment: dict[str, str]) -> dict[str, str]:
        """Run the text of a `run:` as a runner does; returns the step outputs."""
        script, outputs = self.temp / "step.sh", self.temp / "outputs"
        script.write_text(step["run"], encoding="utf-8")
        outputs.write_text("", encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                **self.environment,
                **environment,
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_ACTIONS": "true",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            message = f"{step['run']} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            raise StepFailedError(message)
        return read_outputs(outputs)

    def checkout(self, inputs: dict[str, str]) -> dict[str, str]:
        """Fake actions/checkout: the prepared folder."""
        self.runner.checkouts.append(inputs.get("ref", ""))
        shutil.copytree(self.runner.checkout, self.workspace, dirs_exist_ok=True)
        return {"commit": COMMIT}

    def upload(self, inputs: dict[str, str]) -> dict[str, str]:
        """Fake actions/upload-artifact: what lies below the one included path becomes the artifact's root."""
        included = [Path(line) for line in inputs["path"].split() if not line.startswith("!")]
        excluded = {Path(line[1:]) for line in inputs["path"].split() if line.startswith("!")}
        (source,) = included
        target = self.runner.artifacts / inputs["name"]
        if target.exists() and inputs.get("overwrite") != "true":
            message = f"artifact {inputs['name']} is there already"
            raise StepFailedError(message)
        shutil.rmtree(target, ignore_errors=True)
        if source.is_file():
            target.mkdir(parents=True)
            shutil.copy(source, target)
        else:
            names = {path.name for path in excluded if path.parent == source}
            shutil.copytree(source, target, ignore=lambda folder, _: names if Path(folder) == source else set())
        return {}

    def download(self, inputs: dict[str, str]) -> dict[str, str]:
        """Fake actions/download-artifact: one by name, or all of a pattern merged."""
        found = sorted(self.runner.artifacts.glob(inputs.get("name") or inputs["pattern"]))
        if not found or (len(found) > 1 and inputs.get("merge-multiple") != "true"):
            message = f"download of {inputs} finds {[path.name for path in found]}"
            raise StepFailedError(message)
        for artifact in found:
            shutil.copytree(artifact, inputs["path"], dirs_exist_ok=True)
        return {}


FAKES = {
    "actions/checkout": Job.checkout,
    "actions/upload-artifact": Job.upload,
    "actions/download-artifact": Job.download,
}


class Runner:
    """Runs whole workflows. `checkout` is the folder that a checkout brings, `skipped` are steps to leave out."""

    def __init__(self, root: Path, checkout: Path, environment: dict[str, str], skipped: tuple[str, ...] = ()) -> None:
        self.root, self.checkout, self.skipped = root / "jobs", checkout, skipped
        self.artifacts = root / "artifacts"
        for folder in (self.root, self.artifacts):
            folder.mkdir()
        self.environment = {
            key: os.environ[key] for key in ("PATH", "HOME", "PYTHONPATH") if key in os.environ
        } | environment
        self.checkouts: list[str] = []
        self.finished: list[str] = []

    def workflow(self, path: Path, inputs: dict[str, str], only: str = "") -> None:
        """Run all jobs of a workflow file that its conditions allow, or one of them."""
        workflow = load_yaml(path)
        declared = (workflow["on"].get("workflow_call") or {}).get("inputs", {})
        contexts: dict[str, Any] = {
            "inputs": {name: inputs.get(name, "") for name in declared},
            "github": {"run_attempt": 1, "ref_type": "branch", "ref_name": "main", "token": ""},
            "secrets": {"PODIUM_FORK_TOKEN": "", "HF_TOKEN": "", "PODIUM_HUB_READ_TOKEN": ""},
            "needs": {},
        }
        for name, job in workflow["jobs"].items():  # the files list jobs in the order of their needs
            if only in ("", name):
                contexts["needs"][name] = {"outputs": {}, "result": "skipped"}
            if only not in ("", name) or not (only or self._is_due(job, contexts)):
                continue
            contexts["needs"][name] = {"outputs": self._job(job, contexts), "result": "success"}
            self.finished.append(name)

    def _is_due(self, job: dict[str, Any], contexts: dict[str, Any]) -> bool:
        """Whether a job runs: its condition holds and, unless that asks for states itself, all it needs was done."""
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        text = str(job.get("if", "always()"))
        states = any(word in str(job.get("if", "")) for word in ("cancelled()", "always()"))
        if not states and any(contexts["needs"][need]["result"] != "success" for need in needs):
            return False
        condition = fill(text, contexts)
        return bool(evaluate(condition, contexts) if isinstance(condition, str) and condition else condition)

    def _job(self, job: dict[str, Any], contexts: dict[str, Any]) -> dict[str, str]:
        matrix = fill(job.get("strategy", {}).get("matrix", {}), contexts)
        combinations = fill(matrix.get("include", [{}]), contexts)
        if "uses" in job:
            for combination in combinations:
                within = {**contexts, "matrix": combination}
                inputs = {name: as_text(fill(value, within)) for name, value in job.get("with", {}).items()}
                self.workflow(REPOSITORY / job["uses"].removeprefix(OWN), inputs)
            return {}
        done: dict[str, str] = {}
        for combination in combinations:
            running = Job(self, {**contexts, "matrix": combination}, self.environment)
            for step in job["steps"]:
                running.step(step)
            done = {name: as_text(fill(value, running.contexts)) for name, value in job.get("outputs", {}).items()}
        return done


def read_outputs(path: Path) -> dict[str, str]:
    """The step outputs in a file, in both forms GitHub takes."""
    text = path.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    while text:
        match = OUTPUT.match(text)
        if match is None:
            message = f"this is not a step output: {text[:80]!r}"
            raise StepFailedError(message)
        found[match["name"]] = match["line"] if match["mark"] is None else match["text"].removesuffix("\n")
        text = text[match.end() :]
    return found
