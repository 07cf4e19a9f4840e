"""Every outward call of submit and publish, disturbed in every way, then run again: one pull request, as it should be.

The calls are the ones the stand-in saw in an undisturbed run, so a call added tomorrow is in the matrix tomorrow.
"""

from __future__ import annotations

import os
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from huggingface_hub.utils.tqdm import disable_progress_bars
from tests.unit.boards.conftest import stage_world
from tests.unit.boards.crashes import (
    BRANCH,
    DEATHS,
    FAULTS,
    Look,
    Place,
    Wire,
    attempt,
    cases,
    disturb,
    heal,
    positions,
)
from tests.unit.boards.runs import write_run

from podium.boards.hub.eval_results import EvalResultsBoard
from podium.boards.seam import Clients, Targets
from podium.github import build_github
from podium.hub import build_hub
from podium.records import Receipt, read_record
from podium.standin.world import FORK
from podium.submission.package import pack

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.world

ALL = (*DEATHS, *FAULTS)
NO_CLIENTS = Clients(github=lambda: build_github({}), hub=lambda _: build_hub({}))
# Which stage runs, what is there before it, and whether it takes back.
SCENARIOS = {
    "submit creates": ("submit", "", False),
    "submit updates": ("submit", "submitted", False),
    "submit supersedes": ("submit", "elsewhere", False),
    "submit withdraws": ("submit", "submitted", True),
    "publish creates": ("publish", "approved", False),
    "publish updates": ("publish", "published", False),
    "publish withdraws": ("publish", "published", True),
    "eval results are created": ("eval-results", "approved", False),
    "eval results are updated": ("eval-results", "told", False),
    "eval results are withdrawn": ("eval-results", "told", True),
}


class Scene(NamedTuple):
    """A prepared world and the stage that is disturbed in it."""

    name: str
    stage: str
    closes: bool
    prepared: Path
    run_dir: Path
    calls: list[int]


def prepare(name: str, folder: Path) -> tuple[Path, Path]:
    """Bring a stand-in to where the scenario begins; returns its state and the run directory."""
    _, before, _ = SCENARIOS[name]
    place, run_dir = Place(folder / "prepared", stage_world()), folder / "run"
    if before:
        write_run(run_dir)
        receipt = place.run("submit", run_dir)
        if before in {"approved", "published", "told"}:
            place.approve(receipt.number)
        if before in {"published", "told"}:
            place.run("publish" if before == "published" else "eval-results", run_dir)
            write_run(run_dir, text="second", tag="v2")
            place.approve(place.run("submit", run_dir).number)
        if before == "elsewhere":
            move_elsewhere(place)
    if before not in {"approved", "published", "told"}:
        write_run(run_dir, text="second", tag="v2")
    place.stop()
    return folder / "prepared", run_dir


def move_elsewhere(place: Place) -> None:
    """The open pull request comes from a branch that podium does not use any more."""
    store = place.standin.store
    repository = store.state.repositories[FORK]
    pull = repository.pulls[0]
    git = store.git(repository)
    git.set_ref("refs/heads/podium/earlier", pull.head_sha)
    git.delete_ref(f"refs/heads/{BRANCH}")
    pull.head = "podium/earlier"
    store.save()


def open_scene(name: str, folder: Path) -> Scene:
    """Prepare, run once undisturbed, and count the calls."""
    stage, _, closes = SCENARIOS[name]
    prepared, run_dir = prepare(name, folder)
    place = Place(folder / "counted", stage_world(), prepared)
    place.run(stage, run_dir, closes=closes)
    calls = positions(place.standin.requests)
    place.stop()
    return Scene(name, stage, closes, prepared, run_dir, calls)


def expected_outcome(scene: Scene, before: Look, after_first: Look) -> str:
    """The right word for the run after the disturbance, from what that left."""
    if scene.closes:
        return "closed" if after_first.open_numbers or after_first.branches != closed_branches(scene) else "unchanged"
    content = wanted_of(scene)
    if not [number for number in after_first.open_numbers if is_ours(scene, before, number)]:
        return "created"
    is_done = after_first.files == content.blobs and after_first.text.strip() == content.text.strip()
    return "unchanged" if is_done and len(after_first.open_numbers) == 1 else "updated"


class Wanted(NamedTuple):
    """What is to stand on the board in the end."""

    title: str
    text: str
    blobs: Mapping[str, str]


def wanted_of(scene: Scene) -> Wanted:
    package = pack(scene.run_dir)
    if scene.stage != "eval-results":
        return Wanted(package.submission.title, package.text, package.blobs())
    evidence = read_record(scene.run_dir / "submit.json", Receipt).url
    content = EvalResultsBoard(Targets(fork=FORK), NO_CLIENTS).content(package, evidence)
    return Wanted(content.title, content.text, content.blobs)


def is_ours(scene: Scene, before: Look, number: int) -> bool:
    return scene.name != "submit supersedes" or number not in before.numbers


def closed_branches(scene: Scene) -> list[str]:
    return ["main"] if scene.stage == "submit" else ["refs/heads/main", "refs/pr/1"]


def check_case(scene: Scene, folder: Path, wire: Wire, at: int, fault: str) -> list[str]:
    """Disturb, run again, and return what is not as it must be."""
    place = Place(folder / "case", stage_world(), scene.prepared)
    try:
        before = place.look(scene.stage)
        disturb(place, wire, at, fault)
        first = attempt(place, scene.stage, scene.run_dir, closes=scene.closes)
        heal(place, wire)
        between = place.look(scene.stage)
        wanted = expected_outcome(scene, before, between)
        second = attempt(place, scene.stage, scene.run_dir, closes=scene.closes)
        faults = faults_of(scene, place.look(scene.stage), before)
        if second is None or second.outcome != wanted:
            faults.append(f"the second run says {second.outcome if second else 'failed'}, not {wanted}")
        if first is not None and wanted not in {"unchanged"}:
            faults.append(f"the first run said {first.outcome}, but left work for the second")
        return [f"{scene.name}: call {at}, {fault}: {text}" for text in faults]
    finally:
        heal(place, wire)
        place.stop()


def faults_of(scene: Scene, look: Look, before: Look) -> list[str]:
    """What the board shows that it must not."""
    wanted, faults = wanted_of(scene), []
    if scene.closes:
        if look.open_numbers:
            faults.append(f"{look.open_numbers} still open")
        if look.branches != closed_branches(scene):
            faults.append(f"branches {look.branches}")
        return faults
    if len(look.open_numbers) != 1:
        faults.append(f"open pull requests {look.open_numbers}")
    new = set(look.numbers) - set(before.numbers)
    if len(new) > (0 if before.open_numbers and scene.name != "submit supersedes" else 1):
        faults.append(f"opened {sorted(new)}")
    if look.files != wanted.blobs:
        faults.append("the tree is not the submission")
    if (look.title, look.text.strip()) != (wanted.title, wanted.text.strip()):
        faults.append("title or text are not the submission's")
    stray = set(look.branches) - {"main", BRANCH, "podium/earlier", "refs/heads/main", "refs/pr/1"}
    if stray:
        faults.append(f"stray branches {sorted(stray)}")
    return faults


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    disable_progress_bars()
    monkeypatch.setattr(time, "sleep", lambda _: None)
    # No power is cut here: only the order of writes matters.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    # No certificate is looked at on loopback, and each case's new client would read them all.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    return Wire(monkeypatch)


def run_matrix(name: str, folder: Path, wire: Wire, step: int) -> tuple[int, list[str]]:
    scene = open_scene(name, folder)
    chosen = list(cases(scene.calls, ALL, step))
    failures = [text for at, fault in chosen for text in check_case(scene, folder, wire, at, fault)]
    return len(chosen), failures


@pytest.mark.parametrize("name", SCENARIOS)
def test_any_disturbance_is_healed_by_the_next_run(name: str, tmp_path: Path, wire: Wire) -> None:
    count, failures = run_matrix(name, tmp_path, wire, step=13)
    assert count >= 1
    assert failures == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_with_every_disturbance_is_healed(
    name: str, tmp_path: Path, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    count, failures = run_matrix(name, tmp_path, wire, step=1)
    with capsys.disabled():
        print(f"\ncrash matrix, {name}: {count} cases")
    assert failures == []
