"""podium with a quick conversion and a quick backend: real commands, stages, sandbox and files, no model.

As a program it is `podium` in the folder it is called in; the variable QUICK_WORLD says what it finds there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from podium import convert
from podium.__main__ import main
from podium.files import sha256_bytes, write_atomic
from podium.records import Check, Model, Sample, read_record, write_record
from podium.report.document import Plot
from podium.report.plots import PLOTS

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from podium.generate.backends.seam import Wanted
    from podium.records import Sampling
    from podium.tasks import Task

ROOT = Path(__file__).resolve().parents[2]
CHECKPOINTS = ("one", "two")
LATER = 99
EXAMPLE = ROOT / "tests" / "examples" / "model" / "valid" / "example.json"
CONFIG = """
[model]
org = "Acme"
model = "{model}"
user = "ada"
checkpoint = "{checkpoint}"
dtype = "{dtype}"
{more}
[evaluation]
profile = "{profile}"
n_samples = 2

[submit]
fork = "acme/leaderboard"

[publish]
space = "acme/leaderboard"
"""

BASE = """
base = "checkpoints/{base}"
base_sha256 = "{sha256}"
"""


class World(NamedTuple):
    """What a command finds: podium.toml, the checkpoint, and which podium it is."""

    dtype: str = "float32"
    checkpoint: str = "one"
    is_later: bool = False
    has_later_data: bool = False
    has_later_libraries: bool = False
    profile: str = "demo"
    model: str = "Small"
    base: str = ""


class QuickBackend:
    """Texts that follow from model and address, one sample a batch."""

    draws_single_samples = True

    def __init__(self, model_dir: Path, world: World) -> None:
        self._model, self._world = sha256_bytes((model_dir / "config.json").read_bytes())[:8], world

    def versions(self) -> dict[str, str]:
        return {"quick": "2" if self._world.has_later_libraries else "1"}

    def stop_words(self, task: Task) -> list[str]:
        return task.stop

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        return []

    def facts(self) -> str:
        return ""

    def tokens_drawn(self) -> int:
        return 0

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        for one in wanted:
            for index in one.indexes:
                text = f"{one.problem.prompt}\n# {self._model} {sampling.seed} {index}"
                yield [Sample(problem=one.problem.id, index=index, generation=text, tokens=1, finish="stop")]


def quick_convert(options: convert.ConvertOptions, report: object, prompts: object = ()) -> Model:
    """What conversion leaves on disk, in its order, without a model in it."""
    with convert._folder_in_the_making(options.output) as folder:
        content = [options.dtype, (options.checkpoint / "weights").read_text(), str(convert.REVISION)]
        write_atomic(folder / "config.json", "\n".join(content).encode())
        files = convert.digest_folder(folder)
    checkpoint = convert.digest_checkpoint(options.checkpoint)
    template = read_record(EXAMPLE, Model)
    base = convert.digest_checkpoint(options.base.checkpoint) if options.base else []
    layout = "peft over entrenar-flat" if base else "entrenar-flat"
    record = msgspec.structs.replace(
        template, checkpoint=checkpoint, base=base, files=files, dtype=options.dtype, layout=layout
    )
    write_record(convert.record_path(options.output), record)
    return record


def quick_self_test(*arguments: object) -> list[Check]:
    """A machine that is sound, before and (when a fourth argument says so) after."""
    return [Check(name="".join(["right answer", *map(str, arguments[3:])]), ok=True, saw="passed")]


def enter(world: World, folder: Path) -> None:
    """Make this process one that lives in `world`. It is never left."""
    os.chdir(folder)
    for name in CHECKPOINTS:
        (folder / "checkpoints" / name).mkdir(parents=True, exist_ok=True)
        (folder / "checkpoints" / name / "weights").write_text(name)
    config = CONFIG.format(
        checkpoint=folder / "checkpoints" / world.checkpoint,
        dtype=world.dtype,
        profile=world.profile,
        model=world.model,
        more=f'base = "checkpoints/{world.base}"\nbase_sha256 = "{sha256_bytes(world.base.encode())}"\n'
        * bool(world.base),
    )
    Path("podium.toml").write_text(config)
    patch = pytest.MonkeyPatch()
    patch.setattr("podium.convert.convert", quick_convert)
    patch.setattr("podium.plan._count_parameters", lambda _: 1)
    patch.setattr("podium.execute.self_test", quick_self_test)
    patch.setitem(PLOTS, "scores", lambda _: Plot(png=b"\x89PNG", alt="pass@1"))
    for command in ("run", "generate"):
        name = f"podium.cli.{command}.build_backend"
        patch.setattr(name, lambda _, model_dir, *__, **___: QuickBackend(model_dir, world))
    if world.is_later:
        for stage in ("convert", "generate", "execute"):
            patch.setattr(f"podium.{stage}.REVISION", LATER)
        patch.setattr("podium.plan.__version__", "99.0.0")
    if world.has_later_data:
        patch.setattr("podium.tasks.FILE_SEPARATOR", "<later>")


if __name__ == "__main__":
    enter(World(**json.loads(os.environ.get("QUICK_WORLD", "{}"))), Path.cwd())
    main()
