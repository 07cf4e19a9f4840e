"""podium.toml: which model, which checkpoint, which tasks, which fork and Space. Unknown keys fail by name."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec

from podium.errors import ConfigError
from podium.names import closest
from podium.records import ModelName, Name, Positive

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "podium.toml"
INIT = "podium init --org ORG --model MODEL --user USER"
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


class ToolchainsSection(Section, frozen=True, kw_only=True):
    """[toolchains]: `roots` names, by language, read-only root file systems that hold what the machines lack."""

    roots: dict[str, str] = {}


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
    toolchains: ToolchainsSection = ToolchainsSection()
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


def _remedy(value: dict[str, Any], said: str) -> str:
    """The line to write instead of one that has the wrong kind of value, else where an example is."""
    wanted, place = re.search(r"Expected `(\w+)", said), re.search(r"at `\$\.(\w+)(?:\.(\w+))?", said)
    found: Any = value.get(place[1]) if place else None
    if place and wanted and place[2] is None:
        return f"write the table [{place[1]}] with a line for each key"
    if place and wanted and isinstance(found, dict):
        line = _as_wanted(found.get(str(place[2])), wanted[1])
        if line:
            return f"under [{place[1]}] write: {place[2]} = {line}"
    if missing := re.search(r"missing required field `(\w+)`", said):
        where = re.search(r"at `\$\.(\w+)", said)
        what = f'{missing[1]} = "…" under [{where[1]}]' if where else f"the table [{missing[1]}]"
        return f"add {what}; {INIT} --print shows a complete example"
    return f"{INIT} --print shows a complete example"


def _as_wanted(given: Any, wanted: str) -> str:
    """A value as it would have to be written in TOML to be of the kind that is wanted; nothing where none is near."""
    text = json.dumps(
        given[0] if isinstance(given, list) and len(given) == 1 else given, ensure_ascii=False, default=str
    )
    if wanted == "array":
        return f"[{text}]" if isinstance(given, str) else ""
    if wanted == "str":
        return text if text.startswith('"') else json.dumps(text)
    if isinstance(given, str) and wanted == "int":
        return given.strip() if given.strip().isdecimal() else ""
    if isinstance(given, str) and wanted == "bool":
        return given.strip().lower() if given.strip().lower() in ("true", "false") else ""
    return ""


def read_config(path: Path) -> Config:
    """Read podium.toml. Raises ConfigError naming file, key and remedy."""
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        message = f"there is no {path}"
        raise ConfigError(message, hint=f"{INIT} writes one; --config names another") from err
    except OSError as err:
        message = f"{path} cannot be read: {err.strerror}"
        raise ConfigError(message, hint="--config names a file that this user may read") from err
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        message = f"{path} cannot be read: {err}"
        raise ConfigError(message, hint="https://toml.io describes the format") from err
    _check_keys(value, Config, path, "")
    try:
        return msgspec.convert(value, Config)
    except msgspec.ValidationError as err:
        message = f"{path}: {err}"
        raise ConfigError(message, hint=_remedy(value, str(err))) from err
