"""podium.toml: which model, which checkpoint, which tasks, which fork and Space. Unknown keys fail by name."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec

from podium.errors import ConfigError
from podium.names import closest
from podium.records import ModelName, Name, Positive

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "podium.toml"
DEFAULT_BACKEND = "native"  # exact, and the quickest; models it does not know are drawn by transformers


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of podium.toml's tables."""


class ModelSection(Section, frozen=True, kw_only=True):
    """[model]: the names of the submission and where a release's checkpoint lies (`{tag}` is replaced).

    `tryout` is the checkpoint that a run without a tag evaluates; such a run is never submitted. `assume` states
    axes of the layout, `base` and `base_sha256` the checkpoint under a LoRA adapter.
    """

    org: Name
    model: Name
    user: Name
    checkpoint: str
    tryout: str = ""
    dtype: str = "bfloat16"
    assume: str = ""
    base: str = ""
    base_sha256: str = ""


class EvaluationSection(Section, frozen=True, kw_only=True):
    """[evaluation]: what is run. The board's protocol is the default; anything else is never submitted.

    `measure` asks for throughput and memory as well, on a machine that draws.
    """

    tasks: list[str] = []
    profile: str = "bigcode"
    backend: str = DEFAULT_BACKEND
    n_samples: Positive | None = None
    measure: bool = False


class RunnersSection(Section, frozen=True, kw_only=True):
    """[runners]: labels of the machines that jobs ask for.

    `measure` are those of `generate` unless it is set. `tokens_per_second` is what one of `generate` draws of this
    model; shards are made so that each takes two hours.
    """

    convert: list[str] = msgspec.field(default_factory=lambda: ["ubuntu-latest"])
    generate: list[str] = msgspec.field(default_factory=lambda: ["self-hosted", "Linux", "X64", "gpu"])
    execute: list[str] = msgspec.field(default_factory=lambda: ["self-hosted", "Linux", "X64", "cpu"])
    measure: list[str] = []
    tokens_per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None


class SubmitSection(Section, frozen=True, kw_only=True):
    """[submit]: the organisation's GitHub fork of the leaderboard, where reviewers approve.

    With `upstream`, the fork must be one of that repository, and `podium submit --create-fork` can make it.
    """

    fork: str
    upstream: str = ""
    base: str = "main"
    reviewers: list[str] = []
    labels: list[str] = []


class PublishSection(Section, frozen=True, kw_only=True):
    """[publish]: the Space that takes the approved submission.

    With `eval_results`, the model's own repository on the Hub gets a pull request with the scores as well. `model` is
    the repository that the evaluated model is uploaded to; without it it is not.
    """

    space: str = "bigcode/bigcode-models-leaderboard"
    eval_results: bool = False
    model: str = ""


class Config(Section, frozen=True, kw_only=True):
    """The whole of podium.toml."""

    model: ModelSection
    evaluation: EvaluationSection = EvaluationSection()
    runners: RunnersSection = RunnersSection()
    submit: SubmitSection
    publish: PublishSection = PublishSection()

    @property
    def model_name(self) -> ModelName:
        """The three names as the records carry them."""
        return ModelName(org=self.model.org, model=self.model.model, user=self.model.user)


def _check_keys(value: dict[str, Any], kind: type[Section], path: Path, prefix: str) -> None:
    hints = get_type_hints(kind)
    for key, inner in value.items():
        if key not in hints:
            message = f"{path}: unknown key {prefix + key!r}{closest(key, hints)}"
            raise ConfigError(message, hint=f"keys of [{prefix.rstrip('.') or 'the file'}]: {', '.join(hints)}")
        section = hints[key]
        if isinstance(section, type) and issubclass(section, Section) and isinstance(inner, dict):
            _check_keys(inner, section, path, f"{prefix}{key}.")


def read_config(path: Path) -> Config:
    """Read podium.toml. Raises ConfigError naming file, key and remedy."""
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        message = f"there is no {path}"
        raise ConfigError(message, hint="podium init writes one; --config names another") from err
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        message = f"{path} cannot be read: {err}"
        raise ConfigError(message, hint="https://toml.io describes the format") from err
    _check_keys(value, Config, path, "")
    try:
        return msgspec.convert(value, Config)
    except msgspec.ValidationError as err:
        message = f"{path}: {err}"
        raise ConfigError(message, hint="podium init --print shows a complete example") from err
