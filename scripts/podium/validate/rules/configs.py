"""Rules on the config of metrics files in submissions: what would put a wrong or foreign number on the board."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from podium.validate.rules.naming import submitted_model
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.validate.contents import Contents

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
TWO_STEPS = "metrics of a separate evaluation show that command's own settings; say so, or evaluate again"


def config_samples(contents: Contents) -> Iterator[Violation]:
    """n_samples and temperature are the protocol's: the harness cuts loaded generations to n_samples, silently."""
    sampling, name = contents.profile().sampling, contents.profile().name
    for artefact in contents.metrics.values():
        for key in ("n_samples", "temperature"):
            config, wanted = artefact.value["config"], getattr(sampling, key)
            if key in config and config[key] != wanted:
                message = f"{key} is {config[key]!r}, board {name} has {wanted!r}"
                hint = f"generate and evaluate with --{key} {wanted}"
                yield Violation(path=artefact.path, where=f"$.config.{key}", message=message, hint=hint)


def config_limit(contents: Contents) -> Iterator[Violation]:
    """Nothing was left out: with limit_start the harness holds generations against other problems' tests."""
    for artefact in contents.metrics.values():
        for key in ("limit", "limit_start"):
            if artefact.value["config"].get(key):
                message = f"{key} is {artefact.value['config'][key]!r}: the score is not of the whole task"
                hint = f"evaluate again without --{key}"
                yield Violation(path=artefact.path, where=f"$.config.{key}", message=message, hint=hint)


def config_model(contents: Contents) -> Iterator[Violation]:
    """The model that the metrics name is the one that the grouped file names."""
    if contents.grouped is None:
        return
    listed = submitted_model(contents)
    for artefact in contents.metrics.values():
        said = artefact.value["config"].get("model")
        if isinstance(said, str) and HUB_ID.fullmatch(said) and said.lower() != listed.lower():
            message = f"it is of {said!r}, the grouped file is of {listed!r}"
            hint = "the board would list another model than was evaluated; correct meta.model, or evaluate again"
            yield Violation(path=artefact.path, where="$.config.model", message=message, hint=hint)


def config_protocol(contents: Contents) -> Iterator[Violation]:
    """Other settings are the protocol's too, as far as a separate evaluation shows any."""
    sampling, name = contents.profile().sampling, contents.profile().name
    expected = {
        "top_p": sampling.top_p,
        "max_length_generation": sampling.max_length,
        "prefix": "",
        "postprocess": True,
        "do_sample": True,
    }
    for artefact in contents.metrics.values():
        config = artefact.value["config"]
        for key, wanted in expected.items():
            if key in config and config[key] != wanted:
                message = f"{key} is {config[key]!r}, board {name} has {wanted!r}"
                yield Violation(path=artefact.path, where=f"$.config.{key}", message=message, hint=TWO_STEPS)
