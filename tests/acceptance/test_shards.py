"""Shards of one task, drawn apart by processes that may die, become what one job would have drawn, or nothing."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import CHECKPOINT

from podium.convert import ConvertOptions, convert
from podium.errors import IncompleteError
from podium.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.command import Podium

pytestmark = [pytest.mark.world, pytest.mark.slow]
TASK = ("--task", "demo-sh", "--n-samples", "10", "--max-length", "200", "--name", "M")
GENERATIONS = "generations_M/generations_demo-sh_M.json"
SHARDS = [1, 2, 3, 4]
KILLED = 3


@pytest.fixture
def shards(podium: Podium) -> list[Path]:
    """Four folders, as of four machines; the third machine died while it drew, and its job was run again."""
    convert(ConvertOptions(checkpoint=CHECKPOINT, output=podium.folder / "model", dtype="float32"), SilentProgress())
    for number in SHARDS:
        command = ("generate", "model", *TASK, "--shard", f"{number}/4", "-o", f"shard{number}")
        if number == KILLED:
            path = log(podium.folder / f"shard{number}", f"{number}-of-4")
            assert podium.kill_when(partial(has_begun, path), *command)
            assert not (podium.folder / f"shard{number}" / GENERATIONS).exists()
            kept = path.read_bytes()
        said = podium(*command)
        assert said.code == 0, said.err
        if number == KILLED:
            assert path.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1]), "what was drawn before it died stays"
    return [podium.folder / f"shard{number}" for number in SHARDS]


def has_begun(path: Path) -> bool:
    """Whether a sample is in the log already."""
    return path.exists() and path.read_bytes().count(b"\n") > 1


def log(run_dir: Path, part: str) -> Path:
    return run_dir / "samples" / f"demo-sh.{part}.jsonl"


def test_shards_drawn_apart_give_the_bytes_of_one_job_and_gaps_are_refused(podium: Podium, shards: list[Path]) -> None:
    said = podium("generate", "model", *TASK, "-o", "one")
    assert said.code == 0, said.err

    check_gaps(podium, shards)
    said = podium("merge", *reversed(shards), "-o", "whole", "--name", "M")
    assert said.code == 0, said.err

    assert said.out.split() == [f"whole/{GENERATIONS}"]
    assert (podium.folder / "whole" / GENERATIONS).read_bytes() == (podium.folder / "one" / GENERATIONS).read_bytes()
    header, *rows = log(podium.folder / "whole", "1-of-1").read_bytes().splitlines()
    one_header, *one_rows = log(podium.folder / "one", "1-of-1").read_bytes().splitlines()
    assert header == one_header
    assert sorted(rows) == sorted(one_rows)


def check_gaps(podium: Podium, shards: list[Path]) -> None:
    """Shards that are missing and one that lost a sample are refused, with the command that fills the gap."""
    first, second, third, fourth = shards
    remedy = "podium generate --task demo-sh --shard 2/4, then merge again"
    refuse(podium, [first, fourth], "demo-sh lacks shard 2/4, 3/4", remedy)
    torn = podium.folder / "torn"
    shutil.copytree(third, torn)
    path = log(torn, "3-of-4")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    refuse(podium, [first, second, torn, fourth], f"{path} lacks 1 samples", "run generate again; it draws only what")


def refuse(podium: Podium, shards: list[Path], *words: str) -> None:
    said = podium("merge", *shards, "-o", "gap", "--name", "M")
    assert said.code == IncompleteError.exit_code == 8, said.err
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err
    assert not list(podium.folder.glob("gap/*/*")), "nothing half-merged is left"
