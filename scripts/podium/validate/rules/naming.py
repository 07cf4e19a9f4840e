"""Rules on names: folder, files, model id and the metrics' config say the same, as the board's script needs it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from podium.protocol import grouped_name
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.validate.contents import Contents


def name_variant(contents: Contents) -> Iterator[Violation]:
    """File names are the guide's; two well-known variants have a message of their own."""
    counts = Counter((place.kind.name, place.task) for place in contents.places)
    for place in contents.places:
        if place.variant and counts[place.kind.name, place.task] == 1:
            yield Violation(path=place.path, message=place.variant)


def artefact_model(contents: Contents) -> Iterator[Violation]:
    """generations_<model>/ and metrics_<model>/ and the files in them carry the bare model name."""
    model = _model_name(contents)
    for place in contents.places:
        if place.kind.name not in ("generations", "metrics") or not place.task or place.variant:
            continue
        wanted = f"{place.kind.name}_{place.model}/{place.kind.name}_{place.task}_{place.model}.json"
        if place.path != wanted:
            yield Violation(path=place.path, message=f"its name and folder disagree: it should be {wanted}")
        elif model and place.model != model:
            message = f"its folder is of model {place.model!r}, the submission of {model!r}"
            yield Violation(path=place.path, message=message)


def _model_name(contents: Contents) -> str:
    if contents.plan is not None:
        return contents.plan.release.model.model
    return submitted_model(contents).partition("/")[2]


def submitted_model(contents: Contents) -> str:
    """The Hub id of a submission's model: meta.model, under the name of the folders where those agree on another."""
    if contents.grouped is None:
        return ""
    said = str(contents.grouped.value["meta"]["model"])
    org, _, model = said.partition("/")
    folders = _folder_models(contents)
    return f"{org}/{next(iter(folders))}" if len(folders) == 1 and model not in folders else said


def _folder_models(contents: Contents) -> set[str]:
    return {place.model for place in contents.places if place.kind.name == "generations" and place.task}


def meta_model(contents: Contents) -> Iterator[Violation]:
    """meta.model is the model that was evaluated: the plan's, else the one all folders are named after."""
    if contents.grouped is None:
        return
    said, where = contents.grouped.value["meta"]["model"], "$.meta.model"
    if contents.plan is not None:
        wanted = contents.plan.release.model.hub_id
        if said != wanted:
            yield Violation(
                path=contents.grouped.path, where=where, message=f"it is {said!r}, the plan's is {wanted!r}"
            )
        return
    folders = _folder_models(contents)
    if len(folders) == 1 and said.partition("/")[2] not in folders:
        message = f"it is {said!r}, and the generations are of {folders.pop()!r}: the board would list a wrong model"
        yield Violation(path=contents.grouped.path, where=where, message=message, hint="correct meta.model")


def folder_name(contents: Contents) -> Iterator[Violation]:
    """A submission's folder is ORG_MODEL_USER."""
    if contents.grouped is None:
        return
    org, _, model = submitted_model(contents).partition("/")
    prefix, name = f"{org}_{model}_", contents.name
    if name.startswith(prefix) and len(name) > len(prefix):
        return
    if name.lower().startswith(prefix.lower()) and len(name) > len(prefix):
        message = f"it differs from {prefix}USER in upper and lower case only"
    elif name == model:
        message = f"it lacks organisation and user: it should be {prefix}USER"
    elif f"{name}_" == prefix:
        message = f"it lacks the user: it should be {prefix}USER"
    else:
        message = f"it should be {prefix}USER after meta.model"
    hint = f"rename the folder to {prefix}USER with the submitter's user name on the Hub"
    yield Violation(path=".", message=f"the folder is named {name!r}: {message}", hint=hint)


def grouped_stem(contents: Contents) -> Iterator[Violation]:
    """The grouped file is named like its folder (of a run: like the release)."""
    if contents.grouped is None or sum(place.kind.name == "grouped" for place in contents.places) > 1:
        return
    said = contents.grouped.path
    wanted = grouped_name(contents.plan.release.model) if contents.plan else f"{contents.name}.json"
    prefix = submitted_model(contents).replace("/", "_") + "_"
    if contents.plan is None and not contents.name.startswith(prefix) and said.startswith(prefix):
        return  # the folder is what has the wrong name
    if said != wanted:
        case = " (they differ in case only)" if said.lower() == wanted.lower() else ""
        message = f"it should be named {wanted} like its folder{case}"
        yield Violation(path=said, message=message, hint="rename it")


def config_plan(contents: Contents) -> Iterator[Violation]:
    """A run's metrics were made with the plan's settings."""
    plan = contents.plan
    if plan is None:
        return
    expected = {
        "model": plan.release.model.hub_id,
        "n_samples": plan.sampling.n_samples,
        "temperature": plan.sampling.temperature,
        "top_p": plan.sampling.top_p,
        "max_length_generation": plan.sampling.max_length,
        "seed": plan.sampling.seed,
        "precision": plan.dtype,
        "mode": plan.mode,
        "backend": plan.backend,
    }
    for artefact in contents.metrics.values():
        hint = "podium score --run-dir RUN_DIR writes it from the plan"
        yield from _config_differences(artefact.path, artefact.value["config"], expected, "the plan", hint)


def _config_differences(
    path: str, config: dict[str, Any], expected: dict[str, Any], source: str, hint: str
) -> Iterator[Violation]:
    for key, value in expected.items():
        if key not in config:
            yield Violation(path=path, where="$.config", message=f"it does not say {key}", hint=hint)
        elif config[key] != value:
            message = f"{key} is {config[key]!r}, {source} has {value!r}"
            yield Violation(path=path, where=f"$.config.{key}", message=message, hint=hint)
