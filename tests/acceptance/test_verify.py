"""`podium verify` through the command line: real programs and sandbox; killed it goes on; pull requests are fetched."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.unit.verify.submissions import (
    FOLDER,
    MODEL,
    PROFILE,
    generations,
    pass_at,
    true_submission,
    write_submission,
)

from podium.boards.hub.repository import Hub
from podium.hub import build_hub
from podium.records import Verification, decode
from podium.standin.server import Standin
from podium.standin.world import BOT, LEADERBOARD, default_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.command import Podium, Said

pytestmark = pytest.mark.world
TASKS = "demo-sh,demo-pl"


@pytest.fixture
def folder(podium: Podium) -> Path:
    return true_submission(podium.folder / "community_results" / FOLDER)


def last(said: Said) -> str:
    return said.out.splitlines()[-1]


def score(folder: Path, task: str, **scores: float) -> None:
    """Forge scores in both files."""
    grouped = json.loads((folder / f"{FOLDER}.json").read_text())
    for result in grouped["results"]:
        if result["task"] == task:
            result["pass@1"] = scores["one"]
    (folder / f"{FOLDER}.json").write_text(json.dumps(grouped))
    path = folder / f"metrics_{MODEL}" / f"metrics_{task}_{MODEL}.json"
    metrics = json.loads(path.read_text())
    metrics[task] = {"pass@1": scores["one"], "pass@10": scores.get("ten", metrics[task]["pass@10"])}
    path.write_text(json.dumps(metrics))


@pytest.mark.slow
def test_a_true_submission_is_verified_whole_and_in_part_and_a_forged_one_refuted(podium: Podium, folder: Path) -> None:
    said = podium("verify", folder, "--fraction", "1", "--tasks", TASKS, "--json")
    assert said.code == 0, said.err
    record = decode(said.out.encode(), Verification, "stdout")
    assert record.conclusion == "verified"
    assert [(task.task, task.executed, task.difference) for task in record.tasks] == [
        ("demo-pl", 160, 0.0), ("demo-sh", 160, 0.0),
    ]  # fmt: skip
    assert "bash" in record.tasks[1].toolchain
    work = podium.folder / "podium-verify" / FOLDER
    assert decode((work / "verification.json").read_bytes(), Verification, "file") == record
    assert podium("validate", work / "verification.json").code == 0
    said = podium("verify", folder, "--tasks", TASKS, "--seed", "5")
    assert said.code == 0
    assert last(said).startswith("verified: ")
    assert last(said).endswith("origin of generations unchecked")
    score(folder, "demo-sh", one=0.9375, ten=1.0)
    said = podium("verify", folder, "--tasks", TASKS)
    assert said.code == 1
    assert last(said).startswith("refuted: demo-sh: ")


def test_what_no_execution_is_needed_for_is_refuted_at_once(podium: Podium, folder: Path) -> None:
    score(folder, "demo-sh", one=0.3333)
    said = podium("verify", folder, "--tasks", "demo-sh")
    assert said.code == 1
    assert "0.3333 of 160 programs is no whole number" in last(said)


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_with_the_same_part(podium: Podium, folder: Path) -> None:
    verdicts = podium.folder / "podium-verify" / FOLDER / "verdicts"
    begun = verdicts.parent / "begun.json"

    def is_at_work() -> bool:
        return any(len(path.read_bytes().splitlines()) > 5 for path in verdicts.glob("demo-pl.*.jsonl"))

    killed = podium.kill_when(is_at_work, "verify", folder, "--fraction", "1", "--tasks", TASKS)
    if killed:
        seed = json.loads(begun.read_text())["seed"]
    said = podium("verify", folder, "--fraction", "1", "--tasks", TASKS, "--json")
    assert said.code == 0
    record = decode(said.out.encode(), Verification, "stdout")
    if killed:
        assert record.seed == seed
    assert not begun.exists(), "the next verification draws another part"
    assert podium("verify", folder, "--tasks", "demo-sh", "--json").out != said.out


def test_wrong_calls_say_what_to_do(podium: Podium, folder: Path) -> None:
    (podium.folder / "empty").mkdir()
    cases = {
        ("verify", "no-such-folder"): "discussions/N",
        ("verify", "7"): "--fork OWNER/NAME",
        ("verify", "https://example.org/a/b/pull/1"): "pull/N",
        ("verify", str(folder), "--redraw", "3"): "--model DIR --redraw",
        ("verify", str(folder), "--fraction", "2"): "--fraction 1",
        ("verify", str(folder), "--tasks", "demo-bash"): "demo-sh",
        ("verify", str(podium.folder / "empty")): "grouped JSON",
    }
    for words, remedy in cases.items():
        said = podium(*words)
        assert said.code == 2, (words, said.err)
        assert remedy in said.err, (words, said.err)


def test_a_task_without_data_or_tool_chain_is_told_with_the_remedy(podium: Podium, folder: Path) -> None:
    source, target = (f"generations_{MODEL}/generations_{task}_{MODEL}.json" for task in ("demo-sh", "multiple-cobol"))
    shutil.copy(folder / source, folder / target)
    said = podium("verify", folder, "--tasks", "multiple-cobol")
    assert said.code == 3
    assert last(said).startswith("undecided: ")
    assert podium("verify", folder, "--tasks", "multiple-cobol", "--lenient").code == 0


@pytest.mark.slow
def test_a_pull_request_of_the_space_is_verified_by_its_address(podium: Podium, tmp_path: Path) -> None:
    folder = true_submission(tmp_path / "elsewhere" / FOLDER)
    with Standin(tmp_path / "state", default_world()) as standin:
        environment = {"HF_ENDPOINT": standin.hub_url, "HF_TOKEN": BOT.token}
        files = {
            f"community_results/{FOLDER}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in folder.rglob("*.json")
        }
        Hub(build_hub(environment), LEADERBOARD, "space").open_proposal(dict(files), "Offer", "")
        address = f"{standin.hub_url}/spaces/{LEADERBOARD}/discussions/1"
        said = podium("verify", address, "--tasks", "demo-sh", HF_ENDPOINT=standin.hub_url)
    assert said.code == 0, said.err
    assert last(said).startswith("verified: ")


@pytest.mark.slow
def test_samples_are_drawn_again_and_pasted_solutions_refuted(podium: Podium, tmp_path: Path) -> None:
    from tests.acceptance.command import CHECKPOINT

    assert podium("convert", CHECKPOINT, "-o", "model", "--dtype", "float32").code == 0
    said = podium(
        "generate",
        "model",
        "--task",
        "demo-sh",
        "-o",
        "run",
        "--name",
        MODEL,
        "--n-samples",
        "20",
        "--dtype",
        "float32",
    )
    assert said.code == 0, said.err
    assert podium("execute", said.out.strip(), "--task", "demo-sh", "-o", "v.jsonl").code == 0
    assert podium("score", "v.jsonl", "-o", "m.json").code == 0
    texts, counts = generations()
    scores = {task: pass_at(counts[task], PROFILE.sampling.n_samples) for task in ("demo-sh",)}
    drawn = {"demo-sh": json.loads((podium.folder / said.out.strip()).read_text())}
    told = json.loads((podium.folder / "m.json").read_text())
    for name, rows, score in (
        ("own", drawn, told["demo-sh"]),
        ("pasted", {"demo-sh": texts["demo-sh"]}, scores["demo-sh"]),
    ):
        folder = write_submission(tmp_path / name / FOLDER, rows, {"demo-sh": score})
        path = folder / f"metrics_{MODEL}/metrics_demo-sh_{MODEL}.json"
        value = json.loads(path.read_text())
        value["config"] |= {"precision": "float32", "mode": "parity", "seed": 0, "backend": "native"}
        path.write_text(json.dumps(value))
        said = podium("verify", folder, "--work", f"work-{name}", "--model", "model", "--redraw", "12")
        if name == "own":
            assert said.code == 0, said.err
            assert "origin" not in last(said)
            assert "12 of 12 texts are the same" in said.out
        else:
            assert said.code == 1, said.out
            assert "do not come from this model" in last(said)
            said = podium("verify", folder, "--work", f"work-{name}")
            assert said.code == 0
            assert last(said).endswith("origin of generations unchecked")
