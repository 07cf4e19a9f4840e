"""podium run over texts that somebody else drew: one generations file a task, in a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import CHECKPOINT, DEMO_CONFIG

from podium.tasks import load_task

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.command import Podium

pytestmark = pytest.mark.world
RUN = ("run", "--tag", "v1", "--tasks", "demo-sh", "--n-samples", "2")


def write_config(podium: Podium, backend: str) -> None:
    text = DEMO_CONFIG.format(checkpoint=CHECKPOINT).replace("[evaluation]", f'[evaluation]\nbackend = "{backend}"')
    (podium.folder / "podium.toml").write_text(text)


def write_texts(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    rows = [[f"{problem.prompt}\n{text}"] * 2 for problem in load_task("demo-sh", None).problems]
    (folder / name).write_text(json.dumps(rows))


def test_the_texts_of_a_folder_are_scored_and_a_changed_file_is_other_work(podium: Podium) -> None:
    write_config(podium, "replay")
    write_texts(podium.folder / "made", "generations_demo-sh.json", "  :")
    first = podium(*RUN, "--generations", "made")
    assert first.code == 0, first.err
    samples = (podium.folder / "runs" / "v1" / "samples" / "demo-sh.1-of-1.jsonl").read_text()
    assert json.loads(samples.splitlines()[1])["generation"].endswith("\n  :")
    again = podium(*RUN, "--generations", "made")
    assert (again.code, "nothing to do" in again.err) == (0, True)
    write_texts(podium.folder / "made", "generations_demo-sh.json", "  true")
    changed = podium(*RUN, "--generations", "made")
    assert (changed.code, "--discard" in changed.err) == (24, True)
    assert podium(*RUN, "--generations", "made", "--discard").code == 0


def test_what_is_missing_is_told_before_anything_is_made(podium: Podium) -> None:
    write_config(podium, "replay")
    none = podium(*RUN)
    assert (none.code, "podium run --tag v1" in none.err, "--generations" in none.err) == (2, True, True)
    (podium.folder / "made").mkdir()
    empty = podium(*RUN, "--generations", "made")
    assert (empty.code, "made holds no file of demo-sh" in empty.err) == (2, True)
    write_config(podium, "native")
    other = podium(*RUN, "--generations", "made")
    assert (other.code, 'backend = "replay"' in other.err) == (2, True)
    assert not (podium.folder / "runs").exists()
