"""The project's actions and workflows as loaded YAML, for the static tests and the runner."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
ACTION_FILES = sorted((REPOSITORY / "actions").glob("*/action.yml"))
WORKFLOW_FILES = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
CALLER_TEMPLATE = REPOSITORY / "scripts" / "podium" / "cli" / "templates" / "podium.yml"
# What `podium init` puts in place of @podium@ once a commit is pinned.
PINNED_RELEASE = f"paiml/podium/.github/workflows/release.yml@{'0123456789' * 4}"
OWN = "$/"
USES = re.compile(r"^\s*(?:- )?uses: (?P<target>\S+)(?P<comment> +# .*)?$", re.MULTILINE)


def load_yaml(path: Path) -> dict[Any, Any]:
    """One document. YAML 1.1 reads the key `on` as true; it is put right here."""
    value = yaml.safe_load(path.read_text(encoding="utf-8").replace("@podium@", PINNED_RELEASE))
    if not isinstance(value, dict):
        message = f"{path} is not a mapping"
        raise TypeError(message)
    if True in value:
        value["on"] = value.pop(True)
    return value


def load_action(name: str) -> dict[Any, Any]:
    """The action of that folder name."""
    return load_yaml(REPOSITORY / "actions" / name / "action.yml")


def load_workflow(name: str) -> dict[Any, Any]:
    """The workflow of that file stem."""
    return load_yaml(REPOSITORY / ".github" / "workflows" / f"{name}.yml")


def steps_of(document: dict[Any, Any]) -> list[dict[str, Any]]:
    """All steps of an action, or of all jobs of a workflow."""
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job.get("steps", [])]


def callers_of(document: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    """Every step or job that has a `uses`."""
    for job in document["jobs"].values():
        yield from (part for part in (job, *job.get("steps", [])) if "uses" in part)


def texts_of(value: Any) -> Iterator[str]:
    """All texts inside a YAML value, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    else:
        yield str(value)


def called_interface(target: str) -> dict[str, Any]:
    """Inputs of an own action or reusable workflow, by its `$/` reference. Raises FileNotFoundError."""
    path = REPOSITORY / target.removeprefix(OWN)
    if path.suffix == ".yml":
        return load_yaml(path)["on"]["workflow_call"].get("inputs", {})  # type: ignore[no-any-return]
    return load_yaml(path / "action.yml").get("inputs", {})  # type: ignore[no-any-return]
