"""A refused conversion names what works in the command at hand: following it makes that very command succeed."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import CHECKPOINT, DEMO_CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.command import Podium

pytestmark = [pytest.mark.world, pytest.mark.slow]
RUN = ("run", "--tag", "v1", "--tasks", "demo-sh", "--limit", "2", "--n-samples", "1")


@pytest.fixture
def undecided(podium: Podium) -> Path:
    """The demo's checkpoint without its golden logits: its rotary pairing is open."""
    folder = podium.folder / "checkpoint"
    shutil.copytree(CHECKPOINT, folder)
    (folder / "golden.npz").unlink()
    (podium.folder / "podium.toml").write_text(DEMO_CONFIG.format(checkpoint=folder))
    return folder


def _released(podium: Podium) -> Path:
    """The demo's model as a stock Hugging Face directory."""
    assert podium("convert", CHECKPOINT, "-o", "released", "--dtype", "float32").code == 0
    return podium.folder / "released"


def test_convert_goes_on_with_the_flag_that_it_named(podium: Podium, undecided: Path) -> None:
    refused = podium("convert", undecided, "-o", "model")
    assert refused.code == 4
    flag = re.search(r"(--assume) (\S+),", refused.err)
    assert flag is not None, refused.err
    assert podium("convert", undecided, "-o", "model", *flag.groups()).code == 0


def test_a_job_of_a_workflow_is_told_the_key_that_reaches_it(podium: Podium, undecided: Path) -> None:
    refused = podium("convert", undecided, "-o", "model", GITHUB_ACTIONS="true")
    assert 'assume = "pairing=' in refused.err
    assert "under [model] in podium.toml" in refused.err


@pytest.mark.parametrize("remedy", ["assume", "golden"])
def test_run_goes_on_with_the_key_or_the_file_that_it_named(podium: Podium, undecided: Path, remedy: str) -> None:
    refused = podium(*RUN)
    assert refused.code == 4, refused.err
    assert "--assume" not in refused.err
    assert "--golden" not in refused.err
    if remedy == "assume":
        line = re.search(r'assume = "[^"]+"', refused.err)
        assert line is not None, refused.err
        config = podium.folder / "podium.toml"
        config.write_text(config.read_text().replace("[evaluation]", f"{line.group()}\n\n[evaluation]"))
    else:
        assert "golden.npz beside the weights" in refused.err
        assert podium("golden", _released(podium), "-o", undecided / "golden.npz").code == 0
    again = podium(*RUN)
    assert again.code == 0, again.err


def test_plan_and_run_tell_where_an_assumption_stands(podium: Podium, undecided: Path) -> None:
    config = podium.folder / "podium.toml"
    config.write_text(config.read_text().replace("[evaluation]", 'assume = "pairing=spilt"\n\n[evaluation]'))
    for command in (("plan", "--tag", "v1"), RUN):
        refused = podium(*command)
        assert refused.code == 2
        assert "did you mean split" in refused.err or "split" in refused.err
        assert "--assume" not in refused.err
        assert "assume takes" in refused.err


def test_a_stock_hugging_face_directory_runs_as_it_is(podium: Podium) -> None:
    """Its scores leave the pairing open; its format does not."""
    (podium.folder / "podium.toml").write_text(DEMO_CONFIG.format(checkpoint=_released(podium)))
    said = podium(*RUN)
    assert said.code == 0, said.err
    verdict = json.loads((podium.folder / "runs" / "v1" / "model.json").read_text())["verdict"]
    assert (verdict["hypothesis"]["pairing"], verdict["decided_by"]) == ("split", "format")
