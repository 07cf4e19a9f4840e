"""Whatever is wrong ends in one sentence that says what, where and what to do, with the exit code of its class."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.command import CHECKPOINT, tree

if TYPE_CHECKING:
    from tests.acceptance.command import Podium, Said

pytestmark = pytest.mark.world
RUN = ("run", "--tag", "v1", "--tasks", "demo-sh", "--limit", "1")


def _check(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said.err
    assert "Traceback" not in said.err
    lines = [line for line in said.err.splitlines() if line.startswith("podium: error: ")]
    assert len(lines) == 1, said.err
    assert "what to do: " in said.err
    assert said.out == ""
    for word in words:
        assert word in said.err


def _edit_config(podium: Podium, old: str, new: str) -> None:
    podium.write_config()
    path = podium.folder / "podium.toml"
    path.write_text(path.read_text().replace(old, new))


def test_no_configuration(podium: Podium) -> None:
    _check(podium(*RUN), 2, "podium.toml", "podium init")


def test_wrong_configuration_key(podium: Podium) -> None:
    _edit_config(podium, "n_samples", "n_sample")
    _check(podium(*RUN), 2, "evaluation.n_sample", "did you mean 'n_samples'?")


def test_neither_tag_nor_checkpoint(podium: Podium) -> None:
    podium.write_config()
    _check(podium("run"), 2, "--tag", "--checkpoint")


def test_missing_checkpoint(podium: Podium) -> None:
    _edit_config(podium, str(CHECKPOINT), "checkpoints/{tag}")
    _check(podium(*RUN), 4, "checkpoints/v1", "--checkpoint")
    assert not (podium.folder / "runs").exists()


@pytest.mark.parametrize("damage", ["empty", "junk", "cut"])
def test_unreadable_safetensors(podium: Podium, damage: str) -> None:
    folder = podium.folder / "checkpoint"
    shutil.copytree(CHECKPOINT, folder)
    data = (folder / "model.safetensors").read_bytes()
    wrong = {"empty": b"", "junk": b"junk" * 100, "cut": data[: len(data) // 2]}[damage]
    (folder / "model.safetensors").write_bytes(wrong)
    _check(podium("convert", folder, "-o", "model"), 4, "model.safetensors", "again")
    assert set(tree(podium.folder)) == {f"checkpoint/{name}" for name in tree(CHECKPOINT)}


def test_unknown_task(podium: Podium) -> None:
    podium.write_config()
    _check(podium("run", "--tag", "v1", "--tasks", "demo-sch"), 2, "demo-sch", "did you mean 'demo-sh'?")


def test_unknown_backend(podium: Podium) -> None:
    podium.write_config()
    said = podium("generate", "model", "--task", "demo-sh", "-o", "run", "--backend", "transformer")
    _check(said, 2, "did you mean 'transformers'?")


def test_missing_data_file(podium: Podium) -> None:
    podium.write_config()
    said = podium("run", "--tag", "v1", "--tasks", "humaneval", "--data-dir", "nowhere")
    _check(said, 5, "nowhere/humaneval/HumanEval.jsonl.gz", "--data-dir")


def test_truncated_data_file(podium: Podium) -> None:
    podium.write_config()
    path = podium.folder / "data" / "humaneval" / "HumanEval.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b'{"task_id": "HumanEval/0"}\n' * 50)[:-9])
    said = podium("run", "--tag", "v1", "--tasks", "humaneval", PODIUM_DATA="data")
    _check(said, 5, "HumanEval.jsonl.gz", "truncated")


@pytest.mark.slow  # the client tries for a while before it gives up
def test_hub_out_of_reach(podium: Podium) -> None:
    podium.write_config()
    # Port 9 of this machine: nobody answers there.
    said = podium("run", "--tag", "v1", "--tasks", "humaneval", HF_ENDPOINT="http://127.0.0.1:9")
    _check(said, 5, "openai/openai_humaneval", "--data-dir")


def test_records_of_an_unfinished_run_cannot_be_reported(podium: Podium) -> None:
    _check(podium("report", podium.folder), 8, "plan.json")


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', "[]", "\x00"])
def test_broken_generations(podium: Podium, text: str) -> None:
    (podium.folder / "g.json").write_text(text)
    _check(podium("execute", "g.json", "--task", "demo-sh", "-o", "v.jsonl"), 8)
    assert not (podium.folder / "v.jsonl").exists()


def test_broken_verdicts(podium: Podium) -> None:
    (podium.folder / "v.jsonl").write_text("{}\n")
    _check(podium("score", "v.jsonl", "-o", "m.json"), 8, "v.jsonl")
    assert not (podium.folder / "m.json").exists()


@pytest.mark.slow
class TestSending:
    """What goes wrong between a finished run and the boards."""

    @pytest.fixture
    def run(self, podium: Podium) -> Path:
        podium.write_config()
        _edit: Any = podium.folder / "podium.toml"
        _edit.write_text(_edit.read_text().replace("n_samples = 3", ""))
        said = podium("run", "--tag", "v1")
        assert said.code == 0, said.err
        return podium.folder / "runs" / "v1"

    def test_every_failure_before_sending_is_one_sentence(self, podium: Podium, run: Path) -> None:
        _check(podium("submit", run), 10, "PODIUM_FORK_TOKEN")
        down: dict[str, str] = {"PODIUM_FORK_TOKEN": "planted-secret", "GITHUB_API_URL": "http://127.0.0.1:9/api/v3"}
        _check(podium("publish", run, PODIUM_FORK_TOKEN="x", HF_TOKEN="x"), 9, "podium standin")
        near = {**down, "HF_TOKEN": "x", "HF_ENDPOINT": "http://127.0.0.1:9"}
        _check(podium("publish", run, **near), 12, "podium submit")
        said = podium("submit", run, **down)
        _check(said, 11, "127.0.0.1:9")
        assert "planted-secret" not in said.err + said.out
        assert not (run / "submit.json").exists()
        grouped = next((run / "submission").rglob("Acme_Small_ada.json"))
        grouped.write_text(grouped.read_text().replace("0.", "0.9", 1))
        _check(podium("submit", run, **down), 8, "Acme_Small_ada.json")
